"""Interlocks through time: what turns, what is told, and what permits make of it."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.interlocks.axes import Action, Cover, Service
from monitor.interlocks.judge import ACTIONS, SERVICES, VOTINGS
from monitor.interlocks.permit_commands import Approve, CheckFunction, Request
from monitor.interlocks.permits import PermitTrigger
from monitor.interlocks.register import BypassBit, Cause, Effect, InterlockClass, Register
from monitor.interlocks.watch import InterlockWatch, Watched
from rules.verdicts import Verdict
from tests.monitor.interlocks.register import interlock
from tests.rules.plants import SECOND, START_WALL_NS, snapshot, table, tag

PLANT = table(
    tag("LT-1"),
    tag("LT-2"),
    *(tag(name, discrete=True, normal_state=0) for name in ("LS-1", "BP-1", "BP-2", "TR-1", "XV-1")),
)
ONE = interlock(
    inputs=[Cause(tag="LS-1", sense="state", trip_point=1.0), Cause(tag="LT-1", sense="high", trip_point=90.0)],
    bits=[BypassBit(tag="BP-1", bypassed_when=1), BypassBit(tag="BP-2", bypassed_when=1)],
    outputs=[Effect(tag="XV-1", acted_when=1, within_s=3.0)],
)
REGISTER = Register(interlocks=(ONE,), classes={"B": InterlockClass(id="B", approval=("shift_leader",))})
QUIET = {"LS-1": 0.0, "LT-1": 50.0, "LT-2": 0.0, "BP-1": 0.0, "BP-2": 0.0, "TR-1": 0.0, "XV-1": 0.0}


class Chain:
    """One watch, one sweep a second."""

    def __init__(self) -> None:
        self.watch = InterlockWatch(REGISTER, PLANT)
        self.mono_ns = 0

    @property
    def wall_ns(self) -> int:
        return START_WALL_NS + self.mono_ns

    def see(self, seconds: float = 1.0, **changed: float) -> Watched:
        self.mono_ns += round(seconds * SECOND)
        now = QUIET | {name.replace("_", "-"): value for name, value in changed.items()}
        return self.watch.watch(snapshot(PLANT, self.mono_ns, {name: (value, 0) for name, value in now.items()}))

    def permit(self, *bits: str, hours: float = 1.0) -> None:
        book = self.watch.book
        asked = book.obey(
            Request(
                interlock="SIS-1", bits=bits, reason="检修", risk="满罐", measures=("监护",), start_wall_ns=self.wall_ns,
                until_wall_ns=self.wall_ns + round(hours * 3600 * SECOND), person="a", person_name="甲",
            ),
            self.wall_ns,
        )  # fmt: skip
        book.obey(Approve(id=asked.permit.id, person="b", person_name="乙", role="shift_leader"), self.wall_ns)


def turned(watched: Watched) -> list[tuple[str, str, str]]:
    return [(change.axis, change.before, change.after) for change in watched.changes]


def test_the_first_look_tells_what_was_unknown_and_a_quiet_one_nothing() -> None:
    chain = Chain()
    assert turned(chain.see()) == [
        ("service", "unknown", "in_service"), ("action", "unknown", "ready"), ("voting", "unknown", "full"),
    ]  # fmt: skip
    first = chain.see()
    assert turned(first) == []
    assert chain.see().states is first.states


def test_a_bypass_without_permit_then_with_one_then_overdue() -> None:
    chain = Chain()
    chain.see()
    assert ("service", "in_service", "bypassed_unauthorised") in turned(chain.see(BP_1=1.0))
    back = chain.see()
    assert ("service", "bypassed_unauthorised", "in_service") in turned(back)
    chain.permit("BP-1")
    assert turned(chain.see()) == []
    assert chain.see().states[0].unused_permit
    used = chain.see(BP_1=1.0)
    assert [step.trigger for step in used.steps] == [PermitTrigger.USED]
    assert used.states[0].service is Service.BYPASSED_AUTHORISED
    assert used.turned_worse == ()
    late = chain.see(3600, BP_1=1.0)
    assert late.states[0].service is Service.BYPASSED_OVERDUE
    assert late.turned_worse == (0,), "it stood already: it is announced anew"
    restored = chain.see()
    assert restored.states[0].service is Service.RESTORED_UNCHECKED
    (permit,) = chain.watch.book.open()
    chain.watch.book.obey(
        CheckFunction(id=permit.id, person="c", person_name="丙", passed=True, comment="合格"), chain.wall_ns
    )
    assert chain.see().states[0].service is Service.IN_SERVICE


def test_another_switch_than_the_permit_names_is_unauthorised() -> None:
    chain = Chain()
    chain.see()
    chain.permit("BP-1")
    chain.see(BP_1=1.0)
    both = chain.see(BP_1=1.0, BP_2=1.0)
    assert (both.states[0].cover, both.states[0].service) == (Cover.WRONG_INPUT, Service.BYPASSED_UNAUTHORISED)
    assert both.turned_worse == (0,)


def test_a_trip_is_told_with_first_out_and_response_time() -> None:
    chain = Chain()
    chain.see()
    chain.see(LS_1=1.0)
    chain.see(LS_1=1.0, LT_1=95.0)
    tripped = chain.see(LS_1=1.0, LT_1=95.0, TR_1=1.0, XV_1=1.0)
    (change,) = [change for change in tripped.changes if change.axis == "action"]
    assert change.after == Action.TRIPPED
    assert change.detail["response_s"] == 2.0
    assert change.detail["required_s"] == 3.0
    assert {item["tag"] for item in change.detail["causes"]} == {"LS-1", "LT-1"}
    assert set(change.detail["first_out"]) == {"LS-1", "LT-1"}, "both were read in this sweep: the order is undecided"
    assert change.detail["undecided_ms"] == 1000.0


def test_it_would_have_tripped_and_the_bypass_says_by_what() -> None:
    chain = Chain()
    chain.see(BP_2=1.0)
    found = chain.see(BP_2=1.0, LT_1=91.0)
    state = found.states[0]
    assert (state.action, state.bypassed_by, state.demanded_by) == (
        Action.DEMAND_WHILE_BYPASSED, ("BP-2",), ("LT-1",),
    )  # fmt: skip
    assert state.headline.word == Action.DEMAND_WHILE_BYPASSED


def test_a_silent_device_is_unknown_on_every_axis_and_nothing_is_ready() -> None:
    chain = Chain()
    chain.see()
    chain.mono_ns += SECOND
    gone = snapshot(PLANT, chain.mono_ns, {name: (value, 3) for name, value in QUIET.items()})
    found = chain.watch.watch(gone)
    state = found.states[0]
    assert (state.service, state.action, state.voting) == ("unknown", "unknown", "unknown")
    assert state.tripped is None
    assert np.array_equal(found.cover, np.zeros(1, np.uint8))


MANY = 5
FIELD = table(
    *(tag(f"{name}-{n}", discrete=True, normal_state=0) for n in range(MANY) for name in ("LS", "LQ", "BP", "BQ", "TR"))
)
REGISTER_OF_MANY = Register(
    interlocks=tuple(
        interlock(
            f"SIS-{n}",
            inputs=[Cause(tag=f"{name}-{n}", sense="state", trip_point=1.0) for name in ("LS", "LQ")],
            bits=[BypassBit(tag=f"{name}-{n}", bypassed_when=1) for name in ("BP", "BQ")],
            trip_tag=f"TR-{n}",
        )
        for n in range(MANY)
    )
)
sight = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(FIELD.ids, st.tuples(st.sampled_from([0.0, 1.0]), st.sampled_from([0, 0, 0, 3])))
)


@settings(max_examples=50)
@given(st.lists(sight, min_size=1, max_size=12))
def test_only_what_differs_is_made_anew_and_nothing_that_differs_is_missed(
    history: list[dict[str, tuple[float, int]]],
) -> None:
    watch, now_ns = InterlockWatch(REGISTER_OF_MANY, FIELD), 0
    readings = dict.fromkeys(FIELD.ids, (0.0, 0))
    for seen in history:
        now_ns += SECOND
        readings |= seen
        before = watch.states
        found = watch.watch(snapshot(FIELD, now_ns, readings))
        for n, state in enumerate(found.states):
            judged = found.judgement
            assert state.service is SERVICES[judged.service[n]]
            assert state.action is ACTIONS[judged.action[n]]
            assert state.voting is VOTINGS[judged.voting[n]]
            assert (state.demand, state.trip) == (Verdict(judged.demand[n]), Verdict(judged.tripped[n]))
            assert state.bypassed_by == tuple(
                f"{name}-{n}" for name in ("BP", "BQ") if readings[f"{name}-{n}"] == (1.0, 0)
            )
            causes = tuple(f"{name}-{n}" for name in ("LS", "LQ") if readings[f"{name}-{n}"] == (1.0, 0))
            is_open = state.demand is Verdict.UNKNOWN and state.demanded_by == before[n].demanded_by
            assert state.demanded_by == causes or (is_open and not causes)
            turned_here = {change.axis for change in found.changes if change.interlock == state.id}
            axes = ("service", "action", "voting")
            assert turned_here == {axis for axis in axes if getattr(state, axis) != getattr(before[n], axis)}
            if state == before[n]:
                assert state is before[n], "what stays is the same object"


def test_an_open_demand_names_its_causes_through_a_silence() -> None:
    chain = Chain()
    chain.see()
    chain.see(LS_1=1.0)
    for _ in range(5):
        chain.mono_ns += SECOND
        gone = snapshot(PLANT, chain.mono_ns, {name: (value, 3) for name, value in QUIET.items()})
        state = chain.watch.watch(gone).states[0]
    assert (state.action, state.demand, state.demanded_by) == (Action.FAILED_TO_TRIP, Verdict.UNKNOWN, ("LS-1",))
    assert chain.see().states[0].demanded_by == ()
