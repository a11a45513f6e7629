"""kill -9 while a long on-delay runs: it goes on where it stopped, short of the last second."""

import time

import pytest

from rules.stored import DELAYS, StoredPart, read_part
from tests.faults.rig import Rig, until

ALARM = "P-201.FAULT.state"
DELAY_S = 50
COUNTED_S = 9.0
"""Of the delay, before the kill."""


def counted_s(rig: Rig) -> float:
    """What is on disk of the running delay, in seconds."""
    with rig.reading() as connection:
        row = connection.execute("SELECT name, wall_ns, body FROM rule_memory WHERE name = ?", (DELAYS,)).fetchone()
    if row is None:
        return 0.0
    part = read_part(StoredPart(name=row[0], wall_ns=row[1], body=row[2]))
    found = dict(zip(part.ids, part.arrays["elapsed_ns"].tolist(), strict=True))
    return float(found.get(ALARM, 0)) / 1e9


def told_s(rig: Rig) -> float:
    """What the service says that it counted."""
    figures = rig.get(f"/alarms/{ALARM}/explanation")["figures"]
    return float(next(figure["value"] for figure in figures if figure["name"]["en"] == "counted"))


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_delay_that_was_killed_goes_on_where_it_stopped(rig: Rig) -> None:
    rig.edit("alarms.csv", f"{ALARM},P-201.FAULT,state,1,,0,1,", f"{ALARM},P-201.FAULT,state,1,,{DELAY_S},1,")
    rig.start()
    assert rig.state(ALARM) == "normal"
    rig.fault("set", tag="P-201.FAULT", value=1)
    until("the fault is read", lambda: rig.tags()["P-201.FAULT"]["value"] == 1.0)
    read_at = time.monotonic()
    until("the delay is on disk", lambda: counted_s(rig) >= COUNTED_S)
    rig.kill()
    ran_s = time.monotonic() - read_at
    on_disk_s = counted_s(rig)
    assert on_disk_s > ran_s - 2.0, f"{ran_s:.1f} s ran, {on_disk_s:.1f} s are on disk"

    time.sleep(3.0)  # an outage counts for nothing
    started_at = time.monotonic()
    rig.start()
    going_s, asked_at = told_s(rig), time.monotonic()
    assert rig.state(ALARM) == "normal"
    assert on_disk_s <= going_s <= on_disk_s + (asked_at - started_at), "it began again, or the outage was counted"
    rig.wait_for(ALARM, "unacknowledged")
    took_s = time.monotonic() - asked_at
    print(f"\n{ran_s:.1f} s ran, {on_disk_s:.1f} s on disk, goes on with {going_s:.1f} s, raised {took_s:.1f} s later")
    assert took_s == pytest.approx(DELAY_S - going_s, abs=5.0)
    (start,) = rig.entries("start")[1:]
    assert start["values"]["rules_remembered"] >= 1


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_stop_in_order_stores_the_delay_to_its_last_scan(rig: Rig) -> None:
    rig.edit("alarms.csv", f"{ALARM},P-201.FAULT,state,1,,0,1,", f"{ALARM},P-201.FAULT,state,1,,600,1,")
    rig.start()
    rig.fault("set", tag="P-201.FAULT", value=1)
    until("the fault is read", lambda: rig.tags()["P-201.FAULT"]["value"] == 1.0)
    read_at = time.monotonic()
    time.sleep(2.5)
    asked_s = time.monotonic() - read_at
    assert rig.stop() == 0
    assert counted_s(rig) > asked_s - 0.5
