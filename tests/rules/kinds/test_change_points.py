"""Generated series with known change points: found within the stated delay, and noise alone raises nothing."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from rules.catalog import Rule
from rules.columns.readings import NO_TIME
from rules.columns.snapshot import Snapshot
from rules.columns.tags import TagTable
from rules.compile import compile_rules
from rules.evaluate import evaluate, explain
from rules.kinds.cusum import Cusum, samples_between_false_alarms
from rules.kinds.first_out import Cause
from rules.kinds.load_cuts import LoadCut
from rules.kinds.stops import Stop
from rules.kinds.variance import Variance
from rules.memory import Memory
from rules.port import Explanation
from tests.rules.plants import SECOND, START_WALL_NS, table, tag

FALSE, TRUE, UNKNOWN = 0, 1, 2
START_NS = 1000 * SECOND


def shot(
    of: TagTable, values: npt.NDArray[np.float64], now: int, source_ns: npt.NDArray[np.int64] | None = None
) -> Snapshot:
    """Every tag read GOOD now."""
    count = len(of)
    return Snapshot(
        mono_ns=now,
        wall_ns=START_WALL_NS + now,
        value=values.astype(np.float64),
        quality=np.zeros(count, np.uint8),
        status=np.zeros(count, np.uint32),
        source_time_ns=np.full(count, NO_TIME, np.int64) if source_ns is None else source_ns,
        received_mono_ns=np.full(count, now, np.int64),
        received_wall_ns=np.full(count, START_WALL_NS + now, np.int64),
        changed=np.ones(count, np.bool_),
    )


def conditions(of: TagTable, rules: Sequence[Rule], series: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """One reading of every tag each second: (seconds, tags) in, (seconds, rules) out."""
    rule_set = compile_rules(rules, of)
    memory, seen = Memory.fresh(rule_set, START_NS), []
    for second, values in enumerate(series):
        now = START_NS + second * SECOND
        verdicts, memory = evaluate(rule_set, shot(of, values, now), memory, now)
        seen.append(verdicts.condition)
    return np.stack(seen)


def many(count: int) -> TagTable:
    return table(*(tag(f"T-{number}", low=-1000, high=1000) for number in range(count)))


def first_true(seen: npt.NDArray[np.uint8]) -> npt.NDArray[np.intp]:
    """Of each rule the first second it is TRUE; the length of the series where it never is."""
    true = seen == TRUE
    return np.where(true.any(axis=0), true.argmax(axis=0), len(seen))


def cusum(number: int, **changes: object) -> Cusum:
    fixed = Cusum(id=f"R-{number}", tag=f"T-{number}", target=50.0, sigma=1.0, sample_ns=SECOND)
    return replace(fixed, **changes)  # type: ignore[arg-type]  # fields by name


def run_lengths(rules: int, seconds: int, decision: float) -> npt.NDArray[np.intp]:
    noise = np.random.default_rng(20261122).normal(50.0, 1.0, (seconds, rules))
    return first_true(conditions(many(rules), [cusum(number, decision=decision) for number in range(rules)], noise))


def test_cusum_on_target_runs_as_long_as_the_tables_say() -> None:
    lengths = run_lengths(300, 1500, 4.0)
    assert lengths.mean() == pytest.approx(168, rel=0.15)
    assert lengths.mean() == pytest.approx(samples_between_false_alarms(0.5, 4.0), rel=0.15)


@pytest.mark.soak
@pytest.mark.timeout(3000)
def test_cusum_false_alarms_on_noise_are_as_rare_as_stated() -> None:
    assert run_lengths(1000, 6000, 5.0).mean() == pytest.approx(465, rel=0.08)
    # at the default decision interval a week of one-second noise on 300 tags is 71 000 samples from one alarm to the next
    lengths = run_lengths(300, 20_000, 10.0)
    alarms = int((lengths < 20_000).sum())
    expected = 300 * 20_000 / samples_between_false_alarms(0.5, 10.0)
    assert alarms <= expected + 4 * expected**0.5


@pytest.mark.parametrize("learns", [False, True])
def test_cusum_finds_a_shift_of_one_sigma_within_sixty_samples_and_not_before(learns: bool) -> None:
    rules, change = 40, 400
    rng = np.random.default_rng(7)
    series = rng.normal(50.0, 1.0, (change + 100, rules))
    series[change:] += np.where(np.arange(rules) % 2, 1.0, -1.0)
    learning = {"target": None, "sigma": None, "learn_samples": 300, "least_sigma": 0.01} if learns else {}
    found = first_true(conditions(many(rules), [cusum(number, **learning) for number in range(rules)], series))
    assert (found >= change).all() and (found < change + 60).all()
    assert found.mean() - change == pytest.approx(20, abs=8), (
        "Siegmund: (h + 1.166) / (1 - k) - 1 / (2 (1 - k)^2) = 20.3"
    )


def test_cusum_returns_after_the_shift_is_gone_because_its_sums_are_capped() -> None:
    series = np.concatenate([np.full(50, 50.0), np.full(1000, 53.0), np.full(60, 50.0)])[:, np.newaxis]
    capped, free = (
        conditions(many(1), [cusum(0, decision=5.0, capped=capped)], series)[:, 0].tolist() for capped in (True, False)
    )
    assert capped.index(TRUE) == free.index(TRUE) == 52, "three sigmas: (3 - 0.5) a sample, over 5 with the third"
    assert capped[1058] == TRUE and capped[1059] == FALSE, "from 10 down by 0.5 a sample to 5"
    assert free[-1] == TRUE


def test_cusum_tells_the_shift_and_when_it_began() -> None:
    of = many(1)
    rule_set = compile_rules([cusum(0, decision=5.0)], of)
    memory = Memory.fresh(rule_set, START_NS)
    told: Explanation | None = None
    for second in range(110):
        now, value = START_NS + second * SECOND, 50.0 if second < 100 else 52.0
        before = memory
        _, memory = evaluate(rule_set, shot(of, np.array([value]), now), memory, now)
        told = explain(rule_set, "R-0", shot(of, np.array([value]), now), before, now)
    assert told is not None
    assert told.zh.startswith("成立：T-0 = 52；基准 50，上侧 10，下侧 0，判定限 5；估计偏移 +1.5，约始于 9 s 前")
    assert "shift of about +1.5 since about 9 s ago" in told.en
    assert {figure.en: figure.value for figure in told.figures}["began"] == 9.0


def test_variance_learns_and_finds_trebled_noise_within_a_window() -> None:
    rules, window_s, change = 20, 64, 1000
    series = np.random.default_rng(3).normal(50.0, 1.0, (1400, rules))
    series[change:] = 50.0 + (series[change:] - 50.0) * 3
    series += np.arange(1400)[:, np.newaxis] * 0.2  # a ramp is no fluctuation
    learning = [
        Variance(id=f"R-{n}", tag=f"T-{n}", ratio=4.0, window_ns=window_s * SECOND, least_sigma=0.01)
        for n in range(rules)
    ]
    seen = conditions(many(rules), learning, series)
    assert (seen[: 5 * window_s - 10] == UNKNOWN).all() and (seen[6 * window_s : change] == FALSE).all()
    found = first_true(seen) - change
    assert (found >= 0).all() and (found <= 2 * window_s).all() and np.median(found) <= window_s


@pytest.mark.soak
@pytest.mark.timeout(3000)
def test_variance_of_noise_alone_stays_silent() -> None:
    rules = [Variance(id=f"R-{n}", tag=f"T-{n}", window_ns=64 * SECOND, reference_sigma=1.0) for n in range(200)]
    seen = conditions(many(200), rules, np.random.default_rng(5).normal(50.0, 1.0, (10_000, 200)))
    assert (seen == TRUE).sum() == 0, "a ratio of 4 over 30 degrees of freedom: 1e-12 a window"


PLANT = table(
    tag("FT", high=200),
    tag("PT"),
    tag("P.RUN", discrete=True),
    tag("XV", discrete=True),
    tag("TT", period_ns=5 * SECOND),
)
CAUSES = (Cause(tag="PT", low=5.0), Cause(tag="P.RUN", state=0), Cause(tag="XV", state=1))
CUT = LoadCut(
    id="R", tag="FT", drop_percent=30.0, dead_band=5.0, within_ns=30 * SECOND, reference_ns=300 * SECOND,
    quantity_eu="m3", causes=CAUSES, skew_ns=SECOND // 10,
)  # fmt: skip
STOP = Stop(
    id="S", tag="FT", threshold=5.0, dead_band=5.0, after_ns=10 * SECOND, reference_ns=300 * SECOND, quantity_eu="m3",
    causes=CAUSES, skew_ns=SECOND // 10,
)  # fmt: skip


def flow(second: int) -> float:
    """100 m3/h; from 600 s on 60 for half an hour, then 100; from 4000 s on nothing, from 4600 s on 100."""
    if 600 <= second < 2400:
        return 60.0
    return 0.0 if 4000 <= second < 4600 else 100.0


def test_a_load_cut_and_a_stop_with_duration_and_loss() -> None:
    series = np.array([[flow(second), 10.0, 1.0, 0.0, 20.0] for second in range(5000)])
    seen = conditions(PLANT, [CUT, STOP], series)
    cut, stop = seen[:, 0].tolist(), seen[:, 1].tolist()
    assert cut.index(FALSE) < 200, "the reference is covered by half"
    assert [cut.index(TRUE), cut.index(TRUE) + cut[600:].index(FALSE)] == [600, 2400]
    assert cut[2400:4000].count(TRUE) == 0 and cut[4000:4600].count(TRUE) == 600
    assert [stop.index(TRUE), stop[4010:].index(FALSE) + 4010] == [4010, 4600]
    assert set(stop[:4010]) == {FALSE}


def test_the_figures_of_a_cut() -> None:
    rule_set, memory = compile_rules([CUT, STOP], PLANT), None
    memory = Memory.fresh(rule_set, START_NS)
    for second in range(2401):
        now = START_NS + second * SECOND
        picture = shot(PLANT, np.array([flow(second), 10.0, 1.0, 0.0, 20.0]), now)
        before = memory
        _, memory = evaluate(rule_set, picture, memory, now)
        if second == 2399:
            during = explain(rule_set, "R", picture, before, now)
    after = explain(rule_set, "R", picture, memory, now)
    figures = {figure.en: figure for figure in during.figures}
    assert figures["lost"].eu == "m3" and figures["lost"].value == pytest.approx(40 * 1799 / 3600)
    assert figures["duration"].value == 1799 and figures["below the reference"].value == pytest.approx(40)
    assert during.zh == "成立：FT = 60；基准 100，低 40 %，超过 25 % 为减负荷；已持续 30.0 min，少 19.99 m3"
    assert after.en.startswith("FALSE: FT = 100; reference 100, 0 % below it, more than 30 % is a cut")
    assert after.en.endswith("; last time for 30.0 min, 19.99 m3 lost")


def played(leaving: dict[str, tuple[int, float, float]], until: int = 620) -> Explanation:
    """PLC time stamps: `leaving` maps a tag to (second, source time in seconds, value)."""
    rule_set = compile_rules([CUT], PLANT)
    memory = Memory.fresh(rule_set, START_NS)
    values, sources = np.array([100.0, 10.0, 1.0, 0.0, 20.0]), np.full(5, NO_TIME, np.int64)
    for second in range(until):
        now = START_NS + second * SECOND
        for name, (at, source_s, value) in leaving.items():
            if at == second:
                row = PLANT.row_of[name]
                values[row], sources[row] = value, START_WALL_NS + START_NS + round(source_s * SECOND)
        values[0] = flow(second)
        picture = shot(PLANT, values.copy(), now, sources.copy())
        before = memory
        verdicts, memory = evaluate(rule_set, picture, memory, now)
    names = dict(verdicts.details).get(0, ())
    told = explain(rule_set, "R", picture, before, now)
    assert told.inputs == ("FT", *names)
    return told


def test_the_first_out_cause_is_told_by_source_time() -> None:
    told = played({"P.RUN": (598, 597.2, 0.0), "PT": (599, 597.9, 3.0)})
    assert "最先越限：P.RUN，其后 PT" in told.zh and "first out: P.RUN, then PT" in told.en


def test_causes_that_overlap_are_undecided_and_late_or_old_ones_are_none() -> None:
    told = played({"P.RUN": (598, 597.2, 0.0), "PT": (599, 597.3, 3.0)})
    assert "最先越限：P.RUN、PT（300 ms 内先后无法判定）" in told.zh
    assert "first out" not in played({"XV": (610, 609.5, 1.0)}).en, "it left its band when the load was already cut"
    old = replace(CUT, cause_before_ns=60 * SECOND)
    assert old.causes == CAUSES
    assert "first out: XV" in played({"XV": (100, 99.5, 1.0)}).en, "ten minutes before is near enough"


def test_a_reading_without_source_time_left_its_band_since_the_one_before() -> None:
    rule_set = compile_rules([CUT], PLANT)
    memory = Memory.fresh(rule_set, START_NS)
    for second in range(601):
        now, tripped = START_NS + second * SECOND, second >= 600
        picture = shot(
            PLANT, np.array([flow(second), 3.0 if tripped else 10.0, 0.0 if tripped else 1.0, 0.0, 20.0]), now
        )
        verdicts, memory = evaluate(rule_set, picture, memory, now)
    assert dict(verdicts.details)[0] == ("PT", "P.RUN"), "both left within the same second: undecided"
