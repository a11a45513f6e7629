"""kill -9 while the deadline of a demand runs: it fails at the first deadline, and is told once."""

import time
from datetime import datetime

import pytest

from tests.faults.rig import Rig, Row, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SIS = "SIS-101"
WITHIN_S = 14
COST_S = 3.0
"""Of a start: from the first scan until all of an interlock is read, with room for a busy machine."""


def rows(rig: Rig) -> list[str]:
    with rig.reading() as connection:
        return [name for (name,) in connection.execute("SELECT id FROM interlock_memory ORDER BY id")]


def wall_s(row: Row) -> float:
    return float(row["wall_ns"]) / 1e9


def test_a_demand_that_was_killed_fails_at_its_first_deadline_and_is_told_once(rig: Rig) -> None:
    rig.edit(
        "interlocks.toml",
        'effects = ["XV-101I.CLOSED"]',
        f'effects = [{{ tag = "XV-101I.CLOSED", acted_when = 1, within_s = {WITHIN_S} }}]',
    )
    rig.start()
    rig.interlock_becomes(SIS, service="in_service", action="ready")
    assert rows(rig) == []
    rig.fault("show", tag="SIS-101.TRIP", value=0)
    rig.fault("show", tag="LSHH-101", value=1)
    rig.interlock_becomes(SIS, demand=True)
    began_s = time.time()
    assert rows(rig) == [SIS], "what a screen shows is on disk"
    rig.kill()

    down_s = 3.0
    time.sleep(down_s)
    assert rows(rig) == [SIS]
    rig.start()
    started_s = time.time()
    rig.watch()
    rig.interlock_becomes(SIS, action="failed_to_trip")
    (raised,) = [row for row in rig.transitions(f"{SIS}.failed") if row["trigger"] == "raised"]
    took_s = wall_s(raised) - began_s
    earliest_s = WITHIN_S - 1.0  # the demand was read up to a look of this test before
    latest_s = max(float(WITHIN_S), started_s - began_s) + COST_S
    print(f"\nkilled at once, started after {started_s - began_s:.1f} s, failed after {took_s:.1f} s of {WITHIN_S} s")
    assert earliest_s < took_s < latest_s, f"{took_s:.1f} s after the demand, {WITHIN_S} s are allowed"
    until("the stream tells it", lambda: f"{SIS}.failed" in rig.active())

    rig.kill()
    rig.start()
    rig.interlock_becomes(SIS, action="failed_to_trip")
    assert rig.triggers(f"{SIS}.failed") == ["raised"], "the restart did not tell it again"
    rig.fault("unfreeze", tag="SIS-101.TRIP")
    rig.fault("show", tag="SIS-101.TRIP", value=1)
    rig.fault("show", tag="XV-101I.CLOSED", value=1)
    rig.interlock_becomes(SIS, action="tripped")
    (answered,) = [
        change["detail"]
        for row in rig.entries("interlock")
        for change in row["values"]["changes"]
        if change["interlock"] == SIS and change["after"] == "tripped"
    ]
    now_s = datetime.fromisoformat(rig.get("/session")["server_time"]).timestamp()
    assert answered["response_s"] == pytest.approx(now_s - began_s, abs=COST_S), "from the demand, through two restarts"
