"""Channels that refuse, keep silent, answer rubbish or are gone: told within 10 s, nothing lost, the right order after."""

import itertools
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from tests.faults.rig import Rig, Row, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

TOLD_WITHIN_S = 10.0
SLACK_S = 5.0
"""For two slow shared cores."""

FURTHER = """
[[channels]]
id = "wecom-{name}"
kind = "wecom_webhook"
url_env = "REDLINE_{name}_URL"
priorities = [1, 2]
"""
OK = b'{"errcode": 0, "errmsg": "ok"}'
REMOVED = b'{"errcode": 93000, "errmsg": "invalid webhook url"}'


class Webhook:
    """A webhook of the test's own: answers what it is told to, keeps what it got."""

    def __init__(self) -> None:
        self.status = 200
        self.body = OK
        self.accepted: list[str] = []
        self.requests = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                text = json.loads(self.rfile.read(int(self.headers["content-length"])))["text"]["content"]
                outer.requests += 1
                status, body = outer.status, outer.body
                if body == OK:
                    outer.accepted.append(text)
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/send?key=other-key"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def removed() -> Iterator[Webhook]:
    running = Webhook()
    yield running
    running.close()


@pytest.fixture
def broken() -> Iterator[Webhook]:
    running = Webhook()
    yield running
    running.close()


def key(rig: Rig, number: int, value: int = 1) -> str:
    """Turn a bypass key (nobody allowed it: priority 1); returns the id of its alarm."""
    rig.fault("set", tag=f"BPS-{number}", value=value)
    return f"SIS-{number}.bypass"


def sis_fault(rig: Rig) -> str:
    """Have the SIS report a fault (priority 2); returns the id of its alarm."""
    rig.fault("show", tag="SIS-1.FAULT", value=1)
    return "SIS-1.FAULT.state"


def marks(texts: list[str]) -> list[str]:
    """`id#occurrence` of every message, in the order of the phones."""
    return [word for text in texts for word in text.split() if "#" in word]


def unsent(rig: Rig) -> list[Row]:
    """Rows whose time has come and that were not accepted."""
    done = ("accepted", "superseded")
    return [row for row in rig.outbox() if row["status"] not in done and row["purpose"] != "repeat"]


def told_of_sis(texts: list[str]) -> list[str]:
    return [mark for mark in marks(texts) if mark.startswith("SIS-")]


def test_three_troubles_at_once_and_each_well_again(rig: Rig, removed: Webhook, broken: Webhook) -> None:
    """HTTP 200 with 45009, HTTP 200 with 93000, HTTP 500: each channel is told, shown, and recovers alone."""
    for name in ("removed", "broken"):
        rig.edit("plant.toml", "\n[history]", FURTHER.format(name=name) + "\n[history]")
    rig.start(environment={"REDLINE_removed_URL": removed.url, "REDLINE_broken_URL": broken.url})
    until("all channels are up", rig.sent)
    rig.wecom(errcode=45009)
    before = len(rig.pushes())
    removed.body = REMOVED
    broken.status, broken.body = 500, b"<html>bad gateway</html>"
    began = time.monotonic()
    lesser, urgent = sis_fault(rig), key(rig, 101)
    for channel in ("wecom-duty", "wecom-removed", "wecom-broken"):
        alarm = rig.wait_for(f"channel.{channel}", "unacknowledged", within_s=TOLD_WITHIN_S + SLACK_S)
        assert alarm["priority"] == 2
    assert time.monotonic() - began < TOLD_WITHIN_S + SLACK_S
    shown = {name: rig.channel(f"wecom-{name}") for name in ("duty", "removed", "broken")}
    assert {name: (channel["up"], channel["refused"]) for name, channel in shown.items()} == {
        "duty": (False, False),
        "removed": (False, True),
        "broken": (False, False),
    }
    for name, reason in (("duty", "45009"), ("removed", "93000"), ("broken", "500")):
        assert reason in shown[name]["last_error"]
        assert shown[name]["waiting"] >= 2
        assert shown[name]["oldest_waiting"]
    assert "-key" not in json.dumps(rig.get("/channels")), "keys are secrets"
    later = key(rig, 102)
    rig.wait_for(later, "unacknowledged")
    rows = [row for row in rig.get("/pushes", id=urgent) if row["purpose"] == "raise"]
    assert {row["status"] for row in rows} <= {"waiting", "in_flight"}, "tried again, accepted by none"
    assert {reason for row in rows for reason in ("45009", "93000", "500") if reason in row["last_error"]}
    assert rig.scanning() is not None
    assert rig.channel("mqtt-plant")["up"], "the fourth channel goes on"
    assert len(rig.pushes()) == before

    order = [f"{urgent}#1", f"{later}#1", f"{lesser}#1"]
    broken.status, broken.body = 200, OK
    until("the broken one has told all", lambda: rig.channel("wecom-broken")["waiting"] == 0)
    assert told_of_sis(broken.accepted)[:3] == order
    rig.wait_for("channel.wecom-broken", "returned_unacknowledged")
    for channel in ("wecom-duty", "wecom-removed"):
        assert rig.state(f"channel.{channel}") == "unacknowledged", "the others are still down"
    assert len(rig.wecom_log()) + removed.requests <= 6, "they wait instead of hammering"
    rig.wecom(errcode=0)
    removed.body = OK
    until("all is told by itself", rig.sent, 120)
    assert told_of_sis([push["text"] for push in rig.pushes()])[:3] == order
    assert told_of_sis(removed.accepted)[:3] == order
    for channel in ("wecom-duty", "wecom-removed"):
        rig.wait_for(f"channel.{channel}", "returned_unacknowledged")
    until("not one row is left", lambda: not unsent(rig))


