"""Columns against one interlock at a time, written from the design alone."""

import math
from dataclasses import dataclass, field

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.interlocks.axes import Action, Cover, Seen, Service, Voting, action_of
from monitor.interlocks.columns import compile_interlocks
from monitor.interlocks.judge import ACTIONS, COVERS, SERVICES, VOTINGS, judge
from monitor.interlocks.memory import InterlockMemory
from monitor.interlocks.register import BypassBit, Cause, Effect, Interlock
from rules.verdicts import Verdict
from tests.monitor.interlocks.register import interlock
from tests.rules.plants import SECOND, snapshot, table, tag

F, T, U = Verdict.FALSE, Verdict.TRUE, Verdict.UNKNOWN
PLANT = table(
    tag("LT-1"), tag("LT-2"), tag("LT-3"),
    *(tag(name, discrete=True, normal_state=0) for name in ("LS-1", "BP-1", "BP-2", "BP-3", "TR-1", "XV-1", "XV-2")),
)  # fmt: skip
VOTED = interlock(
    "SIS-2",
    inputs=[Cause(tag=f"LT-{n}", sense="high", trip_point=90.0) for n in (1, 2, 3)],
    bits=[BypassBit(tag=f"BP-{n}", bypassed_when=1, cause=f"LT-{n}") for n in (1, 2, 3)],
    outputs=[Effect(tag="XV-1", acted_when=1, within_s=2.0), Effect(tag="XV-2", acted_when=0, within_s=5.0)],
    needed=2,
    trip_tag=None,
)
SINGLE = interlock("SIS-1", outputs=[Effect(tag="XV-1", acted_when=1, within_s=3.0)])
LOW = interlock(
    "SIS-3", inputs=[Cause(tag="LT-1", sense="low", trip_point=10.0)], bits=[BypassBit(tag="BP-2", bypassed_when=0)]
)
TWO = interlock(
    "SIS-5", outputs=[Effect(tag="XV-1", acted_when=1, within_s=1.0), Effect(tag="XV-2", acted_when=0, within_s=6.0)]
)
BARE = interlock("SIS-4", inputs=(), bits=(), trip_tag=None)
REGISTER = (SINGLE, VOTED, LOW, BARE, TWO)

Reading = tuple[float, int]
NAMES = PLANT.ids
reading = st.tuples(
    st.sampled_from([0.0, 1.0, 10.0, 50.0, 90.0, 95.0, math.nan]), st.sampled_from([0, 0, 0, 1, 2, 3, 4])
)
sweep = st.tuples(st.integers(0, 4), st.fixed_dictionaries(dict.fromkeys(NAMES, reading)), st.sampled_from(list(Cover)))


