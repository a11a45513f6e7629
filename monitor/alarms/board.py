"""The alarm board: verdicts and commands in, transitions out.  Pure; nothing here is told before it is committed."""

from collections.abc import Sequence, Set
from typing import Final

import numpy as np
import numpy.typing as npt

from monitor.alarms.classes import Philosophy
from monitor.alarms.commands import Command, NoSuchAlarmError
from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.identity import definition_hash
from monitor.alarms.judged import begun, gone_definition, never_raised
from monitor.alarms.lifecycle import IS_ACTIVE, IS_TRUE, Trigger
from monitor.alarms.newest import MOST_SHOWN, Newest
from monitor.alarms.orders import Situation, decide
from monitor.alarms.refusals import Winner
from monitor.alarms.shelving import is_shelved, shelf_of, worsened_by
from monitor.alarms.steps import Step, end, return_of, taken
from monitor.alarms.timers import NEVER_NS, clamped, due_ns, elapsed, shifted
from monitor.alarms.transition import Alarm, Transition, altered
from rules.verdicts import Verdict, Verdicts

_FALSE: Final = np.uint8(Verdict.FALSE)
_TRUE: Final = np.uint8(Verdict.TRUE)
_UNKNOWN: Final = np.uint8(Verdict.UNKNOWN)


