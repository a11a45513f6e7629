"""Which of the candidate causes left its band first, as far as that can be known (see monitor/alarms/sequence.py for alarms)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from rules.columns.quality import Quality, is_usable
from rules.columns.readings import NO_TIME
from rules.columns.tags import TagTable
from rules.errors import RuleError, stands_twice, unknown_tag
from rules.port import NEVER, Moment, State, column

Times = npt.NDArray[np.int64]
_GOOD: Final = np.uint8(Quality.GOOD)
MOST_CAUSES: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A tag that may be the cause: it left its band above `high` or below `low`; a discrete one stands in `state`."""

    tag: str
    low: float = -np.inf
    high: float = np.inf
    state: int | None = None

    def band(self) -> tuple[float, float]:
        """What it stays in while it is no cause, both included."""
        if self.state is None:
            return self.low, self.high
        return (0.5, np.inf) if self.state == 0 else (-np.inf, 0.5)


class HasCauses(Protocol):
    """A rule that asks what left its band first."""

    @property
    def causes(self) -> tuple[Cause, ...]:
        """What may be the cause."""

    @property
    def cause_before_ns(self) -> int:
        """How long before the outage a cause may have begun."""

    @property
    def skew_ns(self) -> int:
        """How far source times of different devices may be apart."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CauseColumns:
    """The candidates of m rules, shape (m, MOST_CAUSES) whatever they have: what one rule remembers is of one shape."""

    row: npt.NDArray[np.int32]
    present: npt.NDArray[np.bool_]
    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    period_ns: Times
    """Scan class period: a reading without a source time happened since the one before."""
    skew_ns: Times
    """(m): how far the clocks of two devices may be apart."""
    before_ns: Times
    """(m): what left its band earlier than this before the event is not its cause."""

    @classmethod
    def of(cls, rules: Sequence[HasCauses], table: TagTable) -> "CauseColumns":
        """The columns; the tags are known."""
        shape = (len(rules), MOST_CAUSES)
        row, present = np.zeros(shape, np.int32), np.zeros(shape, np.bool_)
        low, high, period = np.full(shape, -np.inf), np.full(shape, np.inf), np.zeros(shape, np.int64)
        for place, rule in enumerate(rules):
            for at, cause in enumerate(rule.causes):
                row[place, at], present[place, at] = table.row_of[cause.tag], True
                low[place, at], high[place, at] = cause.band()
                period[place, at] = table.tags[row[place, at]].scan_period_ns
        return cls(
            row=column(row, np.int32),
            present=column(present, np.bool_),
            low=column(low, np.float64),
            high=column(high, np.float64),
            period_ns=column(period, np.int64),
            skew_ns=column([rule.skew_ns for rule in rules], np.int64),
            before_ns=column([rule.cause_before_ns for rule in rules], np.int64),
        )

    def inputs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """(place, row) of every candidate."""
        place, at = np.nonzero(self.present)
        return place, self.row[place, at]

    def fresh(self) -> dict[str, npt.NDArray[np.int64]]:
        """No candidate has left its band yet."""
        names = ("left_earliest_wall_ns", "left_latest_wall_ns", "cause_earliest_wall_ns", "cause_latest_wall_ns")
        return {name: np.full(self.row.shape, NEVER, np.int64) for name in names}

    def watched(
        self, moment: Moment, state: State, begins: npt.NDArray[np.bool_], since_mono_ns: Times
    ) -> dict[str, Times]:
        """When each candidate left its band, and which of these belong to the event of each rule.

        `begins` (m): an event begins now and forgets the causes of the one before; `since_mono_ns` (m): of the event that
        runs, NEVER where none does.  A candidate may be the cause if it can have left before the event began.
        """
        earliest, latest = self._left(moment, state)
        if not bool((since_mono_ns != NEVER).any()):  # the causes of the last event stay as they were
            causes = {name: state[name] for name in ("cause_earliest_wall_ns", "cause_latest_wall_ns")}
            return {"left_earliest_wall_ns": earliest, "left_latest_wall_ns": latest, **causes}
        cause_earliest = np.where(begins[:, np.newaxis], NEVER, state["cause_earliest_wall_ns"])
        cause_latest = np.where(begins[:, np.newaxis], NEVER, state["cause_latest_wall_ns"])
        runs = since_mono_ns != NEVER
        since = np.where(runs, moment.wall_ns - (moment.mono_ns - np.where(runs, since_mono_ns, 0)), 0)
        new = runs[:, np.newaxis] & (cause_earliest == NEVER) & (earliest != NEVER)
        new &= (earliest <= since[:, np.newaxis]) & (latest >= (since - self.before_ns)[:, np.newaxis])
        return {
            "left_earliest_wall_ns": earliest,
            "left_latest_wall_ns": latest,
            "cause_earliest_wall_ns": np.where(new, earliest, cause_earliest),
            "cause_latest_wall_ns": np.where(new, latest, cause_latest),
        }

    def first(self, place: int, state: State, tag_ids: tuple[str, ...]) -> tuple[str, ...]:
        """The candidates that may have been first; several where their order is undecided."""
        earliest, latest = state["cause_earliest_wall_ns"][place], state["cause_latest_wall_ns"][place]
        known = np.flatnonzero(earliest != NEVER)
        if not known.size:
            return ()
        limit = latest[known].min()
        order = known[np.argsort(earliest[known], kind="stable")]
        return tuple(tag_ids[int(self.row[place, at])] for at in order.tolist() if earliest[at] <= limit)

    def details(
        self, places: Iterable[int], state: State, tag_ids: tuple[str, ...]
    ) -> tuple[tuple[int, tuple[str, ...]], ...]:
        """(place, what may have been first) of these rules, where anything is known."""
        found = ((place, self.first(place, state, tag_ids)) for place in places)
        return tuple((place, names) for place, names in found if names)

    def told(self, place: int, state: State, tag_ids: tuple[str, ...]) -> tuple[str, str]:
        """The first-out cause in words (zh, en), with what followed; empty where there is none."""
        first = self.first(place, state, tag_ids)
        if not first:
            return "", ""
        earliest, latest = state["cause_earliest_wall_ns"][place], state["cause_latest_wall_ns"][place]
        known = np.flatnonzero(earliest != NEVER)
        order = known[np.argsort(earliest[known], kind="stable")]
        rest = [tag_ids[int(self.row[place, at])] for at in order.tolist()][len(first) :]
        within_ms = (int(latest[order[: len(first)]].max()) - int(earliest[order[0]])) / 1e6
        zh, en = f"；最先越限：{first[0]}", f"; first out: {first[0]}"
        if len(first) > 1:
            zh = f"；最先越限：{'、'.join(first)}（{within_ms:.0f} ms 内先后无法判定）"
            en = f"; first out: {', '.join(first)} (order undecided within {within_ms:.0f} ms)"
        return (zh + f"，其后 {'、'.join(rest)}", en + f", then {', '.join(rest)}") if rest else (zh, en)

    def _left(self, moment: Moment, state: State) -> tuple[Times, Times]:
        value, quality = moment.value[self.row], moment.quality[self.row]
        inside = (value >= self.low) & (value <= self.high)
        finite = np.isfinite(value)
        out = self.present & is_usable(quality) & finite & ~inside
        left = state["left_earliest_wall_ns"] != NEVER
        if not bool((out != left).any()):  # nothing left its band or came back
            return state["left_earliest_wall_ns"], state["left_latest_wall_ns"]
        back = (quality == _GOOD) & finite & inside
        source = moment.source_time_ns[self.row]
        has_source = source != NO_TIME
        received = moment.wall_ns - (moment.mono_ns - moment.received_mono_ns[self.row])
        skew = self.skew_ns[:, np.newaxis]
        earliest = np.where(has_source, source - skew, received - self.period_ns)
        latest = np.where(has_source, source + skew, received)
        leaves = out & ~left
        return (
            np.where(leaves, earliest, np.where(back, NEVER, state["left_earliest_wall_ns"])),
            np.where(leaves, latest, np.where(back, NEVER, state["left_latest_wall_ns"])),
        )


def cause_errors(rule_id: str, causes: Sequence[Cause], table: TagTable) -> Iterator[RuleError]:
    """Too many, unknown or repeated candidates, a band that is none."""
    if len(causes) > MOST_CAUSES:
        yield RuleError(rule_id, "causes", f"最多 {MOST_CAUSES} 个", f"at most {MOST_CAUSES}")
    for place, cause in enumerate(causes):
        if cause.tag in [other.tag for other in causes[:place]]:
            yield stands_twice(rule_id, "causes", cause.tag)
        if cause.tag not in table.row_of:
            yield unknown_tag(rule_id, "causes", cause.tag)
            continue
        discrete = table.tags[table.row_of[cause.tag]].discrete
        if discrete and cause.state not in (0, 1):
            zh = f"{cause.tag} 是开关量：请写构成原因的状态 0 或 1"
            en = f"{cause.tag} is discrete: give the state 0 or 1 that makes it a cause"
            yield RuleError(rule_id, "causes", zh, en)
        if not discrete and (cause.state is not None or not cause.low < cause.high):
            zh = f"{cause.tag} 要有范围：low 小于 high"
            en = f"{cause.tag} needs a band: low below high"
            yield RuleError(rule_id, "causes", zh, en)
        if not discrete and cause.low == -np.inf and cause.high == np.inf:
            yield RuleError(rule_id, "causes", f"{cause.tag} 要有 low 或 high", f"{cause.tag} needs low or high")
