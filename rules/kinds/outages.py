"""How long a unit gives less than it should, and how much is lost: the integral of what it gave before minus what it gives."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from rules.port import NEVER, State

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Times = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outages:
    """The running or the last outage of each rule, columns of length m; never changed in place."""

    since: Times
    """Mono time of the first reading of it; NEVER before the first outage."""
    ended: Times
    """NEVER while it runs."""
    reference: Floats
    """What was given before; NaN where that is not known."""
    lost: Floats
    """In the unit of the flow times its time base; NaN where the reference is not known."""
    at: Times
    """Mono time up to which it is counted."""
    at_value: Floats

    @classmethod
    def fresh(cls, rules: int) -> Self:
        """Nothing happened yet."""
        never, unknown = np.full(rules, NEVER, np.int64), np.full(rules, np.nan)
        return cls(
            since=never.copy(),
            ended=never.copy(),
            reference=unknown.copy(),
            lost=unknown.copy(),
            at=never.copy(),
            at_value=unknown.copy(),
        )

    @classmethod
    def of(cls, state: State) -> Self:
        """As `state` left them."""
        return cls(
            since=state["since_mono_ns"],
            ended=state["ended_mono_ns"],
            reference=state["reference"],
            lost=state["lost"],
            at=state["counted_mono_ns"],
            at_value=state["counted_value"],
        )

    def columns(self) -> dict[str, npt.NDArray[np.float64] | npt.NDArray[np.int64]]:
        """As named arrays of a state."""
        return {
            "since_mono_ns": self.since,
            "ended_mono_ns": self.ended,
            "reference": self.reference,
            "lost": self.lost,
            "counted_mono_ns": self.at,
            "counted_value": self.at_value,
        }

    @property
    def running(self) -> Bools:
        """Which rules have an outage now."""
        running: Bools = (self.since != NEVER) & (self.ended == NEVER)
        return running

    def running_since(self) -> Times:
        """When the outage that runs began; NEVER where none does."""
        return np.where(self.ended == NEVER, self.since, NEVER)

    def begun(self, where: Bools, received: Times, value: Floats, reference: Floats) -> "Outages":
        """An outage begins with the reading of now."""
        if not bool(where.any()):
            return self
        return Outages(
            since=np.where(where, received, self.since),
            ended=np.where(where, NEVER, self.ended),
            reference=np.where(where, reference, self.reference),
            lost=np.where(where, reference * 0.0, self.lost),
            at=np.where(where, received, self.at),
            at_value=np.where(where, value, self.at_value),
        )

    def counted(self, usable: Bools, received: Times, value: Floats, per_ns: Floats) -> "Outages":
        """The readings of now are added where an outage runs: the line from one reading to the next is what was given."""
        newer = self.running & usable & (received > self.at)
        if not bool(newer.any()):
            return self
        passed = np.where(newer, received - np.where(newer, self.at, received), 0) / per_ns
        mean = np.where(newer, (self.at_value + np.where(newer, value, 0.0)) / 2, 0.0)
        return replace(
            self,
            lost=np.where(newer, self.lost + (self.reference - mean) * passed, self.lost),
            at=np.where(newer, received, self.at),
            at_value=np.where(newer, value, self.at_value),
        )

    def finished(self, where: Bools, received: Times) -> "Outages":
        """The outage is over with the reading of now."""
        over = where & self.running
        if not bool(over.any()):
            return self
        return replace(self, ended=np.where(over, np.maximum(received, self.since), self.ended))

    def told(self, place: int, mono_ns: int, eu: str) -> tuple[str, str]:
        """Duration and loss of the running or the last outage in words (zh, en); empty where there was none."""
        if self.since[place] == NEVER:
            return "", ""
        minutes, lost = self.duration_s(place, mono_ns) / 60, float(self.lost[place])
        zh = f"已持续 {minutes:.1f} min" if self.running[place] else f"上一次持续 {minutes:.1f} min"
        en = f"for {minutes:.1f} min" if self.running[place] else f"last time for {minutes:.1f} min"
        if lost != lost:
            return f"；{zh}，损失量不明（此前无基准）", f"; {en}, loss unknown (no reference before)"
        return f"；{zh}，少 {lost:.4g} {eu}".rstrip(), f"; {en}, {lost:.4g} {eu}".rstrip() + " lost"

    def duration_s(self, place: int, mono_ns: int) -> float:
        """Of the running or the last outage; 0 where there was none."""
        if self.since[place] == NEVER:
            return 0.0
        end = mono_ns if self.ended[place] == NEVER else int(self.ended[place])
        return (end - int(self.since[place])) / 1e9
