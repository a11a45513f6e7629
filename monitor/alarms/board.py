"""The alarm board: verdicts and commands in, transitions out.  Pure; nothing here is told before it is committed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from monitor.alarms.commands import Acknowledge, Command, NoSuchAlarmError
from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.identity import definition_hash
from monitor.alarms.judged import begun, gone_definition, judged, never_raised
from monitor.alarms.lifecycle import IS_ACTIVE, TRANSITIONS, State, Trigger
from monitor.alarms.message import message
from monitor.alarms.refusals import Winner, refuse_acknowledge, refuse_reset
from monitor.alarms.transition import Alarm, Transition
from rules.columns.quality import Quality
from rules.verdicts import Verdict, Verdicts

_CONDITION_TRUE: Final = frozenset({State.UNACKNOWLEDGED, State.ACKNOWLEDGED})
"""The states in which the last decided condition is TRUE."""
_UNKNOWN: Final = np.uint8(Verdict.UNKNOWN)


class Board:
    """All alarms of the plant in definition order; mirrored as columns so that a quiet scan touches no object."""

    __slots__ = (
        "_active",
        "_alarms",
        "_condition",
        "_condition_now",
        "_definitions",
        "_gone",
        "_hashes",
        "_ids",
        "_listed",
        "_position",
        "_quality",
        "_received",
        "_touched",
        "_unknown",
        "_value",
        "_winners",
    )

    def __init__(self, definitions: Sequence[AlarmDefinition]) -> None:
        """:raises ValueError: an id stands twice."""
        self._definitions = tuple(definitions)
        self._ids = tuple(definition.id for definition in self._definitions)
        self._position = {alarm_id: position for position, alarm_id in enumerate(self._ids)}
        if len(self._position) != len(self._ids):
            raise ValueError("an alarm definition id stands twice")
        self._hashes = tuple(definition_hash(definition) for definition in self._definitions)
        self._alarms = [
            never_raised(definition, now) for definition, now in zip(self._definitions, self._hashes, strict=True)
        ]
        length = len(self._ids)
        self._active = np.zeros(length, np.bool_)
        self._condition = np.zeros(length, np.bool_)
        self._unknown = np.zeros(length, np.bool_)
        self._value = np.full(length, np.nan)
        self._quality = np.full(length, Quality.NEVER_SEEN, np.uint8)
        self._received = np.zeros(length, np.int64)
        # before the first verdict nothing may be believed to be FALSE
        self._condition_now: npt.NDArray[np.uint8] = np.full(length, _UNKNOWN, np.uint8)
        self._touched: set[int] = set()
        self._gone: list[Alarm] = []
        self._listed: tuple[Alarm, ...] | None = None
        self._winners: dict[int, Winner] = {}

    # --- restart ------------------------------------------------------------------------------

    def restore(self, alarms: Sequence[Alarm], wall_ns: int) -> tuple[Transition, ...]:
        """Take over the stored board before the first verdict; closes alarms whose definition is gone or changed."""
        closed: list[Transition] = []
        for stored in alarms:
            position = self._position.get(stored.id)
            if position is None:
                if stored.state in IS_ACTIVE:
                    gone = gone_definition(stored)
                    closed.append(self._step(gone, stored, Trigger.DEFINITION_REMOVED, wall_ns))
                    self._gone.append(closed[-1].alarm)
                continue
            self._keep(position, stored)
            if stored.definition_hash == self._hashes[position]:
                continue
            adopted = replace(stored, definition_hash=self._hashes[position])
            if stored.state in IS_ACTIVE:
                closed.append(
                    self._step(self._definitions[position], adopted, Trigger.DEFINITION_CHANGED, wall_ns, position)
                )
            else:
                self._keep(position, replace(adopted, priority=self._definitions[position].priority))
        return tuple(closed)

    # --- verdicts -----------------------------------------------------------------------------

    def apply(self, verdicts: Verdicts, wall_ns: int) -> tuple[Transition, ...]:
        """Judge every alarm by its verdict; the steps stand in definition order.

        UNKNOWN changes no state, it is only shown.

        :raises ValueError: the verdicts are not those of these definitions, in this order.
        """
        self._check(verdicts)
        true, unknown = verdicts.verdict == Verdict.TRUE, verdicts.verdict == _UNKNOWN
        raised = true & (verdicts.renew | ~self._condition)
        returned = self._condition & (verdicts.verdict == Verdict.FALSE)
        self._condition_now = verdicts.condition
        stepped = raised | returned
        details = dict(verdicts.detail) if verdicts.detail else {}
        self._refresh(verdicts, unknown, stepped, details)
        steps: list[Transition] = []
        for position in np.flatnonzero(stepped).tolist():
            if raised[position]:
                steps += self._raise(position, verdicts, details.get(position, ()), wall_ns)
            else:
                definition, alarm = self._definitions[position], judged(self._alarms[position], verdicts, position)
                trigger = Trigger.RETURNED_LATCHED if definition.latch else Trigger.RETURNED
                steps.append(self._step(definition, alarm, trigger, wall_ns, position))
        return tuple(steps)

    # --- commands -----------------------------------------------------------------------------

    def obey(self, command: Command, wall_ns: int) -> Transition:
        """Carry out what a person asks.

        :raises NoSuchAlarmError: no definition has this id.
        :raises ConflictError: not the current occurrence, or somebody was first; the message says who.
        :raises CommandRefusedError: the state does not allow it; the message says what to do instead.
        """
        position = self._position.get(command.id)
        if position is None:
            raise NoSuchAlarmError(f"没有报警 {command.id}", f"there is no alarm {command.id}")
        alarm, definition = self._alarms[position], self._definitions[position]
        winner = self._winners.get(position)
        if isinstance(command, Acknowledge):
            refuse_acknowledge(command, alarm)
            after = replace(
                alarm,
                acknowledged_by=command.person,
                acknowledged_name=command.person_name,
                acknowledged_wall_ns=wall_ns,
                comment=command.comment,
            )
            trigger = Trigger.ACKNOWLEDGED
        else:
            refuse_reset(command, alarm, winner, self._condition_now[position] == Verdict.FALSE)
            after = replace(alarm, comment=command.comment)
            trigger = Trigger.RESET
            self._winners[position] = Winner(
                occurrence=command.occurrence, person_name=command.person_name, wall_ns=wall_ns
            )
        return self._step(definition, after, trigger, wall_ns, position, command)

    # --- what is known ------------------------------------------------------------------------

    def alarms(self) -> tuple[Alarm, ...]:
        """Every alarm as it stands, in definition order."""
        if self._listed is None:
            self._listed = tuple(self._alarms)
        return self._listed

    def changed(self) -> tuple[Alarm, ...]:
        """Rows that must be persisted since the last call: those that took a step, removed ones last."""
        rows = [self._alarms[position] for position in sorted(self._touched)] + self._gone
        self._touched, self._gone = set(), []
        return tuple(rows)

    # --- steps --------------------------------------------------------------------------------

    def _raise(self, position: int, verdicts: Verdicts, detail: tuple[str, ...], wall_ns: int) -> list[Transition]:
        definition, alarm, steps = self._definitions[position], self._alarms[position], []
        if alarm.state in IS_ACTIVE:  # came again before anybody ended it: the old occurrence closes first
            closing = judged(alarm, verdicts, position)
            steps.append(self._step(definition, closing, Trigger.REACTIVATED, wall_ns, position))
            alarm = steps[0].alarm
        fresh = begun(replace(alarm, value=None), definition.priority, detail, wall_ns)
        steps.append(self._step(definition, judged(fresh, verdicts, position), Trigger.RAISED, wall_ns, position))
        return steps

    def _step(
        self,
        definition: AlarmDefinition,
        alarm: Alarm,
        trigger: Trigger,
        wall_ns: int,
        position: int | None = None,
        command: Command | None = None,
    ) -> Transition:
        state = TRANSITIONS[alarm.state, trigger]
        name = command.person_name if command else ""
        text = message(definition, trigger, alarm.value, alarm.limit, alarm.detail, name)
        after = replace(
            alarm,
            state=state,
            transition=alarm.transition + 1,
            condition_true=state in _CONDITION_TRUE,
            changed_wall_ns=wall_ns,
            message_key=text.key,
            message_zh=text.zh,
            message_en=text.en,
        )
        if position is not None:
            self._keep(position, after)
            self._touched.add(position)
        return Transition(
            definition=definition,
            alarm=after,
            trigger=trigger,
            before=alarm.state,
            after=state,
            occurrence=alarm.occurrence,
            transition=after.transition,
            annunciated=not alarm.suppressions,
            decided_wall_ns=wall_ns,
            person=command.person if command else None,
            person_name=command.person_name if command else None,
            comment=command.comment if command else "",
        )

    def _keep(self, position: int, alarm: Alarm) -> None:
        self._alarms[position] = alarm
        self._active[position] = alarm.state in IS_ACTIVE
        self._condition[position] = alarm.state in _CONDITION_TRUE
        self._unknown[position] = alarm.unknown
        self._listed = None

    # --- values -------------------------------------------------------------------------------

    def _check(self, verdicts: Verdicts) -> None:
        if verdicts.ids is not self._ids:
            if verdicts.ids != self._ids:
                raise ValueError("the verdicts are not those of the board's definitions in their order")
            self._ids = verdicts.ids  # the same object next time: compared once

    def _refresh(
        self,
        verdicts: Verdicts,
        unknown: npt.NDArray[np.bool_],
        stepped: npt.NDArray[np.bool_],
        details: Mapping[int, tuple[str, ...]],
    ) -> None:
        """Show what is judged now, for active alarms whose reading moved and for those that turned (un)known."""
        moved = (verdicts.received_wall_ns != self._received) | (verdicts.quality != self._quality)
        moved |= (verdicts.value != self._value) & ~(np.isnan(verdicts.value) & np.isnan(self._value))
        for position in np.flatnonzero(((moved & self._active) | (unknown != self._unknown)) & ~stepped).tolist():
            shown = judged(self._alarms[position], verdicts, position)
            # the list goes with the count, or the screen would name fewer blind points than it counts
            self._keep(position, replace(shown, detail=details.get(position, shown.detail)))
        self._received, self._quality, self._value = verdicts.received_wall_ns, verdicts.quality, verdicts.value
