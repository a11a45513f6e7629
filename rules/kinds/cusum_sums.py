"""What CUSUM rules remember: two sums, since when they stand above zero, and what was learned of the process."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from rules.port import NEVER, State, frozen

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]
Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sums:
    """Columns of length m; never changed in place."""

    high: Floats
    low: Floats
    high_since: Times
    """Mono time of the first sample of the run above zero; NEVER at zero."""
    low_since: Times
    last: Times
    """Of the last sample."""
    learned: Times
    """Samples that target and sigma were learned from."""
    mean: Floats
    squares: Floats
    """Sum of squared distances from the mean (Welford)."""

    @classmethod
    def fresh(cls, rules: int) -> Self:
        """No sample was seen yet."""
        zeros, never = np.zeros(rules), np.full(rules, NEVER, np.int64)
        return cls(
            high=zeros.copy(),
            low=zeros.copy(),
            high_since=never.copy(),
            low_since=never.copy(),
            last=never.copy(),
            learned=np.zeros(rules, np.int64),
            mean=zeros.copy(),
            squares=zeros.copy(),
        )

    @classmethod
    def of(cls, state: State) -> Self:
        """As `state` left them."""
        return cls(
            high=state["high"],
            low=state["low"],
            high_since=state["high_since_mono_ns"],
            low_since=state["low_since_mono_ns"],
            last=state["last_mono_ns"],
            learned=state["learned"],
            mean=state["mean"],
            squares=state["squares"],
        )

    def state(self) -> State:
        """As named arrays."""
        return frozen(
            high=self.high,
            low=self.low,
            high_since_mono_ns=self.high_since,
            low_since_mono_ns=self.low_since,
            last_mono_ns=self.last,
            learned=self.learned,
            mean=self.mean,
            squares=self.squares,
        )

    def learned_sigma(self) -> Floats:
        """Standard deviation of what was learned (n - 1); 0 below two samples."""
        return np.sqrt(self.squares / np.maximum(self.learned - 1, 1))

    def zeroed(self, places: npt.NDArray[np.bool_]) -> "Sums":
        """Sums that begin anew at these places, and so does what was learned."""
        return replace(
            self,
            high=np.where(places, 0.0, self.high),
            low=np.where(places, 0.0, self.low),
            high_since=np.where(places, NEVER, self.high_since),
            low_since=np.where(places, NEVER, self.low_since),
            learned=np.where(places, 0, self.learned),
            mean=np.where(places, 0.0, self.mean),
            squares=np.where(places, 0.0, self.squares),
        )

    def learnt(self, at: Places, value: Floats, received: Times, anew: Places) -> "Sums":
        """One more sample to learn from at these places; `anew` forgets what was learned before."""
        if not at.size:
            return self
        last, learned, mean, squares = self.last.copy(), self.learned.copy(), self.mean.copy(), self.squares.copy()
        for forgotten in (learned, mean, squares):
            forgotten[anew] = 0
        learned[at] += 1
        before = value[at] - mean[at]
        mean[at] += before / learned[at]
        squares[at] += before * (value[at] - mean[at])
        last[at] = received[at]
        return replace(self, last=last, learned=learned, mean=mean, squares=squares)

    def stepped(self, at: Places, away: Floats, received: Times, slack: Floats, cap: Floats) -> "Sums":
        """One more sample at these places, `away` from the target."""
        last = self.last.copy()
        last[at] = received[at]
        high, high_since = _step(self.high, self.high_since, at, away - slack[at], received, cap)
        low, low_since = _step(self.low, self.low_since, at, -away - slack[at], received, cap)
        return replace(self, last=last, high=high, low=low, high_since=high_since, low_since=low_since)


def _step(total: Floats, since: Times, at: Places, gain: Floats, received: Times, cap: Floats) -> tuple[Floats, Times]:
    total, since = total.copy(), since.copy()
    before = total[at]
    total[at] = np.minimum(np.maximum(before + gain, 0.0), cap[at])
    since[at] = np.where(total[at] == 0, NEVER, np.where(before == 0, received[at], since[at]))
    return total, since