@dataclass
class Slow:
    """One interlock, one value at a time."""

    item: Interlock
    since: int | None = None
    met: bool = False
    maybe: int | None = None
    trip: int | None = None
    caused: bool = False
    known: bool = False
    seen: list[str] = field(default_factory=list)

    def step(self, readings: dict[str, Reading], cover: Cover, now: int) -> tuple[Service, Action, Voting]:
        item = self.item
        demand = self.votes([self.cause(cause, readings) for cause in item.inputs])
        bits = [self.state(readings[bit.tag], bit.bypassed_when) for bit in item.bypass_bits]
        bypassed = T if T in bits else U if U in bits or not bits else F
        tripped = self.tripped(readings)
        settle = SECOND if item.inputs or item.outputs or item.trip_tag else 0
        within = round(max((output.within_s for output in item.outputs), default=0) * SECOND)
        open_before, answered = self.since is not None, tripped is T and self.trip is not None
        if demand is T:
            self.since = self.since if open_before else now
        elif demand is F or answered:
            self.since = None
        if self.since is None:
            self.met = False
        elif bypassed is not U:
            self.met = demand is T and bypassed is T
        began = tripped is T and self.trip is None
        self.trip = (
            (self.trip if self.trip is not None else now) if tripped is T else self.trip if tripped is U else None
        )
        if tripped is T and began:
            recent = self.maybe is not None and now - self.maybe <= within + settle
            self.caused = recent or demand in (T, U) or not self.known
        elif self.trip is not None:
            self.caused = self.caused or demand is T
        else:
            self.caused = False
        self.maybe = self.maybe if demand is F else now
        self.known = self.known or tripped is F
        seen = bool(item.outputs or item.trip_tag)
        late = seen and self.since is not None and self.trip is None and now - self.since > within
        settling = tripped is T and not self.caused and self.trip is not None and now - self.trip <= settle
        action = action_of(
            Seen(
                demand=T if self.since is not None else demand,
                tripped=tripped,
                bypassed=T if bypassed is U and self.met else bypassed,
                late=late,
                caused=self.caused or settling,
                unmoved=self.unmoved(readings, tripped, now, settle),
            )
        )
        table_of_service = {
            (F, Cover.RESTORING): Service.RESTORED_UNCHECKED,
            (T, Cover.ACTIVE): Service.BYPASSED_AUTHORISED,
            (T, Cover.OVERDUE): Service.BYPASSED_OVERDUE,
        }
        default = {F: Service.IN_SERVICE, T: Service.BYPASSED_UNAUTHORISED, U: Service.UNKNOWN}[bypassed]
        return table_of_service.get((bypassed, cover), default), action, self.voting(readings)

    def unmoved(self, readings: dict[str, Reading], tripped: Verdict, now: int, settle: int) -> bool:
        if tripped is not T or self.trip is None:
            return False
        return any(
            self.state(readings[output.tag], output.acted_when) is F
            and now - self.trip > round(output.within_s * SECOND) + settle
            for output in self.item.outputs
        )

    def state(self, one: Reading, wanted: float) -> Verdict:
        value, quality = one
        if quality > 1 or value not in (0.0, 1.0):
            return U
        return T if value == wanted else F if quality == 0 else U

    def cause(self, cause: Cause, readings: dict[str, Reading]) -> Verdict:
        if cause.sense == "state":
            return self.state(readings[cause.tag], cause.trip_point)
        value, quality = readings[cause.tag]
        if quality > 1 or math.isnan(value):
            return U
        beyond = value >= cause.trip_point if cause.sense == "high" else value <= cause.trip_point
        return T if beyond else F if quality == 0 else U

    def votes(self, causes: list[Verdict]) -> Verdict:
        if not causes:
            return U
        if causes.count(T) >= self.item.needed:
            return T
        return F if causes.count(T) + causes.count(U) < self.item.needed else U

    def tripped(self, readings: dict[str, Reading]) -> Verdict:
        if self.item.trip_tag:
            return self.state(readings[self.item.trip_tag], 1.0)
        acted = [self.state(readings[output.tag], output.acted_when) for output in self.item.outputs]
        return U if not acted else F if F in acted else U if U in acted else T

    def voting(self, readings: dict[str, Reading]) -> Voting:
        sure = possible = 0
        for cause in self.item.inputs:
            bits = [bit for bit in self.item.bypass_bits if bit.cause in (None, cause.tag)]
            states = [self.state(readings[bit.tag], bit.bypassed_when) for bit in bits]
            value, quality = readings[cause.tag]
            if T in states or quality == 2 or (quality < 2 and math.isnan(value)):
                continue
            if quality > 2:
                possible += 1
                continue
            possible += 1
            sure += U not in states
        total = len(self.item.inputs)
        if not total:
            return Voting.UNKNOWN
        if possible < self.item.needed:
            return Voting.LOST
        if sure == total:
            return Voting.FULL
        return Voting.DEGRADED if sure >= self.item.needed and possible < total else Voting.UNKNOWN


@settings(max_examples=50)
@given(st.lists(sweep, min_size=1, max_size=25))
def test_columns_agree_with_one_interlock_at_a_time(
    history: list[tuple[int, dict[str, Reading], Cover]],
) -> None:
    columns = compile_interlocks(REGISTER, PLANT)
    memory, slow, now = InterlockMemory.fresh(len(REGISTER)), [Slow(item) for item in REGISTER], 100 * SECOND
    for passed, readings, cover in history:
        now += passed * SECOND
        here = snapshot(PLANT, now, dict(readings))
        covers = np.full(len(REGISTER), COVERS.index(cover), np.uint8)
        judged, after = judge(columns, here, covers, memory)
        again, _ = judge(columns, here, covers, after)
        for place, one in enumerate(slow):
            wanted = one.step(readings, cover, now)
            found = (
                SERVICES[judged.service[place]], ACTIONS[judged.action[place]], VOTINGS[judged.voting[place]],
            )  # fmt: skip
            assert found == wanted, one.item.id
        np.testing.assert_array_equal(judged.action, again.action)
        assert judged.due_ns is None or judged.due_ns > now, "what is due now is decided now"
        memory = after


