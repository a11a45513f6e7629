"""Stopped, killed, started again: nothing is forgotten, nothing is announced twice, a changed plant is told."""

import json
import time
from collections.abc import Iterator

import pytest

from tests.faults.rig import Rig, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

REPEAT_AFTER_S = 10.0


@pytest.fixture
def repeating(rig: Rig) -> Iterator[Rig]:
    """Priority 1 is pushed again after 10 s."""
    rig.edit("plant.toml", "priorities = [1, 2]", f"priorities = [1, 2]\nrepeat_after_s = {REPEAT_AFTER_S}")
    yield rig


def bypass(rig: Rig, number: int, value: int) -> str:
    """Turn a bypass key in the plant; returns the id of its alarm."""
    rig.fault("set", tag=f"BPS-{number}", value=value)
    return f"SIS-{number}.bypass"


def texts(rig: Rig, mark: str) -> list[str]:
    """What the phones got about one occurrence (`id#occurrence`), oldest first."""
    return [push["text"] for push in rig.pushes() if mark in push["text"].split()]


def raises(rig: Rig, mark: str) -> int:
    """How often the phones were told that it was raised."""
    return sum(text.splitlines()[0] == "【一级报警】" for text in texts(rig, mark))


def purposes_of(rig: Rig, mark: str) -> list[str]:
    """Purposes of the accepted WeCom rows of one occurrence."""
    alarm_id, _, occurrence = mark.partition("#")
    return [
        row["purpose"]
        for row in rig.outbox()
        if row["channel"] == "wecom-duty"
        and row["status"] == "accepted"
        and (row["id"], row["occurrence"]) == (alarm_id, int(occurrence))
    ]


def test_an_ordered_stop_and_a_start(repeating: Rig) -> None:
    rig = repeating
    rig.start()
    answered, unanswered, ending = bypass(rig, 101, 1), bypass(rig, 102, 1), bypass(rig, 103, 1)
    for alarm_id in (answered, unanswered, ending):
        rig.wait_for(alarm_id, "unacknowledged")
    for alarm_id in (answered, ending):
        assert rig.acknowledge(alarm_id, 1).status_code == 200
    until("all is told", rig.sent)
    assert raises(rig, f"{answered}#1") == 1

    assert rig.stop() == 0
    (stop,) = rig.entries("stop")
    assert stop["message_zh"]
    assert stop["message_en"]
    fresh = bypass(rig, 104, 1)
    bypass(rig, 103, 0)
    pushes_before = len(rig.pushes())
    rig.start()
    rig.wait_for(fresh, "unacknowledged")
    rig.wait_for(ending, "normal")
    until("all is told", rig.sent)
    alarms = rig.alarms()
    assert alarms[answered]["underlying_state"] == "acknowledged"
    assert alarms[answered]["acknowledged_name"]
    assert alarms[unanswered]["underlying_state"] == "unacknowledged"
    assert [alarms[name]["occurrence"] for name in (answered, unanswered, ending, fresh)] == [1, 1, 1, 1]
    assert rig.triggers(answered) == ["raised", "acknowledged"]
    assert rig.triggers(unanswered) == ["raised"]
    assert rig.triggers(ending) == ["raised", "acknowledged", "returned"]
    assert rig.triggers(fresh) == ["raised"]
    after = "\n".join(push["text"] for push in rig.pushes()[pushes_before:])
    assert f"{answered}#1" not in after, "what was acknowledged is announced again"
    assert raises(rig, f"{answered}#1") == raises(rig, f"{unanswered}#1") == raises(rig, f"{fresh}#1") == 1
    assert f"{ending}#1" in after, "that it returned meanwhile is told"
    assert len(rig.entries("start")) == 2