def test_silence_and_absence(rig: Rig) -> None:
    rig.start()
    until("all channels are up", rig.sent)
    rig.wecom(silent=True)
    began = time.monotonic()
    first = key(rig, 101)
    rig.wait_for("channel.wecom-duty", "unacknowledged", within_s=TOLD_WITHIN_S + SLACK_S)
    assert time.monotonic() - began < TOLD_WITHIN_S + SLACK_S
    assert "no answer" in rig.channel("wecom-duty")["last_error"]
    lesser = sis_fault(rig)
    second = key(rig, 102)
    rig.wait_for(second, "unacknowledged")
    assert rig.acknowledge(first, 1).status_code == 200
    rig.kill_child("wecom")  # and now nobody listens at all
    until("that is seen, too", lambda: "no answer" not in rig.channel("wecom-duty")["last_error"])
    assert not rig.channel("wecom-duty")["up"]
    rig.start_child("wecom")
    until("all is told", rig.sent, 90)
    rig.wait_for("channel.wecom-duty", "returned_unacknowledged")
    got = [mark for mark in marks([push["text"] for push in rig.pushes()]) if mark.startswith("SIS-")]
    assert sorted(set(got)) == sorted([f"{first}#1", f"{second}#1", f"{lesser}#1"])
    assert got.index(f"{first}#1") < got.index(f"{second}#1") < got.index(f"{lesser}#1")


class Subscriber:
    """What somebody outside hears from the broker."""

    def __init__(self, rig: Rig, topic: str) -> None:
        self.heard: list[tuple[str, bytes, bool]] = []
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"test-{time.monotonic_ns()}")
        self.client.on_message = lambda _client, _data, message: self.heard.append(
            (message.topic, bytes(message.payload), bool(message.retain))
        )
        self.client.on_connect = lambda client, *_: client.subscribe(topic, qos=1)
        self.client.connect("127.0.0.1", rig.ports.mqtt)
        self.client.loop_start()
        until("it is connected", self.client.is_connected)

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


def events(outside: Subscriber) -> list[Row]:
    return [json.loads(payload) for topic, payload, _ in outside.heard if "/event/" in topic]


def states(outside: Subscriber) -> list[bytes]:
    return [payload for topic, payload, _ in outside.heard if topic.endswith("/$state")]


