"""The horn of each operator position: sounds from a new alarm of priority 1 or 2 until it is answered or silenced.  Pure.

A silence is not remembered over a restart: what still waits for an answer then sounds again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from monitor.alarms.commands import NoSuchAlarmError, Silence
from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.lifecycle import NEEDS_ACKNOWLEDGE, Trigger
from monitor.alarms.positions import Positions
from monitor.alarms.transition import Alarm, Transition

LEAST_PRIORITY: Final = 2
CALLS: Final = frozenset({Trigger.RAISED, Trigger.UNSUPPRESSED, Trigger.RE_ALARMED, Trigger.PRIORITY_RAISED})
"""What makes a horn sound, where it is annunciated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HornState:
    """The horn of one position as it stands."""

    position: str
    alarms: tuple[str, ...] = ()
    """Alarms it sounds for, in the order they came; silent when there are none."""
    silenced_by: str | None = None
    silenced_wall_ns: int | None = None

    @property
    def is_sounding(self) -> bool:
        """Whether it sounds."""
        return bool(self.alarms)


def waits(alarm: Alarm) -> bool:
    """Whether an alarm is one that a horn may sound for: unanswered, not suppressed, of priority 1 or 2."""
    return alarm.state in NEEDS_ACKNOWLEDGE and not alarm.suppressions and alarm.priority <= LEAST_PRIORITY


class Horns:
    """All horns of the plant; told every transition, in order."""

    __slots__ = ("_calling", "_silenced", "_states", "positions")

    def __init__(self, positions: Positions) -> None:
        self.positions = positions
        self._calling: dict[str, dict[str, None]] = {position: {} for position in positions.ids}
        self._silenced: dict[str, tuple[str, int]] = {}
        self._states: tuple[HornState, ...] | None = None

    def restore(self, definitions: Sequence[AlarmDefinition], alarms: Sequence[Alarm]) -> None:
        """Sound for what waited for an answer when the last run ended."""
        for definition, alarm in zip(definitions, alarms, strict=True):
            if waits(alarm):
                self._call(definition)

    def hear(self, transitions: Iterable[Transition]) -> None:
        """Sound for what is new, stop for what was answered, suppressed or closed."""
        for step in transitions:
            if not waits(step.alarm):
                self._forget(step.id)
            elif step.annunciated and step.trigger in CALLS:
                self._call(step.definition)

    def silence(self, command: Silence, wall_ns: int) -> HornState:
        """Silence one horn for everything it sounds for now.

        :raises NoSuchAlarmError: there is no such position.
        """
        if command.position not in self._calling:
            raise NoSuchAlarmError(f"没有岗位 {command.position}", f"there is no operator position {command.position}")
        self._calling[command.position] = {}
        self._silenced[command.position] = command.person_name, wall_ns
        self._states = None
        return next(state for state in self.states() if state.position == command.position)

    def states(self) -> tuple[HornState, ...]:
        """Every horn, in the order of the positions; the same object until something changes."""
        if self._states is None:
            self._states = tuple(self._state(position) for position in self._calling)
        return self._states

    def _state(self, position: str) -> HornState:
        name, wall_ns = self._silenced.get(position, (None, None))
        alarms = tuple(self._calling[position])
        return HornState(position=position, alarms=alarms, silenced_by=name, silenced_wall_ns=wall_ns)

    def _call(self, definition: AlarmDefinition) -> None:
        for position in self.positions.heard_at(definition):
            self._calling[position][definition.id] = None
        self._states = None

    def _forget(self, alarm_id: str) -> None:
        for calling in self._calling.values():
            if alarm_id in calling:
                del calling[alarm_id]
                self._states = None
