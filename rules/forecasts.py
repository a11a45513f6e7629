"""What the minutes-to-limit rules know now: of each its trend and the time that is left, for screens."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, cast

import numpy as np
import numpy.typing as npt

from rules.catalog import RuleSet
from rules.columns.snapshot import Snapshot
from rules.geometry import Vessels
from rules.kinds.forecast import MinutesToLimit
from rules.memory import Memory
from rules.port import Group, Moment
from rules.verdicts import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """One rule at one moment."""

    rule_id: str
    tag: str
    limit: float
    """In the unit of the tag."""
    rising: bool
    required_min: float
    verdict: int
    """Verdict of the rule, after its delays."""
    trend_per_h: float
    """Unit of the tag per hour at its present value; NaN while it is not known."""
    minutes: float
    """Until the limit at this trend; infinite where it does not move towards it, NaN where that is not known."""


class _Forecasting(Group, Protocol):
    """What is read of the group of all MinutesToLimit rules."""

    @property
    def vessels(self) -> Vessels:
        """Of each rule."""

    @property
    def row(self) -> npt.NDArray[np.int32]:
        """Its tag."""


def forecasts(rule_set: RuleSet, snapshot: Snapshot, memory: Memory, mono_ns: int) -> Iterator[Forecast]:
    """Every MinutesToLimit rule at `mono_ns`, from the snapshot and the memory that its last evaluation left."""
    for (kind, group), state in zip(rule_set.groups, memory.states, strict=True):
        if kind is not MinutesToLimit:
            continue
        forecasting = cast(_Forecasting, group)
        moment = Moment.of(snapshot, rule_set.tag_ids, memory.start_mono_ns, mono_ns)
        judged = group.judge(moment, memory.holds.active[group.position], state)
        value, rate = moment.value[forecasting.row], judged.state["rate"]
        unknown = np.isnan(rate) | ((judged.condition == Verdict.UNKNOWN) & np.isnan(judged.value))
        trend = np.where(unknown, np.nan, rate / forecasting.vessels.area(value) * 3600)
        minutes = np.where(unknown, np.nan, np.where(np.isnan(judged.value), np.inf, judged.value))
        for place, position in enumerate(group.position.tolist()):
            rule = cast(MinutesToLimit, rule_set.rules[position])
            yield Forecast(
                rule_id=rule.id,
                tag=rule.tag,
                limit=rule.limit,
                rising=rule.rising,
                required_min=rule.required_ns / 60e9,
                verdict=int(memory.holds.verdict[position]),
                trend_per_h=float(trend[place]),
                minutes=float(minutes[place]),
            )
