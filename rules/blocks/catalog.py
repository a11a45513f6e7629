"""How each kind of group goes through a stretch of time; the kinds that have no way of their own are judged sweep by sweep."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from rules.blocks.balance import BalanceCalm
from rules.blocks.bands import BandCalm
from rules.blocks.conditions import condition_stirs
from rules.blocks.counting import MOST_RULES, count_course
from rules.blocks.course import Bools, Calm, Conditions, Course, Stirs, SweepBySweep, around, thinned, turned
from rules.blocks.cusums import CusumCalm
from rules.blocks.modes import mode_limit_course
from rules.blocks.movement import leak_calm, unplanned_calm
from rules.blocks.outage import LoadCutCalm, StopCalm
from rules.blocks.rates import rate_course
from rules.blocks.stuck import stuck_course
from rules.blocks.windowed import DriftCalm, ForecastCalm, VarianceCalm
from rules.columns.quality import FIRST_UNUSABLE
from rules.kinds.balance_group import MassBalanceGroup
from rules.kinds.count_group import CountGroup
from rules.kinds.cusum import CusumGroup
from rules.kinds.drift import DriftGroup
from rules.kinds.expressions import ExpressionGroup
from rules.kinds.failed_trips import FailedToTripGroup
from rules.kinds.forecast_group import MinutesToLimitGroup
from rules.kinds.leaks import LeakGroup
from rules.kinds.load_cut_group import LoadCutGroup
from rules.kinds.modes import ModeLimitGroup
from rules.kinds.rate_group import RateGroup
from rules.kinds.signals import NeverSeenGroup
from rules.kinds.spurious_trips import SpuriousTripGroup
from rules.kinds.stops import StopGroup
from rules.kinds.stuck_group import StuckGroup
from rules.kinds.unplanned import UnplannedMovementGroup
from rules.kinds.updates import NoUpdateGroup
from rules.kinds.variance import VarianceGroup
from rules.port import NO_STATE, Group, JointGroup, PointGroup, State
from rules.stretch import Stretch
from rules.verdicts import Verdict

CALM: Final[Mapping[type[Any], Callable[[Any, Stretch, Bools], Calm]]] = {
    UnplannedMovementGroup: lambda group, stretch, active: unplanned_calm(group, stretch),
    LeakGroup: lambda group, stretch, active: leak_calm(group, stretch),
    MinutesToLimitGroup: ForecastCalm,
    MassBalanceGroup: lambda group, stretch, active: BalanceCalm(group, stretch),
    DriftGroup: DriftCalm,
    CusumGroup: CusumCalm,
    VarianceGroup: VarianceCalm,
    LoadCutGroup: LoadCutCalm,
    StopGroup: StopCalm,
    FailedToTripGroup: lambda group, stretch, active: failed_stirs(group, stretch),
    SpuriousTripGroup: lambda group, stretch, active: spurious_stirs(group, stretch),
    NeverSeenGroup: lambda group, stretch, active: Stirs(stretch, turned(stretch.received_mono_ns[:, group.row] > 0)),
    ExpressionGroup: lambda group, stretch, active: Stirs(stretch, condition_stirs(group.columns, stretch)),
}
"""Of the kinds with a memory."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Timeless:
    """The course of a group whose conditions follow from the moment, whether it keeps a state or not."""

    condition: Conditions
    state: State

    def state_at(self, at: int) -> State:
        """It never changes."""
        return self.state


def course(group: Group, stretch: Stretch, active: Bools, state: State) -> Course:
    """What the group says through a stretch (one sweep at least), `active` being what was decided of its rules before."""
    if group.timeless and not state and isinstance(group, PointGroup) and group.ends == "nothing":
        return Timeless(condition=_within_bands(group, stretch, active), state=state)
    if group.timeless:
        return Timeless(condition=group.judge(stretch.together(), active, state).condition, state=state)
    if isinstance(group, NoUpdateGroup):
        return Timeless(condition=_not_updated(group, stretch), state=state)
    if isinstance(group, StuckGroup):
        return stuck_course(group, stretch, active, state)
    if isinstance(group, RateGroup):
        return rate_course(group, stretch, active, state)
    if isinstance(group, ModeLimitGroup):
        return mode_limit_course(group, stretch, active, state)
    if isinstance(group, CountGroup) and group.position.size <= MOST_RULES:
        return count_course(group, stretch, state)
    return thinned(group, stretch, active, state, _calm(group, stretch, active, state))


def _calm(group: Group, stretch: Stretch, active: Bools, state: State) -> Calm:
    own = CALM.get(type(group))
    if own is not None:
        return own(group, stretch, active)
    if isinstance(group, PointGroup | JointGroup):
        return BandCalm(group, stretch, active)
    return SweepBySweep(group, stretch, state)


def failed_stirs(group: FailedToTripGroup, stretch: Stretch) -> Stirs:
    """A demand or an effect that differs; and the sweeps beside, see `condition_stirs`."""
    moment = stretch.together()
    return Stirs(stretch, around(turned(group.demand.present(moment), group.effects.each_missing(moment))))


def spurious_stirs(group: SpuriousTripGroup, stretch: Stretch) -> Stirs:
    """A cause or an effect that differs; and the sweeps beside: the last demand is remembered."""
    moment = stretch.together()
    return Stirs(stretch, around(turned(group.demand.absent(moment), group.effects.each_acted(moment))))


def _within_bands(group: PointGroup, stretch: Stretch, active: Bools) -> Conditions:
    """Rules whose tag stays in its band all the time say what they say at first; only the others are judged on."""
    first = stretch.moment(0)
    judged = group.judge(first, active, NO_STATE)
    band, (lowest, highest, steady) = group.band(first, active, judged), stretch.extent
    within = (lowest[group.row] >= band.low) & (highest[group.row] <= band.high)
    within |= first.quality[group.row] >= FIRST_UNUSABLE
    condition = np.empty((len(stretch), group.position.size), np.uint8)
    condition[:] = judged.condition
    others = np.flatnonzero(~(within & steady[group.row]))
    if others.size:
        condition[:, others] = group.at(others).judge(stretch.together(), active[others], NO_STATE).condition
    return condition


def _not_updated(group: NoUpdateGroup, stretch: Stretch) -> Conditions:
    received_ns = stretch.received_mono_ns[:, group.row]
    late = stretch.mono_ns[:, np.newaxis] > np.maximum(received_ns, stretch.start_mono_ns) + group.after_ns
    condition = np.where(received_ns > 0, np.uint8(Verdict.FALSE), np.uint8(Verdict.UNKNOWN))
    condition[late] = Verdict.TRUE
    return condition