def readings_with(**changed: float) -> dict[str, Reading]:
    quiet = dict.fromkeys(NAMES, (0.0, 0)) | {"XV-2": (1.0, 0), "LT-1": (50.0, 0), "BP-2": (1.0, 0)}
    quiet["XV-1"] = (changed.get("TR_1", 0.0), 0)  # the valve follows the relay, where nothing else is said
    return quiet | {name.replace("_", "-"): (value, 0) for name, value in changed.items()}


def play(*sweeps: dict[str, Reading]) -> list[tuple[str, str]]:
    """Actions of SINGLE, one sweep a second."""
    columns = compile_interlocks((SINGLE,), PLANT)
    memory, found = InterlockMemory.fresh(1), []
    for at, readings in enumerate(sweeps):
        judged, memory = judge(
            columns, snapshot(PLANT, (100 + at) * SECOND, dict(readings)), np.zeros(1, np.uint8), memory
        )
        found.append((str(ACTIONS[judged.action[0]]), str(judged.due_ns)))
    return found


def test_a_demand_is_answered_late_or_not_at_all() -> None:
    quiet, demand = readings_with(), readings_with(LS_1=1.0)
    actions = [action for action, _ in play(quiet, demand, demand, demand, demand, demand, quiet)]
    assert actions == ["ready", "ready", "ready", "ready", "ready", "failed_to_trip", "ready"]


def test_the_moment_a_demand_becomes_late_is_told() -> None:
    (_, due) = play(readings_with(), readings_with(LS_1=1.0))[-1]
    assert due == str(101 * SECOND + 3 * SECOND + 1)


def test_a_trip_without_a_cause_is_spurious_after_a_scan_class_period() -> None:
    quiet, tripped = readings_with(), readings_with(TR_1=1.0)
    actions = [action for action, _ in play(quiet, tripped, tripped, tripped, quiet)]
    assert actions == ["ready", "tripped", "tripped", "spurious_trip", "ready"]


def test_a_trip_goes_on_as_tripped_after_its_cause_is_gone() -> None:
    demand, tripped = readings_with(LS_1=1.0), readings_with(TR_1=1.0)
    actions = [action for action, _ in play(readings_with(), demand, tripped, tripped, tripped, tripped)]
    assert actions[2:] == ["tripped"] * 4


def silent(**changed: float) -> dict[str, Reading]:
    """As `readings_with`, but the device no longer answers."""
    return {name: (value, 3) for name, (value, _) in readings_with(**changed).items()}


def test_a_demand_before_a_silence_stays_open_and_fails_at_its_time() -> None:
    demand = readings_with(LS_1=1.0)
    quiet = readings_with()
    actions = [action for action, _ in play(quiet, demand, *[silent(LS_1=1.0)] * 4, quiet)]
    assert actions == ["ready", "ready", "unknown", "unknown", "unknown", "failed_to_trip", "ready"]


def test_a_trip_found_after_the_silence_answers_the_open_demand() -> None:
    gone, over = silent(LS_1=1.0), readings_with(TR_1=1.0)
    actions = [action for action, _ in play(readings_with(), readings_with(LS_1=1.0), *[gone] * 9, over, over, over)]
    assert actions[-4:] == ["failed_to_trip", "tripped", "tripped", "tripped"], "its cause was read before the silence"


def test_a_silence_without_a_demand_is_unknown_and_a_trip_after_it_is_not_called_spurious() -> None:
    gone, tripped = silent(), readings_with(TR_1=1.0)
    actions = [action for action, _ in play(readings_with(), *[gone] * 9, tripped, tripped, tripped)]
    assert actions == ["ready", *["unknown"] * 9, "tripped", "tripped", "tripped"]


def test_it_would_have_tripped_goes_on_through_a_silence() -> None:
    met = [readings_with(BP_1=1.0), readings_with(LS_1=1.0, BP_1=1.0), *[silent(LS_1=1.0, BP_1=1.0)] * 5]
    assert [action for action, _ in play(*met)][1:] == ["demand_while_bypassed"] * 6


