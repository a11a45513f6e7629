"""The MQTT channel against Mosquitto (MQTT 5) and nats-server (3.1.1 only), as processes on real sockets."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from monitor.alarms.lifecycle import State, Trigger
from monitor.clock import SystemClock
from monitor.notify import mqtt_notifier
from monitor.notify.mqtt_notifier import MqttNotifier
from monitor.notify.people import Notification
from monitor.notify.row import Status
from tests.monitor.notify.brokers import BrokerKind, BrokerProcess, Observer, retained
from tests.monitor.notify.conftest import Run
from tests.monitor.notify.support import MQTT, MemoryOutbox, Statuses, alarm, definition, notification, step
from tests.patience import eventually

pytestmark = pytest.mark.slow

CLOCK = SystemClock()
STATE = "redline/v1/demo/$state"
ROOT = Path(__file__).resolve().parents[3]

Start = Callable[..., BrokerProcess]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt_notifier, "LOST_PAUSE_S", (0.1, 0.3))


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    brokers = []

    def started(kind: BrokerKind, extra: str = "") -> BrokerProcess:
        broker = BrokerProcess(kind, tmp_path, extra)
        brokers.append(broker)
        broker.start()
        return broker

    yield started
    for broker in brokers:
        broker.stop()


@pytest.fixture(params=["mosquitto", "nats"])
def broker(request: pytest.FixtureRequest, start: Start) -> BrokerProcess:
    return start(request.param)


def to(broker: BrokerProcess) -> Notification:
    return notification(replace(MQTT, port=broker.port))


async def test_every_annunciated_transition_is_an_event_accepted_by_puback(broker: BrokerProcess, run: Run) -> None:
    outbox, statuses = MemoryOutbox(), Statuses()
    with Observer(broker.port) as observer:
        await eventually(lambda: observer._client.is_connected())
        async with run(to(broker), outbox, statuses) as (sender,):
            await eventually(lambda: STATE in {topic for topic, _, _ in observer.heard})
            steps = [step(of=definition(f"LT-{place}.HH")) for place in range(150)]
            outbox.commit(
                [*steps, step(Trigger.ACKNOWLEDGED, definition("LT-0.HH"), transition=2)], to(broker), CLOCK.wall_ns()
            )
            await eventually(lambda: len(outbox.of(Status.ACCEPTED)) == 151)
            await eventually(lambda: len([topic for topic, _, _ in observer.heard if "/event/" in topic]) == 151)
            assert isinstance(sender.notifier, MqttNotifier)
            assert sender.notifier.version == ("5" if broker.kind == "mosquitto" else "3.1.1")
            assert statuses.last.up
    events = [orjson.loads(payload) for topic, payload, _ in observer.heard if "/event/" in topic]
    assert {event["key"] for event in events} == {row.key for row in outbox.rows.values()}
    of_one = [event for event in events if event["id"] == "LT-0.HH"]
    assert [(event["transition"], event["trigger"]) for event in of_one] == [(1, "raised"), (2, "acknowledged")]
    assert not [topic for topic, _, is_retained in observer.heard if "/event/" in topic and is_retained]


async def test_birth_and_clean_stop(broker: BrokerProcess, run: Run) -> None:
    statuses = Statuses()
    async with run(to(broker), MemoryOutbox(), statuses):
        await eventually(lambda: statuses.last.waiting == 0 and statuses.last.up)
        async with asyncio.timeout(30):
            while (await asyncio.to_thread(retained, broker.port)).get(STATE) != b"online":
                pass
    assert (await asyncio.to_thread(retained, broker.port))[STATE] == b"offline"
    with Observer(broker.port) as observer:
        await asyncio.sleep(0.5)
    assert b"lost" not in observer.payloads(STATE)


async def test_killed_it_is_lost_and_its_alarms_stay(broker: BrokerProcess) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.monitor.notify.mqtt_process", str(broker.port), stdout=subprocess.DEVNULL, cwd=ROOT
    )
    try:
        with Observer(broker.port) as observer:
            await eventually(lambda: b"online" in observer.payloads(STATE), within_s=60)
            await eventually(lambda: bool(observer.payloads("redline/v1/demo/alarm/LT-101A.HH")))
            process.kill()
            await process.wait()
            await eventually(lambda: observer.payloads(STATE)[-1] == b"lost")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    left = await asyncio.to_thread(retained, broker.port)
    assert left[STATE] == b"lost"
    assert orjson.loads(left["redline/v1/demo/alarm/LT-101A.HH"])["state"] == "unacknowledged"


async def settled(port: int, wanted: dict[str, str]) -> None:
    """Until the broker retains exactly these alarms (id -> state)."""
    found: dict[str, str] = {}
    try:
        async with asyncio.timeout(40):
            while True:
                topics = await asyncio.to_thread(retained, port, 0.4)
                found = {
                    topic.rsplit("/", 1)[1]: orjson.loads(payload)["state"] if payload.startswith(b"{") else "?"
                    for topic, payload in topics.items()
                    if "/alarm/" in topic
                }
                if found == wanted:
                    return
    except TimeoutError:
        raise AssertionError(f"retained {found}, wanted {wanted}") from None


async def test_the_board_is_retained_orphans_are_cleared_and_a_new_broker_gets_all(
    broker: BrokerProcess, run: Run
) -> None:
    definitions = tuple(definition(id) for id in ("A.H", "B.H", "C.H"))
    a, b, c = definitions
    with Observer(broker.port) as earlier_life:
        await eventually(lambda: earlier_life._client.is_connected())
        for id in ("GONE.HH", "C.H", "A.H"):
            topic = f"redline/v1/demo/alarm/{id}"
            await asyncio.to_thread(earlier_life.publish, topic, b'{"state":"an earlier life"}')
        await asyncio.to_thread(earlier_life.publish, "redline/v1/other/alarm/X.H", b'{"state":"of another plant"}')
    statuses = Statuses()
    async with run(to(broker), MemoryOutbox(), statuses, definitions) as (sender,):
        await eventually(lambda: statuses.last.up and statuses.last.waiting == 0)
        await asyncio.sleep(1.0)
        old = "an earlier life"
        await settled(broker.port, {"GONE.HH": old, "C.H": old, "A.H": old, "X.H": "of another plant"})
        # only the first published scan says what an orphan is
        sender.notifier.publish_board((alarm(a), alarm(b, State.ACKNOWLEDGED), alarm(c, State.NORMAL)))
        await settled(broker.port, {"A.H": "unacknowledged", "B.H": "acknowledged", "X.H": "of another plant"})
        board = (alarm(a, State.NORMAL), alarm(b, State.ACKNOWLEDGED), alarm(c, State.LATCHED_UNACKNOWLEDGED))
        sender.notifier.publish_board(board)
        await settled(broker.port, {"B.H": "acknowledged", "C.H": "latched_unacknowledged", "X.H": "of another plant"})
        broker.stop()
        await eventually(lambda: not statuses.last.up)
        await asyncio.to_thread(broker.start)
        await eventually(lambda: statuses.last.up)
        await settled(broker.port, {"B.H": "acknowledged", "C.H": "latched_unacknowledged"})
        assert (await asyncio.to_thread(retained, broker.port))[STATE] == b"online"


async def test_the_last_will_of_an_older_session_does_not_stand(broker: BrokerProcess, run: Run) -> None:
    statuses = Statuses()
    async with run(to(broker), MemoryOutbox(), statuses):
        await eventually(lambda: statuses.last.up and statuses.last.waiting == 0)
        with Observer(broker.port) as observer:
            await eventually(lambda: b"online" in observer.payloads(STATE))
            await asyncio.to_thread(observer.publish, STATE, b"lost")
            await eventually(lambda: observer.payloads(STATE)[-1] == b"online" and b"lost" in observer.payloads(STATE))


async def test_a_broker_that_falls_silent_is_noticed_within_ten_seconds(broker: BrokerProcess, run: Run) -> None:
    outbox, statuses = MemoryOutbox(), Statuses()
    async with run(to(broker), outbox, statuses):
        await eventually(lambda: statuses.last.up and statuses.last.waiting == 0)
        broker.signal(signal.SIGSTOP)
        try:
            await eventually(lambda: not statuses.last.up, within_s=10.0)
            outbox.commit([step()], to(broker), CLOCK.wall_ns())
            await asyncio.sleep(0.5)
            assert not outbox.of(Status.ACCEPTED)
        finally:
            broker.signal(signal.SIGCONT)
        await eventually(lambda: len(outbox.of(Status.ACCEPTED)) == 1)
        await eventually(lambda: statuses.last.up)


async def test_no_broker_at_start_is_a_channel_down_and_nothing_is_lost(start: Start, run: Run) -> None:
    broker = start("mosquitto")
    broker.stop()
    outbox, statuses = MemoryOutbox(), Statuses()
    async with run(to(broker), outbox, statuses):
        outbox.commit([step()], to(broker), CLOCK.wall_ns())
        await eventually(lambda: not statuses.last.up and statuses.last.waiting == 1)
        assert f"127.0.0.1:{broker.port}" in statuses.last.last_error
        assert outbox.rows[1].attempts == 0, "what cannot be tried is not tried"
        await asyncio.to_thread(broker.start)
        await eventually(lambda: len(outbox.of(Status.ACCEPTED)) == 1)
        await eventually(lambda: statuses.last.up)


async def test_a_refused_puback_is_not_an_acceptance_and_does_not_stop_the_others(
    start: Start, run: Run, tmp_path: Path
) -> None:
    acl = tmp_path / "acl"
    acl.write_text("topic readwrite redline/#\ntopic deny redline/v1/demo/event/B.H\n", encoding="utf-8")
    broker = start("mosquitto", f"acl_file {acl}")
    outbox, statuses = MemoryOutbox(), Statuses()
    async with run(to(broker), outbox, statuses):
        for id in ("A.H", "B.H", "C.H"):
            outbox.commit([step(of=definition(id))], to(broker), CLOCK.wall_ns())
        await eventually(lambda: len(outbox.of(Status.ACCEPTED)) == 2)
        await eventually(lambda: statuses.last.refused)
        assert not statuses.last.up
        assert "0x87" in statuses.last.last_error
        (waiting,) = outbox.of(Status.WAITING)
        assert waiting.id == "B.H"
        assert "0x87" in waiting.last_error
        outbox.commit([step(of=definition("D.H"))], to(broker), CLOCK.wall_ns())
        await eventually(lambda: len(outbox.of(Status.ACCEPTED)) == 3)


async def test_retained_alarms_that_are_refused_show(start: Start, run: Run, tmp_path: Path) -> None:
    acl = tmp_path / "acl"
    acl.write_text("topic readwrite redline/#\ntopic deny redline/v1/demo/alarm/A.H\n", encoding="utf-8")
    broker = start("mosquitto", f"acl_file {acl}")
    of, statuses = definition("A.H"), Statuses()
    async with run(to(broker), MemoryOutbox(), statuses, (of,)) as (sender,):
        sender.notifier.publish_board([alarm(of)])
        await eventually(lambda: statuses.last.refused)
    assert "0x87" in statuses.last.last_error


@pytest.mark.parametrize("anonymous", [True, False])
async def test_refused_credentials_are_a_refusal_and_the_password_is_nowhere(
    start: Start,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    anonymous: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    broker = start("mosquitto", "allow_anonymous false")
    monkeypatch.setenv("REDLINE_TEST_MQTT", "hunter2-hunter2")
    channel = replace(MQTT, port=broker.port)
    if not anonymous:
        channel = replace(channel, username="redline", password_env="REDLINE_TEST_MQTT")
    statuses = Statuses()
    async with run(notification(channel), MemoryOutbox(), statuses):
        await eventually(lambda: statuses.last.refused)
    assert not statuses.last.up
    texts = [record.getMessage() for record in caplog.records] + [status.last_error for status in statuses.told]
    assert not [text for text in texts if "hunter2" in text]


async def test_a_missing_password_says_what_to_set(run: Run) -> None:
    statuses = Statuses()
    async with run(notification(replace(MQTT, password_env="REDLINE_ABSENT")), MemoryOutbox(), statuses):
        await eventually(lambda: statuses.last.refused)
    assert "REDLINE_ABSENT" in statuses.last.last_error
