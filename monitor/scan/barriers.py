"""Interlocks, permits and protection layers inside a scan: verdicts for their alarms, entries for the journal."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from monitor.alarms.commands import Command, EndSuppression, RaisePriority
from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.lifecycle import IS_TRUE, Suppression
from monitor.alarms.record import Entry
from monitor.alarms.shelving import is_shelved
from monitor.alarms.transition import Alarm
from monitor.interlocks.keeping import LeftOut
from monitor.interlocks.layers import ProtectionState, Sight, judge_layers
from monitor.interlocks.permit_commands import PermitCommand
from monitor.interlocks.permits import Permit, PermitStep
from monitor.interlocks.register import Interlock, Register
from monitor.interlocks.stored import Instant, StoredInterlock
from monitor.interlocks.view import BarrierView
from monitor.interlocks.watch import InterlockWatch, Watched
from monitor.scan.approach import Approach
from monitor.scan.barrier_entries import entries_of, permit_entry
from monitor.scan.barrier_verdicts import OUT, UNALLOWED, BarrierVerdicts
from rules.columns.quality import is_usable
from rules.columns.snapshot import Snapshot
from rules.columns.tags import TagTable
from rules.language.conditions import ConditionColumns
from rules.port import NO_STATE, Moment, State
from rules.verdicts import Verdict, Verdicts

_T: Final = np.uint8(Verdict.TRUE)
_UNALLOWED: Final = ("无有效许可的旁路", "bypassed without a permit")


class Barriers:
    """Owns the interlock watch; judges the definitions that `plant.barriers` generates, in their order."""

    def __init__(
        self,
        register: Register,
        definitions: Sequence[AlarmDefinition],
        table: TagTable,
        transfers: ConditionColumns | None,
        start_grace_ns: int,
    ) -> None:
        """`definitions` are all of the plant; `transfers` the conditions of the protections that have one, in order."""
        self.watch = InterlockWatch(register, table)
        self._register = register
        self._table = table
        self._transfers = transfers
        self._start_grace_ns = start_grace_ns
        self._start_mono_ns: int | None = None
        self._boot = ""
        self._state: State = NO_STATE
        self.protections: tuple[ProtectionState, ...] = ()
        self._verdicts = BarrierVerdicts(register)
        self.ids = self._verdicts.ids
        self._position = {definition.id: at for at, definition in enumerate(definitions)}
        self._definitions = tuple(definitions)
        self._rows: dict[str, int] = {
            definition.id: table.row_of[definition.tag]
            for definition in definitions
            if definition.tag is not None and definition.tag in table.row_of
        }
        self._beside = beside(register.interlocks, definitions)
        self._out: tuple[int, ...] = ()
        """Places of the interlocks that are out now."""
        self._unallowed: tuple[int, ...] = ()
        """Of these, the ones that nobody allowed."""
        bypasses = ((place, f"{item.id}.bypass") for place, item in enumerate(register.interlocks))
        self._bypass_at = {place: self._position[name] for place, name in bypasses if name in self._position}
        named = {name for item in register.protections for layer in item.layers for name in layer.interlocks}
        self._layered = tuple((item.id, at) for at, item in enumerate(register.interlocks) if item.id in named)
        self._approach = Approach(register.protections, definitions, table)

    def restore(self, permits: Sequence[Permit], number: int) -> None:
        """Take over the stored permits before the first scan."""
        self.watch.book.restore(permits, number)

    def remember(self, rows: Sequence[StoredInterlock], now: Instant) -> tuple[LeftOut, ...]:
        """Go on with the open demands and trips of the last run before the first scan; says what was left out."""
        self._boot = now.boot
        return self.watch.restore(rows, now, now.mono_ns + self._start_grace_ns)

    def changed(self, mono_ns: int, wall_ns: int) -> tuple[StoredInterlock, ...]:
        """What is remembered otherwise than the disk has it."""
        return self.watch.changed(Instant(mono_ns, wall_ns, self._boot))

    def judge(
        self, snapshot: Snapshot, alarms: Sequence[Alarm], rules: Verdicts
    ) -> tuple[Verdicts, Verdicts, tuple[Entry, ...]]:
        """(the rules' verdicts with what is to be announced anew, verdicts in the order of `ids`, journal entries).

        `alarms` is the board as the last scan left it, in definition order.
        """
        if self._start_mono_ns is None:
            self._start_mono_ns = snapshot.mono_ns
            if self._transfers is not None:
                self._state = self._transfers.fresh(snapshot.mono_ns)
        watched = self.watch.watch(snapshot)
        self.protections = self._judge_layers(snapshot, alarms, watched)
        entries = (
            *entries_of(watched.changes, self._register, snapshot.wall_ns),
            *(permit_entry(step, self._register) for step in watched.steps),
        )
        renewed = self._renewed(rules, watched)
        self._out = tuple(np.flatnonzero(OUT[watched.judgement.service]).tolist())
        self._unallowed = tuple(np.flatnonzero(watched.judgement.service == UNALLOWED).tolist())
        verdicts = self._verdicts.judge(watched, self.protections, self.watch.book.open(), snapshot.wall_ns)
        return renewed, verdicts, entries

    def obey(self, command: PermitCommand, wall_ns: int) -> tuple[PermitStep, Entry]:
        """Carry out what a person asks of permits.

        :raises CommandRefusedError: it is not allowed; the message says what to do.
        """
        step = self.watch.book.obey(command, wall_ns)
        return step, permit_entry(step, self._register)

    def follow(self, watched_alarms: Sequence[Alarm], snapshot: Snapshot) -> list[Command]:
        """What the board must do because a barrier is out: end shelves beside it, raise what moves towards its limit."""
        near = {position for place in self._out for position in self._beside[place]}
        unallowed = [self._bypass_at[place] for place in self._unallowed if place in self._bypass_at]
        near.update(unallowed)
        commands: list[Command] = [
            _unshelve(watched_alarms[position].id)
            for position in sorted(near)
            if watched_alarms[position].suppressions and is_shelved(watched_alarms[position])
        ]
        for position in unallowed:
            commands += _raised(watched_alarms[position], 1, _UNALLOWED)
        missing = {state.id: state.missing for state in self.protections if state.missing}
        for alarm_id, names in self._approach.moving(missing, snapshot):
            position = self._position[alarm_id]
            priority = max(self._definitions[position].priority - 1, 1)
            why = (f"保护层缺失：{'、'.join(names)}", f"a protection is out: {', '.join(names)}")
            commands += _raised(watched_alarms[position], priority, why)
        return commands

    def next_wall_ns(self) -> int | None:
        """When time alone moves a permit on."""
        return self.watch.book.next_deadline_ns()

    def next_mono_ns(self) -> int | None:
        """When a demand becomes late although nothing is read."""
        return self.watch.due_ns

    def view(self) -> BarrierView:
        """What screens may show, after the commit."""
        return BarrierView(states=self.watch.states, permits=self.watch.book.open(), protections=self.protections)

    def _renewed(self, rules: Verdicts, watched: Watched) -> Verdicts:
        """A bypass that lost its permit while it stood is announced anew."""
        names = [f"{self._register.interlocks[place].id}.bypass" for place in watched.turned_worse]
        at = [self._position[name] for name in names if name in self._position]
        at = [position for position in at if position < len(rules) and rules.verdict[position] == _T]
        if not at:
            return rules
        renew = np.union1d(rules.renew, np.array(at, np.intp))
        return replace(rules, renew=renew, changed=np.union1d(rules.changed, renew))

    # --- layers -------------------------------------------------------------------------------

    def _judge_layers(
        self, snapshot: Snapshot, alarms: Sequence[Alarm], watched: Watched
    ) -> tuple[ProtectionState, ...]:
        if not self._register.protections:
            return ()
        usable = is_usable(snapshot.quality)
        starting = snapshot.mono_ns - (self._start_mono_ns or 0) < self._start_grace_ns

        def is_seen(alarm_id: str) -> bool:
            row = self._rows.get(alarm_id)
            return row is None or bool(usable[row])

        sight = Sight(
            service={name: watched.states[place].service for name, place in self._layered},
            alarm_works=lambda name: is_seen(name) and not alarms[self._position[name]].suppressions,
            is_sound=lambda name: is_seen(name) and not alarms[self._position[name]].condition_true,
            is_readable=lambda tag: bool(usable[self._table.row_of[tag]]),
        )
        states = judge_layers(self._register.protections, self._transfer(snapshot), sight)
        if not starting:
            return states
        # nothing was read yet: that is no finding
        return tuple(replace(item, short=Verdict.UNKNOWN) if item.short is Verdict.TRUE else item for item in states)

    def _transfer(self, snapshot: Snapshot) -> Mapping[str, Verdict]:
        if self._transfers is None:
            return {}
        moment = Moment.of(snapshot, self._table.ids, self._start_mono_ns or 0, snapshot.mono_ns)
        found, self._state = self._transfers.judge(moment, self._state)
        named = [item.id for item in self._register.protections if item.transfer]
        return {name: Verdict(int(verdict)) for name, verdict in zip(named, found, strict=True)}


def beside(interlocks: Sequence[Interlock], definitions: Sequence[AlarmDefinition]) -> tuple[tuple[int, ...], ...]:
    """Positions of the alarms beside each interlock: those of its equipment, and those of its causes."""
    of_equipment: dict[str, list[int]] = {}
    of_tag: dict[str, list[int]] = {}
    for position, definition in enumerate(definitions):
        of_equipment.setdefault(definition.equipment or "", []).append(position)
        of_tag.setdefault(definition.tag or "", []).append(position)
    found = []
    for item in interlocks:
        near = [*(of_equipment.get(item.equipment, ()) if item.equipment else ())]
        near += [position for cause in item.causes for position in of_tag.get(cause, ())]
        found.append(tuple(dict.fromkeys(near)))
    return tuple(found)


def _raised(alarm: Alarm, priority: int, why: tuple[str, str]) -> list[RaisePriority]:
    """The order to raise an alarm that stands aloud with less than this priority."""
    if alarm.state not in IS_TRUE or alarm.suppressions or alarm.priority <= priority:
        return []
    return [RaisePriority(id=alarm.id, occurrence=alarm.occurrence, priority=priority, why=why)]


def _unshelve(alarm_id: str) -> EndSuppression:
    return EndSuppression(
        id=alarm_id,
        suppression=Suppression.SHELVED,
        person="",
        person_name="",
        why=("旁边的联锁退出", "an interlock beside it is out"),
    )
