"""Limits by mode through a stretch of time: where modes change the set-points do, everything else follows from the moment."""

from dataclasses import dataclass

from rules.blocks.conditions import ConditionCourse, condition_course
from rules.blocks.course import Bools, Conditions
from rules.kinds.modes import ModeLimitGroup
from rules.port import State
from rules.stretch import Stretch


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ModeLimitCourse:
    """The course of all limits by mode."""

    condition: Conditions
    before: State
    modes: tuple[ConditionCourse, ...]
    """Of each slot that is used."""

    def state_at(self, at: int) -> State:
        """As the kind leaves it."""
        after = dict(self.before)
        for number, mode in enumerate(self.modes):
            after |= ModeLimitGroup.named(number, mode.state_at(at))
        return after


def mode_limit_course(group: ModeLimitGroup, stretch: Stretch, active: Bools, state: State) -> ModeLimitCourse:
    """As `ModeLimitGroup.judge` goes through it."""
    modes = tuple(
        condition_course(slot, stretch, group.remembered(state, number))
        for number, slot in enumerate(group.slots[: group.used])
    )
    condition, _ = group.told(active, stretch.together(), [mode.verdict for mode in modes])
    return ModeLimitCourse(condition=condition, before=state, modes=modes)