def test_a_reminder_survives_kill_9_until_somebody_answers(repeating: Rig) -> None:
    rig = repeating
    rig.start()
    alarm_id = bypass(rig, 105, 1)
    mark = f"{alarm_id}#1"
    rig.wait_for(alarm_id, "unacknowledged")
    until("it was told", lambda: raises(rig, mark) == 1)
    # killed before the answer is on disk it would rightly be told again: that is another test
    until("the answer is on disk", lambda: "raise" in purposes_of(rig, mark))
    rig.kill()
    (waiting,) = [row for row in rig.outbox() if row["id"] == alarm_id and row["purpose"] == "repeat"]
    assert waiting["status"] == "waiting"
    rig.start()
    until("it was told again", lambda: purposes_of(rig, mark).count("repeat") >= 1)
    until("and again", lambda: purposes_of(rig, mark).count("repeat") >= 2)
    sent = [row for row in rig.outbox() if row["id"] == alarm_id and row["purpose"] == "repeat" and row["sent_wall_ns"]]
    assert all(row["sent_wall_ns"] >= row["due_wall_ns"] for row in sent)
    assert raises(rig, mark) == 1, "a reminder says that it is one"
    assert rig.state(alarm_id) == "unacknowledged"
    assert rig.triggers(alarm_id) == ["raised"]

    assert rig.acknowledge(alarm_id, 1).status_code == 200
    until("the acknowledgement is told", lambda: "acknowledge" in purposes_of(rig, mark))
    left = [row["status"] for row in rig.outbox() if row["id"] == alarm_id and row["purpose"] == "repeat"]
    assert "waiting" not in left
    assert "in_flight" not in left
    told = len(texts(rig, mark))
    time.sleep(REPEAT_AFTER_S + 1.0)
    assert len(texts(rig, mark)) == told, "answered: no further reminder"


def test_a_changed_plant_is_told_and_judged_anew_after_the_restart(rig: Rig) -> None:
    rig.start()
    for tag in ("P-101.FAULT", "P-102.FAULT", "P-103.FAULT"):
        rig.fault("set", tag=tag, value=1)
        rig.wait_for(f"{tag}.state", "unacknowledged")
        assert rig.acknowledge(f"{tag}.state", 1).status_code == 200
    health = rig.scanning()
    assert health is not None
    assert health["plant_differs"] is False

    lines = (rig.plant / "alarms.csv").read_text(encoding="utf-8").splitlines()
    header = lines[0].split(",")
    kept = [line for line in lines if not line.startswith("P-101.FAULT.state,")]
    assert len(kept) == len(lines) - 1
    place = next(at for at, line in enumerate(kept) if line.startswith("P-102.FAULT.state,"))
    cells = kept[place].split(",")
    cells[header.index("on_delay_s")] = "1"
    kept[place] = ",".join(cells)
    (rig.plant / "alarms.csv").write_text("\n".join(kept) + "\n", encoding="utf-8")
    until("health says that the files differ from what runs", lambda: (rig.scanning() or {}).get("plant_differs"))
    assert rig.state("P-101.FAULT.state") == "acknowledged", "what runs is what was read at the start"

    assert rig.stop() == 0
    rig.start()
    rig.wait_for("P-102.FAULT.state", "unacknowledged")
    health = rig.scanning()
    assert health is not None
    assert health["plant_differs"] is False
    assert rig.triggers("P-101.FAULT.state") == ["raised", "acknowledged", "definition_removed"]
    assert rig.triggers("P-102.FAULT.state") == ["raised", "acknowledged", "definition_changed", "raised"]
    assert rig.triggers("P-103.FAULT.state") == ["raised", "acknowledged"]
    assert [step["occurrence"] for step in rig.transitions("P-102.FAULT.state")] == [1, 1, 1, 2]
    assert "P-101.FAULT.state" not in rig.alarms()
    assert rig.alarms()["P-103.FAULT.state"]["underlying_state"] == "acknowledged"
    hashes = {step["definition_hash"] for step in rig.transitions("P-102.FAULT.state")}
    assert len(hashes) == 2, json.dumps(sorted(hashes))
