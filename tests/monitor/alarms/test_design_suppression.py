"""Suppression by design against a slow model: whatever is TRUE and kept silent by nothing has been told."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from monitor.alarms.design_suppression import DesignSuppression, find_circle
from monitor.alarms.design_suppressions import SuppressionMemory, Suppressions
from monitor.alarms.lifecycle import Suppression, Trigger
from tests.monitor.alarms.suppression_model import GRACE, IDS, SCANS, SECOND, Bench, Model, plants, suppression
from tests.monitor.alarms.verdicts import FALSE, TRUE, UNKNOWN


def play(suppressions: list[DesignSuppression], scans: list[dict[str, Any]]) -> None:
    bench = Bench(suppressions)
    model = Model(suppressions, 0)
    for scan in scans:
        whom = str(scan["whom"])
        if scan["act"] == "restart":
            bench.restart()
            model.restart(bench.now_s)
        elif scan["act"] == "clock":
            bench.clock_stepped(3600)
        elif scan["act"] == "shelve":
            bench.shelve(whom, 4)
        elif scan["act"] == "unshelve":
            bench.unshelve(whom)
        shelved = {
            alarm.id
            for alarm in bench.board.alarms()
            for record in alarm.suppressions
            if record.suppression is Suppression.SHELVED
        }
        own = dict(zip((f"S{at}" for at in range(5)), scan["own"], strict=True))
        said = dict(zip(IDS, scan["said"], strict=True))
        mine = [own[item.id] for item in suppressions if item.parent is None]
        bench.scan(list(said.values()), mine, int(scan["later"]))
        model.scan(said, own, shelved, bench.now_s)
        check(bench, model)
    assert bench.silent() == {
        (record.source, alarm.id) for alarm in bench.stored.values() for record in alarm.suppressions if record.source
    }, "what is stored is what stands"


def check(bench: Bench, model: Model) -> None:
    standing = {one.item.id for one in model.all if one.stands}
    assert {source for source, _ in bench.silent()} == standing
    for one in model.all:
        covered = {alarm for source, alarm in bench.silent() if source == one.item.id}
        assert covered in (set(one.item.alarms), set()), "all of them or none"
    for alarm in bench.board.alarms():
        if alarm.condition_true and not alarm.suppressions:
            assert bench.told.get(alarm.id), f"{alarm.id} is TRUE, nothing keeps it silent, and nobody was told"
    keys = [step.key for step in bench.steps]
    assert len(keys) == len(set(keys))


@given(plants(), SCANS)
@settings(max_examples=100, deadline=None)
def test_what_is_true_and_not_kept_silent_has_been_told(
    suppressions: list[DesignSuppression], scans: list[dict[str, object]]
) -> None:
    play(suppressions, scans)


@pytest.mark.soak
@given(plants(), SCANS)
@settings(max_examples=10_000, deadline=None)
def test_the_same_for_long(suppressions: list[DesignSuppression], scans: list[dict[str, Any]]) -> None:
    play(suppressions, scans)


# --- one thing at a time ----------------------------------------------------------------------


def test_a_dead_device_writes_no_line_for_a_gauge_that_says_nothing() -> None:
    bench = Bench([suppression("device.E", ["B.H", "C.L", "D.bad"], parent="E.link", kind="device")])
    assert bench.scan([FALSE, FALSE, TRUE, FALSE, FALSE, FALSE], []) == ["B.H raised"]
    assert bench.scan([FALSE, FALSE, TRUE, FALSE, TRUE, TRUE], []) == [
        "!D.bad suppressed",
        "!D.bad raised",
        "E.link raised",
    ], "B.H was told before; C.L says nothing"
    assert bench.scan([FALSE, FALSE, TRUE, FALSE, TRUE, FALSE], []) == ["E.link returned", "D.bad unsuppressed"]


def test_a_device_link_that_is_shelved_still_keeps_its_gauges_silent() -> None:
    bench = Bench([suppression("device.E", ["D.bad"], parent="E.link", kind="device")])
    bench.scan([FALSE] * 5 + [TRUE], [])
    bench.shelve("E.link", 60)
    assert bench.scan([FALSE] * 4 + [TRUE, TRUE], []) == ["!D.bad suppressed", "!D.bad raised"]


def test_the_journal_says_who_and_why() -> None:
    bench = Bench([suppression("mode", ["A.state"], when="mode('U-1.empty')", maximum_ns=60 * SECOND)])
    bench.scan([FALSE] * 6, [FALSE])
    bench.scan([TRUE] + [FALSE] * 5, [TRUE])
    begun = bench.steps[0]
    assert begun.trigger is Trigger.SUPPRESSED
    assert (begun.person, begun.comment, begun.annunciated) == ("system", "按设计", False)
    assert begun.suppression is not None
    assert (begun.suppression.source, begun.suppression.condition) == ("mode", "mode('U-1.empty')")
    assert (begun.suppression.reason, begun.suppression.reason_en) == ("按设计", "by design")
    assert begun.suppression.until_wall_ns == bench.wall_ns + 60 * SECOND
    assert "【按设计抑制（按设计）】" in begun.alarm.message_zh
    assert "[suppressed by design (by design)]" in begun.alarm.message_en
    bench.scan([TRUE] + [FALSE] * 5, [UNKNOWN])
    ended = bench.steps[-1]
    assert ended.trigger is Trigger.UNSUPPRESSED
    assert ended.annunciated
    assert "cannot be judged" in ended.alarm.message_en


def test_a_suppression_that_is_no_longer_configured_is_ended_at_the_start() -> None:
    both = [suppression("one", ["A.state"]), suppression("two", ["B.HH"])]
    bench = Bench(both)
    bench.scan([TRUE, TRUE, *[FALSE] * 4], [TRUE, TRUE])
    bench.logic = Suppressions(both[1:], IDS, GRACE * SECOND)
    bench.restart()
    assert bench.scan([UNKNOWN] * 6, [UNKNOWN]) == ["A.state unsuppressed"]
    assert bench.silent() == {("two", "B.HH")}


def test_an_alarm_that_is_added_to_a_suppression_is_silent_once_its_condition_is_known() -> None:
    before = suppression("one", ["A.state"])
    bench = Bench([before])
    bench.scan([FALSE] * 6, [TRUE])
    bench.logic = Suppressions([replace(before, alarms=("A.state", "B.HH"))], IDS, GRACE * SECOND)
    bench.restart()
    assert bench.scan([UNKNOWN] * 6, [UNKNOWN]) == []
    assert bench.scan([FALSE, TRUE, *[FALSE] * 4], [TRUE]) == ["!B.HH suppressed", "!B.HH raised"]


def test_a_plant_without_suppressions_costs_nothing() -> None:
    bench = Bench([])
    memory = bench.memory
    assert bench.scan([TRUE] + [FALSE] * 5, []) == ["A.state raised"]
    assert bench.memory is memory


def test_a_quiet_scan_keeps_its_memory() -> None:
    bench = Bench([suppression("one", ["A.state"]), suppression("two", ["B.H"], parent="B.HH")])
    bench.scan([FALSE] * 6, [FALSE])
    memory: SuppressionMemory = bench.memory
    bench.scan([FALSE] * 6, [FALSE])
    assert bench.memory is memory


def test_parents_in_a_circle_are_refused() -> None:
    circle = [suppression("x", ["B.HH"], parent="A.state"), suppression("y", ["A.state"], parent="B.HH")]
    assert set(find_circle(circle)) == {"A.state", "B.HH"}
    with pytest.raises(ValueError, match="keep each other"):
        Suppressions(circle, IDS, 0)
    assert find_circle(circle[:1]) == ()


def test_alarms_that_do_not_exist_are_refused() -> None:
    with pytest.raises(KeyError):
        Suppressions([suppression("x", ["nowhere"])], IDS, 0)
