"""Samples of a value while a premise holds: a transfer runs, or all valves are closed.

A window of such a rule begins anew each time the premise turns FALSE; time of which nothing is known is a gap in it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from rules import windows
from rules.columns.tags import Tag, TagTable
from rules.language.conditions import Condition, ConditionColumns
from rules.port import FOREVER, NEVER, Moment, State, column
from rules.verdicts import Verdict

SLOTS: Final = windows.SLOTS
READINGS: Final = 4
"""A window is no shorter than this many scan class periods."""
_TRUE: Final = np.uint8(Verdict.TRUE)
_FALSE: Final = np.uint8(Verdict.FALSE)
_NOT: Final = np.array([Verdict.TRUE, Verdict.FALSE, Verdict.UNKNOWN], np.uint8)
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]


class Watched(NamedTuple):
    """What the premise and the samples say now; columns of length m."""

    premise: npt.NDArray[np.uint8]
    """Verdict of the premise now."""
    new: npt.NDArray[np.intp]
    """Places with a sample more than before."""
    gone: Bools
    """The window began anew: its samples are forgotten."""
    heard: Bools
    """The last sample is young enough to stand for now."""
    broken: Bools
    """The premise was FALSE at some time of the window."""
    due_ns: int | None

    def solved(self, state: State, names: Sequence[str], solve: Callable[[Places], Sequence[Floats]]) -> list[Floats]:
        """What the windows say, by these names as in `state`: NaN where one began anew, and where a sample is new as `solve`
        says of those places."""
        found = [state[name] for name in names]
        if not self.new.size and not bool(self.gone.any()):
            return found
        found = [np.where(self.gone, np.nan, of) for of in found]
        if self.new.size:
            for of, new in zip(found, solve(self.new), strict=True):
                of[self.new] = new
        return found

    def told(self, covered: Bools, found: Bools) -> npt.NDArray[np.uint8]:
        """The conditions: TRUE where it is `found` and the premise may hold; FALSE where that is not so, was not so in the
        window, or the window is covered and nothing is found."""
        fails = self.premise == _FALSE
        condition = np.full(found.size, np.uint8(Verdict.UNKNOWN))
        condition[fails | self.broken | (covered & ~found)] = _FALSE
        condition[found & ~fails] = _TRUE
        return condition


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Premises:
    """Of m rules: what is sampled, over which window, and what must hold for it."""

    row: npt.NDArray[np.int32]
    window_ns: npt.NDArray[np.int64]
    period_ns: npt.NDArray[np.int64]
    minimum_coverage: npt.NDArray[np.float64]
    silence_ns: npt.NDArray[np.int64]
    """How old the last sample may be."""
    settle_ns: npt.NDArray[np.int64]
    """How long after the premise came back a reading counts again."""
    conditions: ConditionColumns
    inverted: bool
    """The condition says when the premise does not hold (`unless`)."""
    unconditional: Bools
    """There is no condition: the premise always holds."""

    @classmethod
    def of(cls, rules: Sequence[Any], conditions: Sequence[Condition | None], table: TagTable, inverted: bool) -> Self:
        """Columns of rules that have `tag`, `window_ns`, `minimum_coverage` and maybe `settle_ns`."""
        tags = [table.tags[table.row_of[rule.tag]] for rule in rules]
        window_ns = column([rule.window_ns for rule in rules], np.int64)
        coverage = column([rule.minimum_coverage for rule in rules], np.float64)
        period_ns = column([tag.scan_period_ns for tag in tags], np.int64)
        return cls(
            row=column([table.row_of[rule.tag] for rule in rules], np.int32),
            window_ns=window_ns,
            period_ns=period_ns,
            minimum_coverage=coverage,
            silence_ns=column(silence_ns(window_ns, coverage, period_ns), np.int64),
            settle_ns=column([getattr(rule, "settle_ns", 0) for rule in rules], np.int64),
            conditions=ConditionColumns.of(conditions, table),
            inverted=inverted,
            unconditional=column([condition is None for condition in conditions], np.bool_),
        )

    def at(self, places: npt.NDArray[np.intp]) -> "Premises":
        """Those of the rules at these places only."""
        return Premises(
            row=self.row[places],
            window_ns=self.window_ns[places],
            period_ns=self.period_ns[places],
            minimum_coverage=self.minimum_coverage[places],
            silence_ns=self.silence_ns[places],
            settle_ns=self.settle_ns[places],
            conditions=self.conditions.at(places),
            inverted=self.inverted,
            unconditional=self.unconditional[places],
        )

    def unchanged(self, moment: Moment, state: State) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Of rules without a condition, as sampled at this moment: (look_ns, until_ns) of their bands.

        A good reading of the next slot is looked at, and the moment at which the last sample is too old.
        """
        last = state["sample_mono_ns"][:, -1]
        good = moment.quality[self.row] == 0
        look_ns = np.where(good, windows.next_slot_ns(last, self.window_ns, SLOTS), FOREVER)
        heard = (last != NEVER) & (moment.mono_ns - last <= self.silence_ns)
        return look_ns, np.where(heard, last + self.silence_ns + 1, FOREVER).astype(np.int64)

    def fresh(self, mono_ns: int) -> dict[str, npt.NDArray[Any]]:
        """No samples; `beside` is a second value that is sampled with the first."""
        times, values = windows.fresh(self.row.size)
        return {
            "sample_mono_ns": times,
            "sample": values,
            "beside": np.full(values.shape, np.nan),
            "broken_mono_ns": np.full(self.row.size, NEVER, np.int64),
            **self.conditions.fresh(mono_ns),
        }

    def watch(
        self, moment: Moment, state: State, beside: npt.NDArray[np.float64], usable: Bools, exempt: Bools
    ) -> tuple[Watched, dict[str, npt.NDArray[Any]]]:
        """Judge the premise and take a sample where it holds (or where `exempt`) and value and `beside` are usable."""
        verdict, after = self.conditions.judge(moment, state)
        premise = self.premise(verdict)
        false = premise == _FALSE
        broken_ns = np.where(false, moment.mono_ns, state["broken_mono_ns"])
        samples = state["sample_mono_ns"], state["sample"]
        gone = false & ~exempt & (samples[0][:, -1] != NEVER)
        before = windows.forgotten(samples, gone)
        received_ns = moment.received_mono_ns[self.row]
        take = usable & self.sampled(premise, exempt, received_ns, broken_ns)
        samples = windows.kept(before, moment.value[self.row], take, received_ns, self.window_ns)
        new = windows.new_places(before, samples)
        last = samples[0][:, -1]
        heard, broken = self.standing(last, broken_ns, moment.mono_ns)
        still_ns = self.window_ns + self.settle_ns
        ends = np.concatenate([(last + self.silence_ns + 1)[heard], (broken_ns + still_ns + 1)[broken & ~false]])
        due = self.conditions.due_ns(after, moment.mono_ns)
        if ends.size:
            due = min(int(ends.min()), due) if due is not None else int(ends.min())
        next_state = {
            **after,
            "sample_mono_ns": samples[0],
            "sample": samples[1],
            "beside": windows.kept_beside(state["beside"], new, beside),
            "broken_mono_ns": broken_ns,
        }
        return Watched(premise, new, gone, heard, broken, due), next_state

    def premise(self, verdict: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Verdict of every premise by those of the conditions, both (..., m)."""
        return np.where(self.unconditional, _TRUE, _NOT[verdict] if self.inverted else verdict)

    def sampled(
        self,
        premise: npt.NDArray[np.uint8],
        exempt: Bools,
        received_ns: npt.NDArray[np.int64],
        broken_ns: npt.NDArray[np.int64],
    ) -> Bools:
        """Where a reading counts (..., m): the premise holds and has held for long enough, or the rule is `exempt`."""
        settled: Bools = exempt | ((premise == _TRUE) & (received_ns >= broken_ns + self.settle_ns))
        return settled

    def standing(
        self, last_ns: npt.NDArray[np.int64], broken_ns: npt.NDArray[np.int64], mono_ns: windows.Now
    ) -> tuple[Bools, Bools]:
        """(heard, broken), see `Watched`; by the times of the last samples and of the last FALSE premise (..., m)."""
        heard = (last_ns != NEVER) & (mono_ns - last_ns <= self.silence_ns)
        broken = (broken_ns != NEVER) & (mono_ns - broken_ns <= self.window_ns + self.settle_ns)
        return heard, broken

    def window(
        self, state: State, places: npt.NDArray[np.intp]
    ) -> tuple[windows.Samples, Bools, npt.NDArray[np.float64]]:
        """Of some rules, as their window ends with the last sample: samples, which are inside, share that they cover."""
        samples = state["sample_mono_ns"][places], state["sample"][places]
        return samples, *self.measured(samples, places)

    def measured(self, samples: windows.Samples, places: npt.NDArray[np.intp]) -> tuple[Bools, npt.NDArray[np.float64]]:
        """Of windows that end with their last sample, row by row of the rule at `places`: what is inside, share covered."""
        last, window_ns = samples[0][:, -1], self.window_ns[places]
        share = windows.coverage(samples, window_ns, last, self.period_ns[places])
        return windows.inside(samples, window_ns, last), share

    def coverage(self, state: State, place: int, mono_ns: int) -> float:
        """Share of the window of one rule that its samples cover now; for explanations."""
        one = np.array([place])
        samples = state["sample_mono_ns"][one], state["sample"][one]
        return float(windows.coverage(samples, self.window_ns[one], mono_ns, self.period_ns[one])[0])

    def asked(self, place: int, moment: Moment, state: State) -> tuple[str, str]:
        """(zh, en) of the condition of one rule with its numbers."""
        if self.unconditional[place]:
            return ("无", "none")
        return self.conditions.explain(place, moment, state)


def silence_ns(
    window_ns: npt.NDArray[np.int64],
    coverage: npt.NDArray[np.float64],
    period_ns: npt.NDArray[np.int64],
    slots: int = SLOTS,
) -> npt.NDArray[np.float64]:
    """How old the last sample may be: the part of the window that may be missing, at least two slots or periods."""
    return np.maximum((1 - coverage) * window_ns, 2.0 * np.maximum(window_ns // slots, period_ns))


def good_of(moment: Moment, row: npt.NDArray[np.int32]) -> Bools:
    """Where readings are GOOD and numbers."""
    good: Bools = (moment.quality[row] == 0) & np.isfinite(moment.value[row])
    return good


def missing(share: float, needed: float, window_s: float) -> tuple[str, str]:
    """(zh, en) of a window that is not covered."""
    return (
        f"{window_s:g} s 窗口只有 {share:.0%} 可用（至少 {needed:.0%}）",
        f"good readings cover {share:.0%} of the window of {window_s:g} s (needs {needed:.0%})",
    )


def tag_of(table: TagTable, name: str) -> Tag:
    """One tag by its id."""
    return table.tags[table.row_of[name]]
