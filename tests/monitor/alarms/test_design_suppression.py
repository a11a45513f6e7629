"""Suppression by design against a slow model: whatever is TRUE and kept silent by nothing has been told."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alarms.board import Board
from monitor.alarms.commands import CommandRefusedError, EndSuppression, Shelve
from monitor.alarms.design_suppression import DesignSuppression, find_circle
from monitor.alarms.design_suppressions import SuppressionMemory, Suppressions, shifted
from monitor.alarms.lifecycle import Suppression, Trigger
from monitor.alarms.transition import Alarm, Transition
from monitor.scan.suppressions import carried_out
from tests.monitor.alarms.verdicts import FALSE, TRUE, UNKNOWN, WALL, definition, verdicts

IDS = ("A.state", "B.HH", "B.H", "C.L", "D.bad", "E.link")
DEFINITIONS = tuple(definition(name, kind="state", priority=2) for name in IDS)
GRACE = 5
SECOND = 1_000_000_000


def suppression(name: str, alarms: Sequence[str], **fields: object) -> DesignSuppression:
    kind = "parent" if fields.get("parent") else "condition"
    plain = {"id": name, "kind": kind, "alarms": tuple(alarms), "reason_zh": "按设计", "reason_en": "by design"}
    return DesignSuppression(**{**plain, **fields})  # type: ignore[arg-type]  # fields by name


@dataclass
class Bench:
    """A board under suppressions, moved second by second; keeps what its disk would keep."""

    suppressions: Sequence[DesignSuppression]
    ids: Sequence[str] = IDS
    now_s: int = 1000
    wall_s: int = 0
    steps: list[Transition] = field(default_factory=list)
    stored: dict[str, Alarm] = field(default_factory=dict)
    told: dict[str, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.definitions = [definition(name, kind="state", priority=2) for name in self.ids]
        self.logic = Suppressions(self.suppressions, self.ids, GRACE * SECOND)
        self.board = Board(self.definitions)
        self.memory = self.logic.remember((), 0)

    @property
    def wall_ns(self) -> int:
        return WALL + (self.now_s + self.wall_s) * SECOND

    def scan(self, said: Sequence[int], own: Sequence[int], later: int = 1) -> list[str]:
        self.now_s += later
        given_now = verdicts(self.ids, said)
        changes, self.memory = self.logic.judge(
            np.array(own, np.uint8),
            given_now,
            self.board.alarms(),
            self.memory,
            (self.now_s * SECOND, self.wall_ns),
        )
        steps = carried_out(changes.begins, self.board, self.wall_ns)
        steps += self.board.apply(given_now, self.wall_ns)
        steps += carried_out(changes.ends, self.board, self.wall_ns)
        return self.note(steps)

    def note(self, steps: Sequence[Transition]) -> list[str]:
        for step in steps:
            before = bool(self.stored[step.id].suppressions) if step.id in self.stored else False
            assert not (step.annunciated and step.alarm.suppressions), "told although something keeps it silent"
            if step.annunciated and step.trigger in (Trigger.RAISED, Trigger.UNSUPPRESSED):
                self.told[step.id] = True
            elif step.alarm.suppressions or before or step.trigger is Trigger.RAISED:
                self.told[step.id] = False
        self.steps += steps
        self.stored |= {alarm.id: alarm for alarm in self.board.changed()}
        return [f"{'' if step.annunciated else '!'}{step.id} {step.trigger}" for step in steps]

    def restart(self) -> None:
        self.board = Board(self.definitions)
        self.note(self.board.restore(tuple(self.stored.values()), self.wall_ns))
        self.memory = self.logic.remember(self.board.alarms(), self.now_s * SECOND)

    def clock_stepped(self, seconds: int) -> None:
        self.wall_s += seconds
        self.board.clock_stepped(seconds * SECOND)
        self.memory = shifted(self.memory, seconds * SECOND)
        self.note(())

    def shelve(self, name: str, seconds: int) -> None:
        occurrence = next(alarm.occurrence for alarm in self.board.alarms() if alarm.id == name)
        command = Shelve(
            id=name,
            occurrence=occurrence,
            person="li",
            person_name="李",
            comment="校验",
            duration_ns=seconds * SECOND,
        )
        self.note((self.board.obey(command, self.wall_ns),))

    def unshelve(self, name: str) -> None:
        command = EndSuppression(id=name, suppression=Suppression.SHELVED, person="li", person_name="李")
        try:
            self.note((self.board.obey(command, self.wall_ns),))
        except CommandRefusedError:
            return

    def silent(self) -> set[tuple[str, str]]:
        """(suppression, alarm) as the board has it."""
        return {
            (record.source, alarm.id) for alarm in self.board.alarms() for record in alarm.suppressions if record.source
        }


@dataclass
class Slow:
    """One suppression, by words alone."""

    item: DesignSuppression
    stands: bool = False
    since: int = 0
    lost: int | None = None
    barred: bool = False
    held: bool = False
    """Since a restart nothing was known."""
    truth: int = UNKNOWN


class Model:
    """All of them: loops, recursion, no arrays."""

    def __init__(self, suppressions: Sequence[DesignSuppression], start: int) -> None:
        self.all = [Slow(item, barred=item.maximum_ns is not None) for item in suppressions]
        self.start = start

    def restart(self, now: int) -> None:
        self.start = now
        for one in self.all:
            one.held, one.lost = one.stands, None
            one.barred = one.item.maximum_ns is not None and not one.stands

    def scan(self, said: dict[str, int], own: dict[str, int], shelved: set[str], now: int) -> None:
        done: set[str] = set()

        def settle(one: Slow) -> None:
            if one.item.id in done:
                return
            parent = one.item.parent
            truth = own[one.item.id] if parent is None else said[parent]
            for above in self.all:
                if parent in above.item.alarms:
                    settle(above)
            if truth == TRUE and parent is not None and one.item.kind != "device" and not self.speaks(parent, shelved):
                truth = FALSE
            self.step(one, truth, now)
            done.add(one.item.id)

        for one in self.all:
            settle(one)

    def speaks(self, parent: str, shelved: set[str]) -> bool:
        if parent in shelved:
            return False
        above = [one for one in self.all if parent in one.item.alarms and one.stands]
        return not above or any(one.item.parent is not None and one.truth == TRUE for one in above)

    def step(self, one: Slow, truth: int, now: int) -> None:
        one.truth = truth
        longest = one.item.maximum_ns
        if not one.stands:
            if truth == TRUE and not one.barred:
                one.stands, one.since, one.lost = True, now, None
            if truth == FALSE:
                one.barred = False
        elif longest is not None and now - one.since >= longest // SECOND:
            one.stands, one.held, one.barred = False, False, truth != FALSE
        elif truth == TRUE:
            one.lost, one.held = None, False
        elif not (one.held and truth == UNKNOWN and now - self.start < GRACE):
            one.lost = now if one.lost is None else one.lost
            if now - one.lost >= one.item.off_delay_ns // SECOND:
                one.stands, one.held = False, False


SAID = st.sampled_from((FALSE, TRUE, TRUE, UNKNOWN))


@st.composite
def plants(draw: st.DrawFn) -> list[DesignSuppression]:
    """Suppressions without a circle: a parent stands before its children in IDS."""
    made = []
    for at in range(draw(st.integers(1, 5))):
        parent = draw(st.sampled_from((None, *IDS[:-1])))
        children = IDS[IDS.index(parent) + 1 :] if parent else IDS
        longest = draw(st.sampled_from((None, None, 3, 7)))
        made.append(
            suppression(
                f"S{at}",
                draw(st.lists(st.sampled_from(children), min_size=1, max_size=3, unique=True)),
                parent=parent,
                off_delay_ns=draw(st.sampled_from((0, 0, 2))) * SECOND,
                maximum_ns=None if longest is None else longest * SECOND,
            )
        )
    return made


SCANS = st.lists(
    st.fixed_dictionaries(
        {
            "said": st.tuples(*[SAID] * len(IDS)),
            "own": st.tuples(*[SAID] * 5),
            "later": st.sampled_from((1, 1, 1, 3)),
            "act": st.sampled_from((None, None, None, "restart", "shelve", "unshelve", "clock")),
            "whom": st.sampled_from(IDS),
        }
    ),
    max_size=25,
)


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
