"""Scenario files play every state and every transition of the three axes; what no file shows is named as impossible.

A step: `after_s` (1) passes; `wall_step_s` moves the wall clock alone; `set` changes readings, `lost` makes them bad, `silent`
all of them stale, `back` all good again; `permit` is granted for `bits` and an hour, revoked, checked or fails its check; `is` is
the state that must be seen, `cover`, `unused` and `told` (steps of permits) what else.
"""

import tomllib
from itertools import pairwise, permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alarms.commands import CommandRefusedError
from monitor.interlocks.axes import Action, Service, Voting
from monitor.interlocks.permit_commands import Approve, CheckFunction, Request, Revoke
from monitor.interlocks.permits import PermitState, PermitStep, PermitTrigger
from monitor.interlocks.register import BypassBit, Cause, Effect, InterlockClass, Register
from monitor.interlocks.watch import InterlockWatch, Watched
from rules.columns.quality import Quality
from tests.monitor.interlocks.register import interlock
from tests.rules.plants import SECOND, START_WALL_NS, snapshot, table, tag

FILES = {path.stem: tomllib.loads(path.read_text()) for path in (Path(__file__).parent / "scenarios").glob("*.toml")}
SCENARIOS = [(axis, each) for axis, file in FILES.items() for each in file["scenarios"]]
STATES: dict[str, list[str]] = {"service": list(Service), "action": list(Action), "voting": list(Voting)}
BITS = ("BP-0", "BP-1", "BP-2", "BP-3")
PLANT = table(
    *(tag(f"LT-{n}") for n in (1, 2, 3)),
    *(tag(name, discrete=True, normal_state=0) for name in (*BITS, "TR-1", "XV-1")),
)
CLASSES = {
    "B": InterlockClass(id="B", approval=("shift_leader",)),
    "C": InterlockClass(id="C", approval=("shift_leader",), function_check=False),
}
Pair = tuple[str, str]


class Field:
    """One interlock, 2oo3, with a bit for each input and one for all; read once a step."""

    def __init__(self, interlock_class: str = "B") -> None:
        item = interlock(
            inputs=[Cause(tag=f"LT-{n}", sense="high", trip_point=90.0) for n in (1, 2, 3)],
            bits=[BypassBit(tag="BP-0", bypassed_when=1)]
            + [BypassBit(tag=f"BP-{n}", bypassed_when=1, cause=f"LT-{n}") for n in (1, 2, 3)],
            outputs=[Effect(tag="XV-1", acted_when=1, within_s=3.0)],
            needed=2,
            interlock_class=interlock_class,
        )
        self.watch = InterlockWatch(Register(interlocks=(item,), classes=CLASSES), PLANT)
        self.mono_ns = 0
        self.wall_ahead_ns = 0
        self.values = {name: 50.0 if name.startswith("LT") else 0.0 for name in PLANT.ids}
        self.quality = dict.fromkeys(PLANT.ids, Quality.GOOD)

    @property
    def wall_ns(self) -> int:
        return START_WALL_NS + self.mono_ns + self.wall_ahead_ns

    def step(self, step: dict[str, Any]) -> Watched:
        self.mono_ns += round(step.get("after_s", 1) * SECOND)
        self.wall_ahead_ns += round(step.get("wall_step_s", 0) * SECOND)
        if step.get("back"):
            self.quality = dict.fromkeys(PLANT.ids, Quality.GOOD)
        if step.get("silent"):
            self.quality = dict.fromkeys(PLANT.ids, Quality.STALE)
        self.quality |= dict.fromkeys(step.get("lost", ()), Quality.BAD)
        changed = step.get("set", {})
        # the valve follows the relay, where nothing else is said
        self.values |= ({"XV-1": changed["TR-1"]} if "TR-1" in changed else {}) | changed
        if "permit" in step:
            getattr(self, step["permit"])(step)
        seen = snapshot(PLANT, self.mono_ns, {name: (self.values[name], self.quality[name]) for name in PLANT.ids})
        object.__setattr__(seen, "wall_ns", self.wall_ns)
        return self.watch.watch(seen)

    # --- what people do -----------------------------------------------------------------------

    def grant(self, step: dict[str, Any]) -> None:
        asked = Request(
            interlock="SIS-1", bits=tuple(step["bits"]), reason="检修", risk="满罐", measures=("监护",),
            start_wall_ns=self.wall_ns, until_wall_ns=self.wall_ns + 3600 * SECOND, person="a", person_name="甲",
        )  # fmt: skip
        permit = self.watch.book.obey(asked, self.wall_ns).permit
        self.watch.book.obey(Approve(id=permit.id, person="b", person_name="乙", role="shift_leader"), self.wall_ns)

    def revoke(self, step: dict[str, Any]) -> None:
        one = next(item for item in self.watch.book.open() if item.state is not PermitState.RESTORING)
        self.watch.book.obey(
            Revoke(id=one.id, person="b", person_name="乙", role="shift_leader", comment="停"), self.wall_ns
        )

    def check(self, step: dict[str, Any], *, passed: bool = True) -> None:
        one = next(item for item in self.watch.book.open() if item.state is PermitState.RESTORING)
        self.watch.book.obey(
            CheckFunction(id=one.id, person="c", person_name="丙", passed=passed, comment="试验"), self.wall_ns
        )

    def fail(self, step: dict[str, Any]) -> None:
        self.check(step, passed=False)


