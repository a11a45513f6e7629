"""Shadow rules: judged beside the live ones, compared, raising nothing, and unable to harm them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import pytest

from monitor.hazards.shadow import ShadowDifference, ShadowState
from monitor.scan import shadow as shadow_module
from monitor.scan.shadow import Shadow, ShadowPlan
from rules.catalog import KINDS, Delays, Limit, Rule
from rules.compile import compile_rules
from rules.kinds.states import DiscreteState, DiscreteStateGroup, DiscreteStateKind
from rules.port import Judged, Moment, State
from tests.monitor.scan.support import RULES, SECOND_NS, START_WALL_NS, TABLE, Bench

LEVEL = cast("Limit", RULES[0])
PRESSURE = cast("Limit", RULES[2])


def plan(*rules: Rule, fingerprint: str = "f1") -> ShadowPlan:
    return ShadowPlan(folder="/plant/shadow", fingerprint=fingerprint, rule_set=compile_rules(rules, TABLE))


def bench_with(*rules: Rule) -> tuple[Bench, Shadow]:
    bench = Bench()
    bench.scanner.shadow = Shadow(plan(*rules), bench.plan.rule_set, bench.clock)
    return bench, bench.scanner.shadow


async def sweep(bench: Bench, seconds: float = 1.0, **readings: float) -> ShadowState:
    bench.clock.pass_s(seconds)
    bench.read_all(**readings)
    await bench.scanner.scan()
    assert bench.scanner.shadow is not None
    return bench.scanner.shadow.state


async def test_the_same_rules_never_differ() -> None:
    bench, _ = bench_with(*RULES)
    for level, pressure in ((5.0, 1.0), (15.0, 15.0), (15.0, 15.0), (15.0, 15.0), (9.5, 1.0), (5.0, 1.0)):
        state = await sweep(bench, level=level, pressure=pressure)
        assert (state.word, state.rules, state.same, state.changed) == ("on", 3, 3, 0)
        assert (state.only_live, state.only_shadow, state.differing, state.differences) == (0, 0, 0, ())


async def test_a_tighter_limit_is_true_where_the_live_one_is_not_and_raises_nothing() -> None:
    bench, shadow = bench_with(replace(LEVEL, set_point=8.0), *RULES[1:])
    await sweep(bench, level=5.0)
    assert shadow.state.differences == ()
    state = await sweep(bench, level=9.0)
    since = bench.clock.wall
    wanted = ShadowDifference(
        id="LT-1.H", live=False, shadow=True, since_wall_ns=since, times=1, live_raised=0, shadow_raised=1
    )
    assert (state.differing, state.differences) == (1, (wanted,))
    assert (state.same, state.changed) == (2, 1)
    assert bench.triggers() == []
    state = await sweep(bench, level=11.0)
    assert state.differences == (
        replace(wanted, live=True, since_wall_ns=None, live_raised=1),
    )  # both are TRUE: it differed once
    await sweep(bench, level=5.0)
    state = await sweep(bench, level=9.0)
    assert (state.differences[0].times, state.differences[0].shadow_raised) == (2, 2)
    assert [trigger for _, trigger in bench.triggers()] == ["raised", "returned"]
    assert bench.publisher.view().shadow is not None


async def test_rules_that_only_one_set_has() -> None:
    new = Limit(id="PT-2.HH", tag="PT-2", kind="HH", set_point=12.0)
    bench, _ = bench_with(*RULES[:2], new)
    state = await sweep(bench, level=15.0, pressure=13.0)
    assert (state.only_live, state.only_shadow, state.same) == (1, 1, 2)
    assert [(item.id, item.live, item.shadow) for item in state.differences] == [("PT-2.HH", None, True)]
    state = await sweep(bench, 3.0, level=15.0, pressure=13.0)
    assert [(item.id, item.live, item.shadow) for item in state.differences] == [
        ("PT-2.HH", None, True),
        ("PT-2.H", True, None),
    ]


async def test_the_first_comparison_goes_on_from_what_the_live_rules_know() -> None:
    bench = Bench()
    await sweep_live(bench, level=15.0, pressure=15.0)
    bench.scanner.shadow = Shadow(plan(*RULES), bench.plan.rule_set, bench.clock)
    # LT-1.H stands inside its dead band, the delay of PT-2.H runs: a set that began from nothing would differ in both
    for _ in range(3):
        state = await sweep(bench, level=9.5, pressure=15.0)
        assert state.differences == ()
    assert ("PT-2.H", "raised") in bench.triggers()


async def sweep_live(bench: Bench, **readings: float) -> None:
    bench.clock.pass_s(1)
    bench.read_all(**readings)
    await bench.scanner.scan()


async def test_other_files_go_on_with_the_memory_of_unchanged_rules_and_compare_anew() -> None:
    longer = replace(PRESSURE, delays=Delays(on_delay_ns=4 * SECOND_NS))
    bench, shadow = bench_with(replace(LEVEL, set_point=8.0), longer)
    await sweep(bench, level=9.0, pressure=15.0)
    await sweep(bench, 2.0, level=9.0, pressure=15.0)
    assert shadow.state.differing == 2
    shadow.refuse("第 3 行有错", "line 3 is wrong")
    assert (shadow.state.word, shadow.state.reason_en) == ("refused", "line 3 is wrong")
    assert shadow.state.differing == 2  # what is judged goes on
    shadow.replace(plan(LEVEL, longer, fingerprint="f2"))
    assert (shadow.state.word, shadow.state.fingerprint, shadow.state.differences) == ("on", "f2", ())
    assert shadow.state.since_wall_ns == bench.clock.wall > START_WALL_NS
    state = await sweep(bench, level=5.0, pressure=15.0)
    assert [(item.id, item.live, item.shadow) for item in state.differences] == [("PT-2.H", True, False)]
    state = await sweep(bench, level=5.0, pressure=15.0)  # its delay began under the first files
    assert (state.differing, state.differences[0].shadow) == (0, True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wicked(DiscreteState):
    """A rule whose judgement does harm."""


HARM: dict[str, Callable[[Moment], None]] = {}


class WickedGroup(DiscreteStateGroup):
    def judge(self, moment: Moment, active: np.ndarray[Any, np.dtype[np.bool_]], state: State) -> Judged:
        HARM["now"](moment)
        return DiscreteStateGroup.judge(self, moment, active, state)

    def at(self, places: np.ndarray[Any, np.dtype[np.intp]]) -> "WickedGroup":
        return WickedGroup(
            position=self.position[places], row=self.row[places], abnormal_state=self.abnormal_state[places]
        )


class WickedKind(DiscreteStateKind):
    def group(self, rules: Any, table: Any) -> WickedGroup:
        made = super().group(rules, table)
        return WickedGroup(position=made.position, row=made.row, abnormal_state=made.abnormal_state)


@pytest.fixture
def wicked() -> Iterator[Wicked]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(cast("dict[Any, Any]", KINDS), Wicked, WickedKind())
        yield Wicked(id="LSHH-1.state", tag="LSHH-1", abnormal_state=1)


def divide(_: Moment) -> None:
    raise ZeroDivisionError("inside a shadow rule")


def write(moment: Moment) -> None:
    moment.value[:] = 0.0


@pytest.mark.parametrize(("harm", "says"), [(divide, "inside a shadow rule"), (write, "read-only")])
async def test_a_shadow_that_fails_is_switched_off_and_the_live_rules_go_on(
    wicked: Wicked, harm: Callable[[Moment], None], says: str, caplog: pytest.LogCaptureFixture
) -> None:
    bench, shadow = bench_with(replace(LEVEL, set_point=8.0), wicked)
    HARM["now"] = lambda moment: None
    state = await sweep(bench, level=9.0)
    assert (state.word, state.differing) == ("on", 1)
    HARM["now"] = harm
    state = await sweep(bench, level=9.0, switch=1.0)  # only what changed is judged again
    assert (state.word, state.differing) == ("off", 0)
    assert says in state.reason_zh
    assert says in state.reason_en
    assert says in caplog.text
    await sweep(bench, level=15.0, switch=1.0)
    assert bench.triggers() == [("LSHH-1.state", "raised"), ("LT-1.H", "raised")]
    shadow.refuse("x", "x")
    assert shadow.state.word == "off"
    HARM["now"] = lambda moment: None
    shadow.replace(plan(replace(LEVEL, set_point=16.0)))
    state = await sweep(bench, level=15.0, switch=1.0)
    assert (state.word, state.differing) == ("on", 1)  # LSHH-1.state is in the live set only; LT-1.H is held


async def test_a_shadow_that_is_too_slow_is_switched_off(wicked: Wicked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shadow_module, "SLOW_SWEEPS", 3)
    bench, _ = bench_with(wicked)

    def dawdle(_: Moment) -> None:
        bench.clock.pass_s(0.101)

    async def words(*switch: float) -> list[str]:
        return [(await sweep(bench, switch=value)).word for value in switch]

    HARM["now"] = dawdle
    assert await words(1.0, 0.0) == ["on", "on"]
    HARM["now"] = lambda moment: None
    assert await words(1.0) == ["on"]  # a fast one between begins the count anew
    HARM["now"] = dawdle
    assert await words(0.0, 1.0, 0.0) == ["on", "on", "off"]
    assert "100 ms" in bench.scanner.shadow.state.reason_en if bench.scanner.shadow else False
