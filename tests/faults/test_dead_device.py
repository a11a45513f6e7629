"""A device that dies, restarts or answers nonsense: told once, others go on, no wrong value, all returns by itself."""

import math
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest

from tests.faults.rig import Rig, Row, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

DEVICES = {"plc1": "PLC-1", "plc2": "PLC-2", "sis1": "SIS-1"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """Only what is raised is pushed: the minute's budget is not what is tested here."""
    with Rig(tmp_path_factory.mktemp("rig")) as running:
        running.edit(
            "plant.toml", "priorities = [1, 2]", "priorities = [1, 2]\nsend_returned = false\nsend_acknowledged = false"
        )
        # a plant that stands still looks like a stuck gauge where something is being pumped just then
        running.edit("rules.toml", "tag('FT-103O') > 20\"\nwindow_s = 60", "tag('FT-103O') > 20\"\nwindow_s = 3600")
        running.start()
        yield running


@pytest.fixture(autouse=True)
def still_plant(shared: Rig) -> Iterator[None]:
    """Physics stand still, so that only the fault changes anything; all is well again afterwards."""
    shared.fault("pause")
    yield
    shared.quiet()


def points(rig: Rig, device: str) -> dict[str, list[str]]:
    """Hazard source -> its tags on one device."""
    found: dict[str, list[str]] = {}
    for tag in rig.tags().values():
        if tag["device"] == device:
            found.setdefault(tag["hazard_source"], []).append(tag["id"])
    return found


def told(device: str, by_source: dict[str, list[str]]) -> set[str]:
    """The alarms of a dead device: its link, and one for each hazard source."""
    return {f"{device}.link", *(f"{source}.blind.{device}" for source in by_source)}


@contextmanager
def only(rig: Rig, expected: set[str]) -> Iterator[None]:
    """What happens inside raises each of the expected alarms once and nothing else, with one push for each at most."""
    steps_before, pushes_before = len(rig.transitions()), len(rig.pushes())
    yield
    until("all is told", rig.sent)
    raised = Counter(step["id"] for step in rig.transitions()[steps_before:] if step["trigger"] == "raised")
    assert raised == Counter(expected)
    pushes = rig.pushes()[pushes_before:]
    assert len(pushes) <= len(expected), [push["text"] for push in pushes]


def others_go_on(rig: Rig, device: str) -> None:
    """Everything on the other devices is good, and read again and again."""
    before = {name: tag["received_time"] for name, tag in rig.tags().items() if tag["device"] != device}

    def moved() -> bool:
        now = rig.tags()
        assert all(now[name]["quality"] == "good" for name in before)
        return all(now[name]["received_time"] > received for name, received in before.items())

    until("every point of the other devices was read again", moved)
    health = rig.scanning()
    assert health is not None
    assert health["scan_age_ms"] < 1000


def no_wrong_value(rig: Rig, truth: dict[str, float | None], seconds: float) -> None:
    """Whatever is shown as good meanwhile is what the plant has."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for name, tag in rig.tags().items():
            if tag["quality"] == "good":
                assert close(tag, truth[name]), f"{name} shows {tag['value']}, the plant has {truth[name]}"
        time.sleep(0.1)


def lists(rig: Rig, alarm_id: str, tags: set[str]) -> bool:
    return set(rig.get(f"/alarms/{alarm_id}")["detail"]) == tags


def close(tag: Row, true: float | None) -> bool:
    return true is not None and math.isclose(tag["value"], true, rel_tol=1e-6, abs_tol=1e-6)


@pytest.mark.parametrize("short", ["plc1", "plc2"])
def test_a_dead_device_is_told_once_and_returns_by_itself(shared: Rig, short: str) -> None:
    device = DEVICES[short]
    by_source = points(shared, device)
    expected = told(device, by_source)
    count = sum(len(tags) for tags in by_source.values())
    with only(shared, expected):
        shared.fault(f"kill-{short}")
        for alarm_id in expected:
            shared.wait_for(alarm_id, "unacknowledged")
        for source, tags in by_source.items():
            alarm = shared.get(f"/alarms/{source}.blind.{device}")
            assert alarm["value"] == len(tags)
            assert set(alarm["detail"]) == set(tags)
            assert str(len(tags)) in alarm["message"]["zh"]
            assert alarm["priority"] == 2
        others_go_on(shared, device)
        # the slowest points only turn stale now: no further alarm may come of that
        until("every point of the device is blind", lambda: (shared.scanning() or {}).get("blind_points") == count)
        health = shared.scanning()
        assert health is not None
        assert health["status"] == "degraded"
        assert health["devices_up"] == 2
        assert set(shared.active()) == expected
        assert {tag["quality"] for tag in shared.tags().values() if tag["device"] == device} == {"stale"}
        assert all(shared.device(device)["last_error"].values())
    shared.fault(f"start-{short}")
    for alarm_id in expected:
        shared.wait_for(alarm_id, "returned_unacknowledged")
    shared.quiet()
    truth = shared.truth()
    assert all(close(tag, truth[name]) for name, tag in shared.tags().items())
    assert shared.device(device)["reconnects"] >= 1


@pytest.mark.parametrize("behaviour", ["garbage", "silence"])
def test_nonsense_and_silence_are_a_dead_device(shared: Rig, behaviour: str) -> None:
    by_source = points(shared, "PLC-2")
    expected = told("PLC-2", by_source)
    truth = shared.truth()
    with only(shared, expected):
        shared.fault(f"{behaviour}-plc2")
        no_wrong_value(shared, truth, 2.0)
        for alarm_id in expected:
            shared.wait_for(alarm_id, "unacknowledged")
        others_go_on(shared, "PLC-2")
        no_wrong_value(shared, truth, 2.0)
        assert set(shared.active()) == expected
    shared.fault("normal-plc2")
    for alarm_id in expected:
        shared.wait_for(alarm_id, "returned_unacknowledged")
    no_wrong_value(shared, truth, 1.0)


def test_exceptions_are_one_device_alarm_not_one_for_each_gauge(shared: Rig) -> None:
    """The device answers, but nothing usable: told like a dead one; the alarms of its gauges are silent by design."""
    by_source = points(shared, "PLC-2")
    expected = told("PLC-2", by_source)
    gauges = {
        alarm["id"] for alarm in shared.alarms().values() if alarm["device"] == "PLC-2" and alarm["kind"] == "bad"
    }
    assert len(gauges) >= 10
    truth = shared.truth()
    steps_before, pushes_before = len(shared.transitions()), len(shared.pushes())
    shared.fault("exception-plc2")
    no_wrong_value(shared, truth, 2.0)
    for alarm_id in expected:
        shared.wait_for(alarm_id, "unacknowledged")
    for source, tags in by_source.items():
        alarm_id = f"{source}.blind.PLC-2"
        until(f"{alarm_id} lists all its points", partial(lists, shared, alarm_id, set(tags)))
        assert shared.get(f"/alarms/{alarm_id}")["value"] == len(tags)
    count = sum(len(tags) for tags in by_source.values())
    until("the link alarm says how many", partial(lists, shared, "PLC-2.link", {f"BAD {count}/{count}"}))
    bad = [tag for tag in shared.tags().values() if tag["device"] == "PLC-2"]
    assert {tag["quality"] for tag in bad} == {"bad"}
    assert all(tag["reason"]["zh"] and tag["reason"]["en"] for tag in bad)
    others_go_on(shared, "PLC-2")
    assert "exception 06" in shared.device("PLC-2")["last_error"]["en"]
    assert "异常 06（从站设备忙）" in shared.device("PLC-2")["last_error"]["zh"]
    assert shared.device("PLC-2")["state"] == "degraded"
    until("every gauge alarm is TRUE in silence", lambda: gauges <= set(shared.active()))
    assert set(shared.active()) - gauges == expected
    silent = [found for found in shared.get("/suppressions") if found["id"] == "device.PLC-2"]
    assert [(found["stands"], found["parent"]) for found in silent] == [(True, "PLC-2.link")]
    assert {alarm["id"] for alarm in silent[0]["alarms"] if alarm["is_true"]} == gauges
    assert silent[0]["true_below"] == len(gauges)
    until("all is told", shared.sent)
    steps = shared.transitions()[steps_before:]
    assert {step["id"] for step in steps if step["annunciated"]} == expected
    assert {step["person"] for step in steps if step["trigger"] == "suppressed"} == {"system"}
    # fast and slower points turn bad one after the other: the blind alarm may be told again for those, no gauge on its own
    pushes = shared.pushes()[pushes_before:]
    assert all(".bad#" not in push["text"] for push in pushes)
    assert 1 <= len(pushes) <= 1 + 2 * len(by_source)
    shared.fault("normal-plc2")
    for alarm_id in expected:
        shared.wait_for(alarm_id, "returned_unacknowledged")
    until("nothing is silent any more", lambda: shared.get("/suppressions") == [])
    no_wrong_value(shared, truth, 1.0)
    assert not [step["id"] for step in shared.transitions()[steps_before:] if step["trigger"] == "unsuppressed"]


def test_a_device_that_is_down_at_the_start_is_a_device_that_is_down(shared: Rig) -> None:
    by_source = points(shared, "SIS-1")
    expected = told("SIS-1", by_source)
    assert shared.stop() == 0
    shared.fault("kill-sis1")
    with only(shared, expected):
        shared.start(wait=False)
        until("the monitor scans", shared.scanning)
        shared.log_in()
        for alarm_id in expected:
            shared.wait_for(alarm_id, "unacknowledged")
        for source, tags in by_source.items():
            assert set(shared.get(f"/alarms/{source}.blind.SIS-1")["detail"]) == set(tags)
        health = shared.scanning()
        assert health is not None
        assert health["status"] == "degraded"
        assert {tag["quality"] for tag in shared.tags().values() if tag["device"] == "SIS-1"} == {"never_seen"}
        interlocks = {row["service"] for row in shared.get("/interlocks")}
        assert interlocks == {"unknown"}, "a bypass bit that was never read says nothing"
        others_go_on(shared, "SIS-1")
        assert set(shared.active()) == expected
    shared.fault("start-sis1")
    for alarm_id in expected:
        shared.wait_for(alarm_id, "returned_unacknowledged")
