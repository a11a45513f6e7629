"""Shelving over HTTP on the whole chain: silent at once, still shelved after kill -9, announced when it ends."""

import time
from datetime import datetime, timedelta

import pytest

from tests.faults.rig import Rig, Row, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

ALARM = "P-101.FAULT.state"


def shelve(rig: Rig, alarm_id: str, occurrence: int, duration_s: float) -> Row:
    body = {"occurrence": occurrence, "reason": "电机检修", "duration_s": duration_s}
    answer = rig.http.post(f"/alarms/{alarm_id}/shelve", json=body)
    assert answer.status_code == 200, answer.text
    found: Row = answer.json()
    return found


def annunciated(rig: Rig, alarm_id: str) -> list[tuple[str, bool]]:
    return [(step["trigger"], step["annunciated"]) for step in rig.transitions(alarm_id)]


def test_a_shelf_survives_kill_9_and_its_end_is_announced(rig: Rig) -> None:
    began = time.monotonic()
    rig.start()
    shelved_for_s = 10.0 + 3.0 * (time.monotonic() - began)  # long enough for a second start on this machine
    began = time.monotonic()
    shelved = shelve(rig, ALARM, 0, shelved_for_s)
    assert (shelved["state"], shelved["underlying_state"]) == ("shelved", "normal")
    rig.fault("set", tag="P-101.FAULT", value=1)
    rig.wait_for(ALARM, "unacknowledged")
    assert ALARM not in rig.alarms("active")
    assert list(rig.alarms("shelved")) == [ALARM]
    assert [row for row in rig.outbox() if row["id"] == ALARM] == []
    rig.kill()

    rig.start()
    rig.watch()
    found = rig.alarms("shelved")[ALARM]
    assert time.monotonic() - began < shelved_for_s, "this machine is too slow for the test: the shelf is over"
    assert found["suppressions"] == shelved["suppressions"]
    until("the shelf is over", lambda: ALARM in rig.alarms("active"))
    assert annunciated(rig, ALARM) == [("shelved", False), ("raised", False), ("unsuppressed", True)]
    until("the stream told it", lambda: "unsuppressed" in rig.seen.triggers(ALARM))
    (told,) = [event for event in rig.seen.events if event["alarm"]["id"] == ALARM]
    assert (told["occurrence"], told["annunciated"]) == (1, True)
    until("the broker got it", lambda: any(row["id"] == ALARM and row["status"] == "accepted" for row in rig.outbox()))
    (begun, _, ended) = rig.transitions(ALARM)
    assert begun["person_name"]
    assert begun["comment"] == "电机检修"
    assert begun["suppression"]["until_wall_ns"] <= ended["decided_wall_ns"]
    assert rig.acknowledge(ALARM, 1).status_code == 200


def test_out_of_service_and_a_group_over_a_kill(rig: Rig) -> None:
    rig.start()
    rig.log_in("shift", "demo-shift")
    until("the session is the leader's", lambda: rig.get("/session")["role"] == "shift_leader")
    body = {
        "occurrence": 0,
        "reason": "更换变送器",
        "until": "2099-01-01T00:00:00Z",
        "authorised_by": "manager",
        "password": "demo-manager",
        "interim": "每小时人工检尺",
    }
    answer = rig.http.post(f"/alarms/{ALARM}/remove-from-service", json=body)
    assert answer.status_code == 409, "no repair takes that long"
    tomorrow = datetime.fromisoformat(rig.get("/session")["server_time"]) + timedelta(days=1)
    answer = rig.http.post(f"/alarms/{ALARM}/remove-from-service", json={**body, "until": tomorrow.isoformat()})
    assert answer.status_code == 200, answer.text
    removed = next(row["suppression"] for row in rig.transitions(ALARM) if row["trigger"] == "removed_from_service")
    assert removed["authorised_name"]
    assert removed["authorised_name"] != removed["person_name"]
    for tag in ("P-101.FAULT", "P-102.FAULT", "P-103.FAULT"):
        rig.fault("set", tag=tag, value=1)
        rig.wait_for(f"{tag}.state", "unacknowledged")
    names = ["P-102.FAULT.state", "P-103.FAULT.state"]
    asked = {"alarms": [{"id": name, "occurrence": 1} for name in names], "comment": "已派人"}
    answers = rig.http.post("/alarms/acknowledge", json=asked).json()
    assert [item["acknowledged"] for item in answers] == [True, True]
    seqs = [step["journaled_wall_ns"] for name in names for step in rig.transitions(name)[1:]]
    assert len(set(seqs)) == 1, "one commit"
    rig.kill()
    rig.start()
    assert list(rig.alarms("out_of_service")) == [ALARM]
    assert [rig.state(name) for name in names] == ["acknowledged", "acknowledged"]
    answer = rig.http.post(f"/alarms/{ALARM}/return-to-service", json={"comment": "已更换"})
    assert answer.status_code == 403, "an operator may not"
    rig.log_in("shift", "demo-shift")
    answer = rig.http.post(f"/alarms/{ALARM}/return-to-service", json={"comment": "已更换"})
    assert answer.json()["state"] == "unacknowledged"
    assert annunciated(rig, ALARM)[-1] == ("unsuppressed", True)