def test_a_trip_that_cannot_be_read_does_not_answer_a_demand() -> None:
    blind = readings_with(LS_1=1.0) | {"TR-1": (0.0, 2)}
    actions = [action for action, _ in play(readings_with(), *[blind] * 5)]
    assert actions == ["ready", "unknown", "unknown", "unknown", "unknown", "failed_to_trip"]


def test_a_relay_that_trips_and_a_valve_that_hangs() -> None:
    hangs = readings_with(LS_1=1.0, TR_1=1.0, XV_1=0.0)
    actions = play(readings_with(), *[hangs] * 6, readings_with(LS_1=1.0, TR_1=1.0), readings_with())
    assert [action for action, _ in actions] == ["ready", *["tripped"] * 5, "failed_to_trip", "tripped", "ready"]
    assert actions[1][1] == str((101 + 3 + 1) * SECOND + 1), "told at its time, without any reading"
    blind = {**hangs, "XV-1": (0.0, 2)}
    assert [action for action, _ in play(readings_with(), *[blind] * 9)][1:] == ["tripped"] * 9


def test_a_trip_keeps_its_cause_while_it_cannot_be_read() -> None:
    demand, tripped = readings_with(LS_1=1.0, TR_1=1.0), readings_with(TR_1=1.0)
    actions = [action for action, _ in play(readings_with(), demand, *[tripped] * 9, silent(TR_1=1.0), *[tripped] * 4)]
    assert actions[-6:] == ["tripped", "unknown", *["tripped"] * 4]


def test_a_demand_that_was_answered_ends_when_its_cause_cannot_be_read() -> None:
    demand, tripped = readings_with(LS_1=1.0), readings_with(LS_1=1.0, TR_1=1.0)
    lost = {**tripped, "LS-1": (1.0, 2)}
    reset = {**lost, "TR-1": (0.0, 0)}
    actions = [action for action, _ in play(readings_with(), demand, tripped, lost, lost, reset, *[reset] * 4)]
    assert actions[2:] == ["tripped"] * 3 + ["unknown"] * 5


def test_an_interlock_of_which_nothing_shows_whether_it_acted_never_fails() -> None:
    unseen = interlock("SIS-1", trip_tag=None)
    columns, memory = compile_interlocks((unseen,), PLANT), InterlockMemory.fresh(1)
    for at in range(5):
        judged, memory = judge(
            columns, snapshot(PLANT, (100 + at) * SECOND, readings_with(LS_1=1.0)), np.zeros(1, np.uint8), memory
        )
        assert (ACTIONS[judged.action[0]], judged.due_ns) == (Action.UNKNOWN, None)


def test_a_trip_that_stands_at_the_start_is_not_called_spurious() -> None:
    assert {action for action, _ in play(*[readings_with(TR_1=1.0)] * 5)} == {"tripped"}


def test_it_would_have_tripped() -> None:
    bypassed = readings_with(LS_1=1.0, BP_1=1.0)
    assert [action for action, _ in play(readings_with(BP_1=1.0), bypassed, bypassed)][1:] == [
        "demand_while_bypassed"
    ] * 2


def test_a_demand_that_was_seen_answered_has_not_failed_when_all_of_it_falls_silent() -> None:
    tripped = readings_with(LS_1=1.0, TR_1=1.0)
    actions = [
        action for action, _ in play(readings_with(), *[tripped] * 6, *[silent(LS_1=1.0, TR_1=1.0)] * 6, tripped)
    ]
    assert actions[1:7] == ["tripped"] * 6
    assert actions[7:] == [*["unknown"] * 6, "tripped"]


def test_a_fast_effect_that_hangs_is_not_excused_by_a_slow_one() -> None:
    columns, memory, found = compile_interlocks((TWO,), PLANT), InterlockMemory.fresh(1), []
    calm, hangs = readings_with(), readings_with(LS_1=1.0, TR_1=1.0, XV_1=0.0, XV_2=1.0)
    for at, readings in enumerate([calm, *[hangs] * 9]):
        seen = snapshot(PLANT, (100 + at) * SECOND, readings)
        judged, memory = judge(columns, seen, np.zeros(1, np.uint8), memory)
        found.append((str(ACTIONS[judged.action[0]]), judged.stuck.tolist()))
    assert found[1:4] == [("tripped", [False, False])] * 3
    assert found[4:8] == [("failed_to_trip", [True, False])] * 4, "its second and a scan class period are over"
    assert found[9] == ("failed_to_trip", [True, True]), "both are named"
