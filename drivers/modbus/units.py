"""How the units behind one line stand: who is silent, and when each may be asked again.  Pure: times in seconds are told.

One dead unit costs the others at most one timeout per back-off period, and all dead ones together at most a tenth of the
line.  A unit that was silent is not asked before a late answer of it cannot come any more.
"""

from dataclasses import dataclass
from typing import Final

from drivers.errors import LinkLostError
from drivers.modbus.wire import Refusal

DEAD_SHARE: Final = 0.1
"""Share of a line's time that waiting for dead units may take while others answer."""

_DOUBLINGS: Final = 32


@dataclass(slots=True)
class _Standing:
    failures: int = 0
    not_before_s: float = 0.0
    refusal: Refusal | None = None
    answers: bool = False


class Units:
    """The standing of every unit of one line."""

    __slots__ = ("_ceiling_s", "_free_s", "_standing")

    def __init__(self, ceiling_s: float) -> None:
        """`ceiling_s`: the longest back-off of a unit."""
        self._ceiling_s = ceiling_s
        self._free_s = 0.0
        self._standing: dict[int, _Standing] = {}

    def wait_s(self, unit: int, now_s: float) -> float:
        """Seconds until the unit may be asked; 0 when it may now."""
        standing = self._standing.get(unit)
        if standing is None or not standing.failures:
            return 0.0
        return max(0.0, max(standing.not_before_s, self._free_s) - now_s)

    def objection(self, unit: int, now_s: float) -> Refusal | LinkLostError | None:
        """Why the unit must not be asked now: what its gateway said, or that it was silent; None when it may be."""
        wait_s = self.wait_s(unit, now_s)
        if not wait_s:
            return None
        en = f"unit {unit} was silent; it is asked again in {wait_s:.1f} s"
        return self.refusal(unit) or LinkLostError(en, f"单元 {unit} 没有应答，{wait_s:.1f} s 后再问")

    def refusal(self, unit: int) -> Refusal | None:
        """By which exception a gateway said that it does not reach the unit; None when it did not."""
        standing = self._standing.get(unit)
        return None if standing is None else standing.refusal

    def failures(self, unit: int) -> int:
        """How often the unit was silent or out of reach in a row."""
        standing = self._standing.get(unit)
        return 0 if standing is None else standing.failures

    def answers(self, unit: int) -> bool:
        """Whether the unit answered when it was asked last."""
        standing = self._standing.get(unit)
        return standing is not None and standing.answers

    def forget(self, unit: int) -> None:
        """Judge the unit anew."""
        self._standing.pop(unit, None)

    def answered(self, unit: int) -> None:
        """The unit is there."""
        standing = self._standing.get(unit)
        if standing is None or standing.failures or not standing.answers:
            self._standing[unit] = _Standing(answers=True)

    def failed(self, unit: int, now_s: float, cost_s: float, refusal: Refusal | None = None) -> float:
        """The unit was silent or out of reach, which took `cost_s` of the line; seconds until it may be asked again."""
        standing = self._standing.setdefault(unit, _Standing())
        standing.failures += 1
        standing.answers = False
        standing.refusal = refusal
        doubled_s = max(cost_s, 0.5) * 2.0 ** min(standing.failures - 1, _DOUBLINGS)
        # a late answer may come as long after the timeout as the timeout itself
        standing.not_before_s = now_s + max(min(doubled_s, self._ceiling_s), cost_s)
        if any(other.answers for other in self._standing.values()):
            self._free_s = now_s + cost_s * (1.0 / DEAD_SHARE - 1.0)
        return standing.not_before_s - now_s