def told(step: PermitStep) -> str:
    return f"mark {step.mark}" if step.trigger is PermitTrigger.MARK else step.trigger.value


@pytest.mark.parametrize(("axis", "scenario"), SCENARIOS, ids=[f"{axis}: {each['name']}" for axis, each in SCENARIOS])
def test_a_scenario(axis: str, scenario: dict[str, Any]) -> None:
    field = Field(scenario.get("class", "B"))
    for number, step in enumerate(scenario["steps"]):
        found = field.step(step)
        (state,) = found.states
        where = f"step {number + 1}: {step}"
        assert getattr(state, axis) == step["is"], where
        assert state.cover == step.get("cover", state.cover), where
        assert state.unused_permit is step.get("unused", False), where
        if "told" in step:
            assert [told(each) for each in found.steps] == step["told"], where


def shown(axis: str) -> set[Pair]:
    """Every pair of neighbouring states in the scenarios of one axis; the start is unknown."""
    found: set[Pair] = set()
    for scenario in FILES[axis]["scenarios"]:
        states = ["unknown", *(step["is"] for step in scenario["steps"])]
        found |= {(before, after) for before, after in pairwise(states) if before != after}
    return found


def impossible(axis: str) -> set[Pair]:
    pairs = (name.split(" > ") for name in FILES[axis]["impossible"])
    return {(before, after) for before, after in pairs}


@pytest.mark.parametrize("axis", STATES)
def test_every_transition_is_played_or_said_to_be_impossible(axis: str) -> None:
    every = set(permutations([str(state) for state in STATES[axis]], 2))
    assert shown(axis) | impossible(axis) == every, every - shown(axis) - impossible(axis)
    assert not shown(axis) & impossible(axis)


reading = st.dictionaries(st.sampled_from(["LT-1", "LT-2"]), st.sampled_from([50.0, 95.0]), max_size=2)
contact = st.dictionaries(st.sampled_from([*BITS[:3], "TR-1"]), st.sampled_from([0.0, 1.0]), max_size=2)
happening = st.fixed_dictionaries(
    {"after_s": st.sampled_from([0.1, 1, 1, 2, 5, 1200, 3600]), "set": st.builds(lambda a, b: a | b, reading, contact)},
    optional={
        "lost": st.lists(st.sampled_from(PLANT.ids), max_size=2),
        "silent": st.just(True),
        "back": st.just(True),
        "wall_step_s": st.sampled_from([-4000, 4000]),
        "permit": st.sampled_from(["grant", "revoke", "check", "fail"]),
        "bits": st.just(["BP-1"]),
    },
)


def walked(steps: list[dict[str, Any]], interlock_class: str) -> None:
    field, before = Field(interlock_class), dict.fromkeys(STATES, "unknown")
    for step in steps:
        try:
            found = field.step({"bits": ["BP-1"], **step})
        except (CommandRefusedError, StopIteration):  # nobody may do that now: the step without the command
            found = field.step({key: value for key, value in step.items() if key not in ("permit", "after_s")})
        (state,) = found.states
        for axis in STATES:
            pair = (before[axis], str(getattr(state, axis)))
            assert pair not in impossible(axis), pair
            before[axis] = pair[1]


@settings(max_examples=50)
@given(st.lists(happening, min_size=2, max_size=14), st.sampled_from(["B", "C"]))
def test_what_is_said_to_be_impossible_never_happens(steps: list[dict[str, Any]], interlock_class: str) -> None:
    walked(steps, interlock_class)


@pytest.mark.soak
@settings(max_examples=10_000)
@given(st.lists(happening, min_size=2, max_size=20), st.sampled_from(["B", "C"]))
def test_what_is_said_to_be_impossible_never_happens_for_long(
    steps: list[dict[str, Any]], interlock_class: str
) -> None:
    walked(steps, interlock_class)
