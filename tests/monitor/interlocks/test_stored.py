"""What an interlock remembers over a restart: deadlines that go on, trips that keep their cause, and whose memory it is."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.interlocks.axes import Action
from monitor.interlocks.feedback import Answer, Demand, Sight
from monitor.interlocks.register import BypassBit, Cause, Effect, Interlock, Register
from monitor.interlocks.state import InterlockState
from monitor.interlocks.stored import (
    LONGEST_NS,
    Instant,
    Remembered,
    StoredInterlock,
    UnreadableError,
    decode,
    encode,
    fingerprint,
    passed_since,
)
from monitor.interlocks.watch import InterlockWatch, Watched
from tests.monitor.interlocks.register import interlock
from tests.rules.plants import SECOND, START_WALL_NS, snapshot, table, tag

TAGS = [tag(name, discrete=True, normal_state=0) for name in ("LS-1", "BP-1", "TR-1", "XV-1", "LS-2", "TR-2")]
PLANT = table(*TAGS)
ONE = interlock("SIS-1", outputs=[Effect(tag="XV-1", acted_when=1, within_s=10.0)])
OTHER = interlock("SIS-2", inputs=[Cause(tag="LS-2", sense="state", trip_point=1.0)], trip_tag="TR-2")
BOOT, GRACE_S, HOUR_S = "b-1", 15.0, 3600.0
STALE = 3


class Machine:
    """A machine that runs one watch after the other; it may be started again, and its wall clock be set."""

    def __init__(self, *interlocks: Interlock) -> None:
        self.mono_ns, self.wall_ns, self.boot = 1_000 * SECOND, START_WALL_NS, BOOT
        self.disk: dict[str, StoredInterlock] = {}
        self.readings: dict[str, tuple[float, int]] = dict.fromkeys(PLANT.ids, (0.0, 0))
        self.unread: set[str] = set()
        self.start(*interlocks)

    def start(self, *interlocks: Interlock) -> None:
        self.watch = InterlockWatch(Register(interlocks=interlocks or (ONE, OTHER)), PLANT)
        rows = sorted(self.disk.values(), key=lambda row: row.id)
        self.left_out = [
            each.interlock for each in self.watch.restore(rows, self.now, self.mono_ns + round(GRACE_S * SECOND))
        ]

    @property
    def now(self) -> Instant:
        return Instant(self.mono_ns, self.wall_ns, self.boot)

    def pass_s(self, seconds: float, wall_s: float | None = None) -> None:
        self.mono_ns += round(seconds * SECOND)
        self.wall_ns += round((seconds if wall_s is None else wall_s) * SECOND)

    def see(self, seconds: float = 1.0, **changed: float) -> Watched:
        """One scan, and what it leaves on disk."""
        self.pass_s(seconds)
        self.readings |= {name.replace("_", "-"): (value, 0) for name, value in changed.items()}
        known = {name: reading for name, reading in self.readings.items() if name not in self.unread}
        found = self.watch.watch(replace(snapshot(PLANT, self.mono_ns, known), wall_ns=self.wall_ns))
        for row in self.watch.changed(self.now):
            if row.body is None:
                del self.disk[row.id]
            else:
                self.disk[row.id] = row
        return found

    def restart(self, down_s: float, *interlocks: Interlock, step_s: float = 0.0, reboot: bool = False) -> None:
        """The service dies, time passes, it begins again with nothing read."""
        self.pass_s(down_s, down_s + step_s)
        if reboot:
            self.boot, self.mono_ns = f"{self.boot}+", 30 * SECOND
        self.unread = set(PLANT.ids)
        self.start(*interlocks)

    def first(self, found: Watched) -> InterlockState:
        return found.states[0]


def demanded(*interlocks: Interlock, after_s: float = 8.0) -> Machine:
    """Calm, then demanded for so long without any answer."""
    machine = Machine(*interlocks)
    machine.see()
    machine.see(LS_1=1.0)
    machine.pass_s(after_s)
    return machine


def read_all(machine: Machine) -> None:
    machine.unread = set()


def fails_after_s(machine: Machine) -> float:
    """Until it has failed to trip, looked at ten times a second."""
    for tenth in range(400):
        if machine.first(machine.see(0.1)).action is Action.FAILED_TO_TRIP:
            return (tenth + 1) / 10
    raise AssertionError("it never failed")


def test_nothing_is_kept_of_what_is_calm_and_one_row_of_a_demand() -> None:
    machine = Machine()
    machine.see()
    assert machine.disk == {}
    machine.see(LS_1=1.0)
    assert set(machine.disk) == {"SIS-1"}, "in the commit of the scan that read it"
    row = machine.disk["SIS-1"]
    machine.see()
    assert machine.disk["SIS-1"] is row, "a demand that goes on is not written again"
    machine.see(LS_1=0.0)
    machine.see(12.0)
    assert machine.disk == {}


def test_a_deadline_goes_on_and_the_time_nobody_ran_counts() -> None:
    machine = demanded()
    machine.restart(0.5)
    read_all(machine)
    assert fails_after_s(machine) == pytest.approx(1.6, abs=0.11)


def test_a_deadline_that_passed_meanwhile_is_told_when_all_of_it_was_read() -> None:
    machine = demanded()
    machine.restart(60.0)
    assert machine.first(machine.see()).action is Action.UNKNOWN, "its trip may have come and is not read yet"
    machine.unread = {"TR-1"}
    assert machine.first(machine.see()).action is Action.UNKNOWN
    read_all(machine)
    assert machine.first(machine.see()).action is Action.FAILED_TO_TRIP


def test_a_trip_that_came_meanwhile_is_no_failure() -> None:
    machine = demanded()
    machine.restart(60.0)
    machine.see()
    read_all(machine)
    found = machine.see(TR_1=1.0, XV_1=1.0)
    assert machine.first(found).action is Action.TRIPPED
    (feedback,) = machine.first(found).feedback
    assert (feedback.answer, feedback.at_most) == (Answer.UNKNOWN, True), "nobody saw when the valve closed"


def test_a_demand_that_ended_meanwhile_is_no_failure() -> None:
    machine = demanded()
    machine.restart(60.0)
    machine.unread = {"LS-1"}
    machine.see(LS_1=0.0)
    assert machine.first(machine.see()).action is not Action.FAILED_TO_TRIP, "the trip is read, the cause is not"
    read_all(machine)
    assert machine.first(machine.see()).action is Action.READY
    machine.see(12.0)
    assert machine.disk == {}


def test_a_device_that_stays_silent_answers_nothing() -> None:
    machine = demanded()
    machine.restart(60.0)
    machine.see(GRACE_S - 0.1)
    assert machine.watch.due_ns == machine.mono_ns + SECOND // 10
    found = machine.see(0.1)
    assert machine.first(found).action is Action.FAILED_TO_TRIP
    assert machine.first(found).demanded_by == ("LS-1",)


def test_a_silent_device_is_not_waited_for_beyond_the_deadline_when_it_was_read_once() -> None:
    machine = demanded()
    machine.restart(0.5)
    read_all(machine)
    machine.see(0.1)
    machine.readings = {name: (value, STALE) for name, (value, _) in machine.readings.items()}
    assert fails_after_s(machine) == pytest.approx(1.5, abs=0.11)


@pytest.mark.parametrize("step_s", [-HOUR_S, HOUR_S, -1.0, 1.0])
def test_a_clock_that_was_set_meanwhile_changes_no_deadline(step_s: float) -> None:
    machine = demanded()
    machine.restart(0.5, step_s=step_s)
    read_all(machine)
    assert fails_after_s(machine) == pytest.approx(1.6, abs=0.11)


@pytest.mark.parametrize(("step_s", "expected_s"), [(0.0, 1.1), (-HOUR_S, 10.1), (HOUR_S, 0.1)])
def test_over_a_start_of_the_machine_a_deadline_is_bounded(step_s: float, expected_s: float) -> None:
    """Never longer than all of it again, and never sooner than its inputs were read."""
    machine = demanded()
    machine.restart(1.0, step_s=step_s, reboot=True)
    read_all(machine)
    assert fails_after_s(machine) == pytest.approx(expected_s, abs=0.11)


def test_a_clock_that_was_set_back_does_not_begin_the_deadline_at_every_start() -> None:
    machine = demanded()
    machine.restart(1.0, step_s=-HOUR_S, reboot=True)
    machine.see(0.1)
    machine.restart(6.0, reboot=True)
    read_all(machine)
    assert fails_after_s(machine) == pytest.approx(3.9, abs=0.15)


def test_a_demand_that_was_answered_has_not_failed_before_a_device_that_stays_silent() -> None:
    machine = demanded(after_s=1.0)
    machine.see(TR_1=1.0, XV_1=1.0)
    machine.restart(5.0)
    for _ in range(5):
        assert machine.first(machine.see(GRACE_S)).action is Action.UNKNOWN
        assert machine.watch.due_ns is None or machine.watch.due_ns > machine.mono_ns, "nothing is due all the time"
    read_all(machine)
    assert machine.first(machine.see()).action is Action.TRIPPED


def test_it_would_have_tripped_goes_on() -> None:
    machine = Machine()
    machine.see(BP_1=1.0)
    machine.see(LS_1=1.0)
    machine.restart(3.0)
    found = machine.see()
    assert machine.first(found).action is Action.DEMAND_WHILE_BYPASSED
    assert machine.first(found).demanded_by == ("LS-1",)


def test_a_spurious_trip_stays_one_and_a_caused_one_stays_caused() -> None:
    machine = Machine()
    machine.see()
    machine.see(TR_1=1.0, XV_1=1.0, LS_2=1.0)
    machine.see(TR_2=1.0)
    machine.see(LS_2=0.0)
    assert [state.action for state in machine.see(20.0).states] == [Action.SPURIOUS_TRIP, Action.TRIPPED]
    machine.restart(5.0)
    machine.see()
    read_all(machine)
    assert [state.action for state in machine.see().states] == [Action.SPURIOUS_TRIP, Action.TRIPPED]
    machine.see(TR_1=0.0, TR_2=0.0)
    assert machine.disk == {}


def test_a_trip_that_stands_and_was_never_seen_before_is_taken_to_have_had_a_cause() -> None:
    machine = Machine()
    machine.see()
    machine.restart(5.0)
    read_all(machine)
    assert machine.first(machine.see(TR_1=1.0, XV_1=1.0)).action is Action.TRIPPED
    assert machine.first(machine.see(30.0)).action is Action.TRIPPED


def test_the_time_of_an_effect_is_kept_and_told_once() -> None:
    machine = demanded(after_s=1.0)
    found = machine.see(TR_1=1.0, XV_1=1.0)
    assert [change.after for change in found.changes if change.axis == "feedback"] == ["within"]
    machine.restart(5.0)
    read_all(machine)
    after = machine.see()
    assert [change.after for change in after.changes if change.axis == "feedback"] == []
    (feedback,) = machine.first(after).feedback
    assert (feedback.answer, feedback.after_s, feedback.at_most) == (Answer.WITHIN, 2.0, False)


@pytest.mark.parametrize(
    "changed",
    [
        replace(ONE, outputs=(Effect(tag="XV-1", acted_when=1, within_s=20.0),)),
        replace(ONE, inputs=(*ONE.inputs, Cause(tag="LS-2", sense="state", trip_point=1.0))),
        replace(ONE, inputs=(Cause(tag="LS-1", sense="state", trip_point=0.0),)),
        replace(ONE, needed=2),
        replace(ONE, trip_tag=None),
        replace(ONE, bypass_bits=(BypassBit(tag="BP-1", bypassed_when=0),)),
    ],
)
def test_an_interlock_that_was_defined_anew_begins_afresh_and_the_others_go_on(changed: Interlock) -> None:
    machine = demanded()
    machine.see(LS_2=1.0)
    machine.restart(0.0, changed, OTHER)
    assert machine.left_out == ["SIS-1"]
    found = machine.see()
    assert [state.demanded_by for state in found.states] == [(), ("LS-2",)]
    assert set(machine.disk) == {"SIS-2"}


def test_words_permits_and_the_order_of_the_register_change_nothing() -> None:
    machine = demanded()
    named = replace(ONE, name_zh="别的", owner="x", permit_required=False, trip_point_tolerance=1.0)
    machine.restart(0.5, OTHER, named)
    assert machine.left_out == []
    read_all(machine)
    machine.see(0.1)
    assert machine.watch.states[1].demanded_by == ("LS-1",)


def test_another_range_of_a_cause_is_another_definition() -> None:
    wider = table(*(replace(each, high=50.0) if each.id == "LS-1" else each for each in TAGS))
    assert fingerprint(ONE, wider) != fingerprint(ONE, PLANT)
    assert fingerprint(OTHER, wider) == fingerprint(OTHER, PLANT)


def test_an_interlock_that_is_gone_is_forgotten() -> None:
    machine = demanded()
    machine.restart(0.0, OTHER)
    assert machine.left_out == ["SIS-1"]
    machine.see()
    assert machine.disk == {}


# --- the bytes ------------------------------------------------------------------------------------

age = st.none() | st.integers(0, LONGEST_NS)
sights = st.lists(
    st.builds(
        Sight,
        after_ns=age,
        at_most=st.booleans(),
        by_source_time=st.booleans(),
        blind=st.booleans(),
    ),
    max_size=3,
).map(tuple)
demands = sights.flatmap(
    lambda seen: st.builds(
        Demand,
        mono_ns=st.integers(-(10**17), 10**15),
        source_ns=st.none() | st.integers(0, 2**62),
        sights=st.just(seen),
        told=st.just(()) | st.tuples(*[st.sampled_from(list(Answer))] * len(seen)),
    )
)
memories = st.builds(
    Remembered,
    demand_age_ns=age,
    withheld=st.booleans(),
    trip_age_ns=age,
    caused=st.booleans(),
    demanded_by=st.lists(st.text(max_size=5), max_size=3).map(tuple),
    asked=st.none() | demands,
)
instants = st.builds(Instant, st.integers(10**15, 10**17), st.integers(0, 2**62), st.sampled_from(["", "a", "b"]))


@settings(max_examples=50)
@given(memories, instants, instants)
def test_what_is_written_is_read_again_older_by_what_passed(what: Remembered, then: Instant, now: Instant) -> None:
    effects = len(what.asked.sights) if what.asked else 1
    found = decode(encode(what, "p", then), "p", effects, now)
    passed_ns = passed_since(then, now)
    assert passed_ns >= 0
    assert (found.withheld, found.caused, found.demanded_by) == (what.withheld, what.caused, what.demanded_by)
    for was, is_now in ((what.demand_age_ns, found.demand_age_ns), (what.trip_age_ns, found.trip_age_ns)):
        assert is_now == (None if was is None else was + passed_ns)
    assert (found.asked is None) is (what.asked is None)
    if what.asked and found.asked:
        assert now.mono_ns - found.asked.mono_ns == then.mono_ns - what.asked.mono_ns + passed_ns
        assert replace(found.asked, mono_ns=0) == replace(what.asked, mono_ns=0)


@given(instants, instants)
def test_time_never_runs_backwards_and_on_one_start_of_a_machine_the_wall_clock_says_nothing(
    then: Instant, now: Instant
) -> None:
    passed_ns = passed_since(then, now)
    assert 0 <= passed_ns <= LONGEST_NS
    if then.boot == now.boot != "" and now.mono_ns >= then.mono_ns:
        assert passed_ns == now.mono_ns - then.mono_ns
    elif now.wall_ns < then.wall_ns:
        assert passed_ns == 0


def body(**changed: object) -> bytes:
    asked = Demand(mono_ns=0, source_ns=None, sights=(Sight(),))
    what = Remembered(
        demand_age_ns=1, withheld=False, trip_age_ns=None, caused=False, demanded_by=("LS-1",), asked=asked
    )
    told: Mapping[str, object] = json.loads(encode(what, "p", Instant(5, 6, "a")))
    return json.dumps({**told, **changed}).encode()


BROKEN: Sequence[bytes] = (
    b"", b"{}", b"[]", b"nothing", body(format=2), body(print="q"), body(demand_age_ns=-1), body(demand_age_ns="1"),
    body(trip_age_ns=2**62), body(at=[1]), body(at=None), body(asked={}), body(asked=7), body(demanded_by=3),
    body(asked={"age_ns": 1, "source_ns": None, "sights": [], "told": []}),
    body(asked={"age_ns": None, "source_ns": None, "sights": [], "told": []}),
)  # fmt: skip


@pytest.mark.parametrize("stored", BROKEN)
def test_a_row_that_cannot_be_believed_is_left_out(stored: bytes) -> None:
    now = Instant(10, 20, "a")
    decode(body(), "p", 1, now)
    with pytest.raises(UnreadableError):
        decode(stored, "p", 1, now)
    machine = Machine()
    machine.disk = {"SIS-1": StoredInterlock(id="SIS-1", wall_ns=1, body=stored)}
    machine.start()
    assert machine.left_out == ["SIS-1"]
    machine.see()
    assert machine.disk == {}, "it does not come back at the next start"


times = st.sampled_from([0.0, 0.3, 1.0, 2.0, 5.0, 9.9, 10.1, 30.0])
happening = st.tuples(times, st.fixed_dictionaries({}, optional=dict.fromkeys(PLANT.ids, st.sampled_from([0.0, 1.0]))))


def walked(history: list[tuple[float, dict[str, float]]], killed_at: int) -> None:
    """A service that is killed between two scans and at once read again judges as one that ran on."""
    steady, killed = Machine(), Machine()
    steady.see()
    killed.see()
    for number, (seconds, changed) in enumerate(history):
        if number == killed_at:
            killed.restart(0.0)
            read_all(killed)
            open_or_tripped = set(killed.disk)
        words = {name.replace("-", "_"): value for name, value in changed.items()}
        one, two = steady.see(seconds, **words), killed.see(seconds, **words)
        if number < killed_at:
            continue
        for before, after in zip(one.states, two.states, strict=True):
            if before.id in open_or_tripped and number == killed_at:
                assert after.action is before.action, before.id
                assert after.demanded_by == before.demanded_by


@settings(max_examples=25)
@given(st.lists(happening, min_size=2, max_size=8), st.integers(0, 7))
def test_a_kill_between_two_scans_changes_nothing_that_is_open(
    history: list[tuple[float, dict[str, float]]], killed_at: int
) -> None:
    walked(history, killed_at)


@pytest.mark.soak
@settings(max_examples=10_000)
@given(st.lists(happening, min_size=2, max_size=12), st.integers(0, 11))
def test_a_kill_between_two_scans_changes_nothing_that_is_open_for_long(
    history: list[tuple[float, dict[str, float]]], killed_at: int
) -> None:
    walked(history, killed_at)