def test_a_broker_that_dies_and_returns_loses_no_event(rig: Rig) -> None:
    rig.start()
    until("all channels are up", rig.sent)
    rig.kill_child("nats")
    rig.wait_for("channel.mqtt-plant", "unacknowledged", within_s=TOLD_WITHIN_S + SLACK_S)
    for number, value in itertools.product((101, 102, 103), (1, 0, 1)):
        alarm_id = key(rig, number, value)
        rig.wait_for(alarm_id, *(("unacknowledged",) if value else ("returned_unacknowledged",)))
    assert rig.channel("mqtt-plant")["waiting"] >= 9
    until("the phones were told meanwhile", lambda: len(rig.pushes()) >= 3)
    rig.start_child("nats")
    outside = until("the broker listens", lambda: listener(rig))
    try:
        until("all is told", rig.sent, 90)
        rig.wait_for("channel.mqtt-plant", "returned_unacknowledged")
        wanted = [
            (step["id"], step["occurrence"], step["transition"])
            for step in rig.transitions()
            if step["id"].startswith("SIS-10")
        ]
        assert len(wanted) == 12  # of three keys: raised, returned, and the second time reactivated, raised
        until("every event was heard", lambda: set(wanted) <= heard_keys(outside))
        in_order = [(row["id"], row["occurrence"], row["transition"]) for row in events(outside)]
        for number in (101, 102, 103):
            mine = [place for place in dict.fromkeys(in_order) if place[0] == f"SIS-{number}.bypass"]
            assert mine == sorted(mine, key=lambda place: place[1:]), "the events of one alarm keep their order"
        assert states(outside)[-1] == b"online"
        rig.kill()
        until("the last will says that it is lost", lambda: states(outside)[-1] == b"lost", 60)
        rig.start()
        until("it says that it lives", lambda: states(outside)[-1] == b"online")
        assert rig.stop() == 0
        until("an ordered stop is no loss", lambda: states(outside)[-1] == b"offline")
    finally:
        outside.close()


def listener(rig: Rig) -> Subscriber | None:
    try:
        return Subscriber(rig, "redline/v1/demo/#")
    except OSError:
        return None


def heard_keys(outside: Subscriber) -> set[tuple[str, int, int]]:
    return {(row["id"], row["occurrence"], row["transition"]) for row in events(outside)}


def test_a_hundred_alarms_in_a_second_the_most_urgent_last(rig: Rig) -> None:
    """Every level gauge, flow meter and contact at once; the last is of priority 1: on the phone within 5 s."""
    rig.start()
    until("all channels are up", rig.sent)
    storm = [(f"LT-{tank}{gauge}", 13.0) for tank in (*range(101, 109), *range(201, 205)) for gauge in "AB"]
    storm += [(f"{name}.FAULT", 1.0) for name in ("SIS-1", "P-003A", "P-003B")]
    storm += [(f"GT-{n}", 30.0) for n in (*range(101, 105), *range(201, 207))]
    storm += [(f"FT-{tank}{way}", 195.0) for tank in range(101, 109) for way in "IO"]
    storm += [(f"SIS-{n}.TRIP", 1.0) for n in (*range(101, 109), *range(201, 205), *range(211, 215))]
    storm += [(f"P-{n}.FAULT", 1.0) for n in (*range(101, 109), *range(201, 205))]
    before = len(rig.transitions())
    for tag, value in storm:
        rig.fault("show", tag=tag, value=value)
    began = time.monotonic()
    last = "LSHH-108.state"
    rig.fault("show", tag="LSHH-108", value=1)
    until("the most urgent is on the phone", lambda: f"{last}#1" in marks([push["text"] for push in rig.pushes()]), 30)
    took_s = time.monotonic() - began
    raised = [step for step in rig.transitions()[before:] if step["trigger"] == "raised"]
    until("a hundred were raised", lambda: len(raised_since(rig, before)) >= 100)
    (push,) = [
        row for row in rig.outbox() if row["id"] == last and row["purpose"] == "raise" and "wecom" in row["channel"]
    ]
    assert (push["accepted_wall_ns"] - push["queued_wall_ns"]) / 1e9 < 5.0
    assert took_s < 5.0 + SLACK_S
    assert raised
    assert all(entry["errcode"] == 0 for entry in rig.wecom_log()), "the limit of 20 a minute was kept"
    assert all(len(push["text"].encode()) <= 2048 for push in rig.pushes())
    assert httpx.get(f"{rig.base}/api/v1/health").status_code == 200
    urgent = {f"{step['id']}#{step['occurrence']}" for step in raised_since(rig, before) if step["priority"] <= 2}
    until("every one of priority 1 and 2 was told", lambda: told(rig) >= {*urgent}, 120)


def raised_since(rig: Rig, before: int) -> list[Row]:
    return [step for step in rig.transitions()[before:] if step["trigger"] == "raised"]


def told(rig: Rig) -> set[str]:
    """Alarms whose message was accepted, also inside a digest."""
    return {
        f"{row['id']}#{row['occurrence']}"
        for row in rig.outbox()
        if row["channel"] == "wecom-duty" and row["status"] == "accepted"
    }