class Board:
    """All alarms of the plant in definition order; mirrored as columns so that a quiet scan touches no object."""

    __slots__ = (
        "_active",
        "_alarms",
        "_condition",
        "_condition_now",
        "_definitions",
        "_due",
        "_gone",
        "_hashes",
        "_ids",
        "_listed",
        "_milder",
        "_newest",
        "_philosophy",
        "_position",
        "_shelved",
        "_touched",
        "_unknown",
        "_winners",
    )

    def __init__(
        self, definitions: Sequence[AlarmDefinition], philosophy: Philosophy | None = None, most_shown: int = MOST_SHOWN
    ) -> None:
        """`most_shown`: rows that one scan shows with a newer reading only.

        :raises ValueError: an id stands twice.
        """
        self._philosophy = philosophy or Philosophy()
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
        self._newest = Newest(length, most_shown)
        # before the first verdict nothing may be believed to be FALSE
        self._condition_now: npt.NDArray[np.uint8] = np.full(length, _UNKNOWN, np.uint8)
        self._touched: set[int] = set()
        self._gone: list[Alarm] = []
        self._listed: tuple[Alarm, ...] | None = None
        self._winners: dict[int, Winner] = {}
        self._shelved: set[int] = set()
        self._milder = worsened_by(self._definitions)
        self._due = np.full(length, NEVER_NS, np.int64)
        """Wall time at which time alone brings the next step of each alarm."""

    # --- restart ------------------------------------------------------------------------------

    def restore(self, alarms: Sequence[Alarm], wall_ns: int) -> tuple[Transition, ...]:
        """Take over the stored board before the first verdict; closes alarms whose definition is gone or changed."""
        closed: list[Transition] = []
        for stored in alarms:
            position = self._position.get(stored.id)
            if position is None:
                if stored.state in IS_ACTIVE:
                    step = Step(alarm=stored, trigger=Trigger.DEFINITION_REMOVED)
                    closed.append(taken(gone_definition(stored), step, wall_ns))
                    self._gone.append(closed[-1].alarm)
                continue
            kept = clamped(stored, self._philosophy.rules_of(self._definitions[position].alarm_class), wall_ns)
            self._keep(position, kept)
            self._schedule(position, wall_ns)
            if stored.definition_hash == self._hashes[position]:
                continue
            adopted = altered(kept, definition_hash=self._hashes[position])
            if stored.state in IS_ACTIVE:
                closed.append(self._take(position, Step(alarm=adopted, trigger=Trigger.DEFINITION_CHANGED), wall_ns))
            else:
                self._keep(position, altered(adopted, priority=self._definitions[position].priority))
        return tuple(closed)

    # --- verdicts -----------------------------------------------------------------------------

    def apply(self, verdicts: Verdicts, wall_ns: int) -> tuple[Transition, ...]:
        """Judge every alarm by its verdict, then let time pass; each kind of step stands in definition order.

        UNKNOWN changes no state, it is only shown.

        :raises ValueError: the verdicts are not those of these definitions, in this order.
        """
        self._check(verdicts)
        changed = verdicts.changed
        verdict, was_true = verdicts.verdict[changed], self._condition[changed]
        renewed = set(verdicts.renew.tolist())
        again = np.isin(changed, verdicts.renew) if renewed else np.False_
        raised = changed[(verdict == _TRUE) & (again | ~was_true)]
        returned = changed[was_true & (verdict == _FALSE)]
        turned = changed[(verdict == _UNKNOWN) != self._unknown[changed]]
        self._condition_now = verdicts.condition
        stepped = np.union1d(raised, returned) if raised.size and returned.size else raised if raised.size else returned
        for position in self._newest.look(verdicts, np.flatnonzero(self._active), stepped, turned):
            self._keep(position, self._newest.shown(self._alarms[position], position))
        steps: list[Transition] = []
        for position in stepped.tolist():
            if verdicts.verdict[position] == _TRUE:
                steps += self._raise(position, verdicts.details.get(position, ()), wall_ns)
            else:
                alarm = self._newest.reading(self._alarms[position], position)
                steps.append(self._take(position, return_of(alarm, self._definitions[position].latch), wall_ns))
        if self._shelved:
            steps += self._worsen(raised.tolist(), renewed, wall_ns)
        return (*steps, *self._elapse(wall_ns))

    def clock_stepped(self, step_ns: int) -> None:
        """The wall clock jumped: what was asked for a duration still takes that duration."""
        self._due[self._due != NEVER_NS] += step_ns
        for position in sorted(position for position, alarm in enumerate(self._alarms) if alarm.suppressions):
            self._keep(position, shifted(self._alarms[position], step_ns))
            self._touched.add(position)
            self._schedule(position, 0)

    def next_deadline_ns(self) -> int | None:
        """Wall time at which the next alarm does something by itself; None when none ever will."""
        earliest_ns = int(self._due.min(initial=NEVER_NS))
        return None if earliest_ns == NEVER_NS else earliest_ns

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
        definition = self._definitions[position]
        self._show_newest(position)
        step = decide(
            command,
            Situation(
                alarm=self._alarms[position],
                definition=definition,
                rules=self._philosophy.rules_of(definition.alarm_class),
                limits=self._philosophy.shelving,
                shelved=lambda: tuple(self._alarms[other] for other in self._shelved if other != position),
                winner=self._winners.get(position),
                condition_false=bool(self._condition_now[position] == Verdict.FALSE),
                wall_ns=wall_ns,
            ),
        )
        if step.trigger is Trigger.RESET:
            self._winners[position] = Winner(
                occurrence=step.alarm.occurrence, person_name=command.person_name, wall_ns=wall_ns
            )
        return self._take(position, step, wall_ns, command)

    # --- what is known ------------------------------------------------------------------------

    def alarms(self) -> tuple[Alarm, ...]:
        """Every alarm as it stands, in definition order."""
        if self._listed is None:
            self._listed = tuple(self._alarms)
        return self._listed

    def standing(self) -> npt.NDArray[np.intp]:
        """Positions of the alarms that are not normal, ascending."""
        return np.flatnonzero(self._active)

    def changed(self) -> tuple[Alarm, ...]:
        """Rows that must be persisted since the last call: those that took a step, removed ones last."""
        rows = [self._alarms[position] for position in sorted(self._touched)] + self._gone
        self._touched, self._gone = set(), []
        return tuple(rows)

    # --- steps --------------------------------------------------------------------------------

    def _raise(self, position: int, detail: tuple[str, ...], wall_ns: int) -> list[Transition]:
        definition, alarm, steps = self._definitions[position], self._alarms[position], []
        if alarm.state in IS_ACTIVE:  # came again before anybody ended it: the old occurrence closes first
            closing = Step(alarm=self._newest.reading(alarm, position), trigger=Trigger.REACTIVATED)
            steps.append(self._take(position, closing, wall_ns))
            alarm = steps[0].alarm
        fresh = begun(alarm, definition.priority, detail, wall_ns, self._newest.fields(position, None))
        steps.append(self._take(position, Step(alarm=fresh, trigger=Trigger.RAISED), wall_ns))
        return steps

    def _worsen(self, raised: Sequence[int], renewed: Set[int], wall_ns: int) -> list[Transition]:
        """End the shelves of what just got worse: the next level of the tag came, or a further reason of the alarm."""
        causes = {place: cause for cause in raised for place in self._milder.get(cause, ())}
        causes |= {place: place for place in raised if place in renewed}
        steps = []
        for place in sorted(causes.keys() & self._shelved):
            record = shelf_of(self._alarms[place])
            assert record is not None  # _shelved mirrors the rows
            self._show_newest(place)
            cause = self._ids[causes[place]]
            why = f"恶化：{cause}", f"worse: {cause}"
            steps.append(self._take(place, end(self._alarms[place], record, why), wall_ns))
        return steps

    def _elapse(self, wall_ns: int) -> list[Transition]:
        """Take the steps whose time has come; an alarm with two suppressions that ended takes two."""
        steps = []
        for position in np.flatnonzero(self._due <= wall_ns).tolist():
            self._show_newest(position)
            while self._due[position] <= wall_ns:
                steps.append(self._take(position, elapsed(self._alarms[position]), wall_ns))
        return steps

    def _take(self, position: int, step: Step, wall_ns: int, command: Command | None = None) -> Transition:
        transition = taken(self._definitions[position], step, wall_ns, command)
        self._keep(position, transition.alarm)
        self._touched.add(position)
        self._schedule(position, wall_ns)
        return transition

    def _schedule(self, position: int, wall_ns: int) -> None:
        rules = self._philosophy.rules_of(self._definitions[position].alarm_class)
        self._due[position] = due_ns(self._alarms[position], rules, wall_ns)

    def _keep(self, position: int, alarm: Alarm) -> None:
        self._alarms[position] = alarm
        self._active[position] = alarm.state in IS_ACTIVE
        self._condition[position] = alarm.state in IS_TRUE
        self._unknown[position] = alarm.unknown
        self._listed = None
        if alarm.suppressions and is_shelved(alarm):
            self._shelved.add(position)
        else:
            self._shelved.discard(position)

    # --- values -------------------------------------------------------------------------------

    def _check(self, verdicts: Verdicts) -> None:
        if verdicts.ids is not self._ids:
            if verdicts.ids != self._ids:
                raise ValueError("the verdicts are not those of the board's definitions in their order")
            self._ids = verdicts.ids  # the same object next time: compared once

    def _show_newest(self, position: int) -> None:
        """Bring a row that waits for its turn up to date."""
        if self._newest.waits(position):
            self._keep(position, self._newest.shown(self._alarms[position], position))
