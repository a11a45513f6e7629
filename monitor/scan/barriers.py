"""Interlocks, permits and protection layers inside a scan: verdicts for their alarms, entries for the journal."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from monitor.alarms.commands import Command, EndSuppression, RaisePriority
from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.lifecycle import IS_TRUE, Suppression
from monitor.alarms.record import Entry
from monitor.alarms.shelving import is_shelved
from monitor.alarms.transition import Alarm
from monitor.interlocks.axes import BYPASSED, Action, Service, Voting
from monitor.interlocks.judge import ACTIONS, SERVICES, VOTINGS, Judgement
from monitor.interlocks.layers import ProtectionState, judge_layers
from monitor.interlocks.permit_commands import PermitCommand
from monitor.interlocks.permits import Permit, PermitState, PermitStep, PermitTrigger
from monitor.interlocks.register import Register
from monitor.interlocks.view import BarrierView
from monitor.interlocks.watch import InterlockWatch, Watched
from monitor.scan.approach import Approach
from monitor.scan.barrier_entries import entries_of, permit_entry
from rules.columns.quality import Quality, is_usable
from rules.columns.readings import NO_TIME
from rules.columns.snapshot import Snapshot
from rules.columns.tags import TagTable
from rules.language.conditions import ConditionColumns
from rules.port import NO_STATE, Moment, State
from rules.verdicts import Evidence, Verdict, Verdicts

UNUSED_NS: Final = 900_000_000_000
"""A permit that nobody uses this long after its start is told."""
_F, _T, _U = np.uint8(Verdict.FALSE), np.uint8(Verdict.TRUE), np.uint8(Verdict.UNKNOWN)
_BYPASSED: Final = np.array([service in BYPASSED for service in SERVICES])


def _of_codes(codes: Sequence[str], true: str, unknown: str) -> npt.NDArray[np.uint8]:
    """Code of an axis -> verdict of the alarm that tells `true`."""
    return np.array([_T if code == true else _U if code == unknown else _F for code in codes], np.uint8)


_DEMAND: Final = _of_codes(ACTIONS, Action.DEMAND_WHILE_BYPASSED, Action.UNKNOWN)
_FAILED: Final = _of_codes(ACTIONS, Action.FAILED_TO_TRIP, Action.UNKNOWN)
_SPURIOUS: Final = _of_codes(ACTIONS, Action.SPURIOUS_TRIP, Action.UNKNOWN)
_OVERDUE: Final = _of_codes(SERVICES, Service.BYPASSED_OVERDUE, Service.UNKNOWN)
_VOTING: Final = np.array(
    [_T if code in (Voting.DEGRADED, Voting.LOST) else _U if code == Voting.UNKNOWN else _F for code in VOTINGS],
    np.uint8,
)


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
        self._state: State = NO_STATE
        self._known: tuple[Permit, ...] = ()
        self.protections: tuple[ProtectionState, ...] = ()
        names = {item.id: place for place, item in enumerate(register.interlocks)}
        suffixes = ("demand", "failed", "spurious", "overdue", "voting", "permit")
        wanted = [
            *(f"{name}.{suffix}" for name in names for suffix in suffixes),
            *(item.id for item in register.protections),
            *(f"{source}.bypasses" for source in register.simultaneous),
        ]
        self.ids = tuple(wanted)
        self._each = len(suffixes)
        self._position = {definition.id: at for at, definition in enumerate(definitions)}
        self._definitions = tuple(definitions)
        self._source_of = [item.hazard_source for item in register.interlocks]
        self._rows: dict[str, int] = {
            definition.id: table.row_of[definition.tag]
            for definition in definitions
            if definition.tag is not None and definition.tag in table.row_of
        }
        self._approach = Approach(register.protections, definitions, table)

    def restore(self, permits: Sequence[Permit], number: int) -> None:
        """Take over the stored permits before the first scan."""
        self.watch.book.restore(permits, number)
        self._known = self.watch.book.open()

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
        return renewed, self._verdicts(watched, snapshot), entries

    def obey(self, command: PermitCommand, wall_ns: int) -> tuple[PermitStep, Entry]:
        """Carry out what a person asks of permits.

        :raises CommandRefusedError: it is not allowed; the message says what to do.
        """
        step = self.watch.book.obey(command, wall_ns)
        return step, permit_entry(step, self._register)

    def follow(self, watched_alarms: Sequence[Alarm], snapshot: Snapshot) -> list[Command]:
        """What the board must do because a barrier is out: end shelves beside it, raise what moves towards its limit."""
        commands: list[Command] = []
        out = {state.id for state in self.watch.states if state.service in BYPASSED}
        beside = {item.equipment for item in self._register.interlocks if item.id in out and item.equipment}
        causes = {tag for item in self._register.interlocks if item.id in out for tag in item.causes}
        if out:
            for definition, alarm in zip(self._definitions, watched_alarms, strict=True):
                near = definition.equipment in beside or definition.tag in causes
                if near and alarm.suppressions and is_shelved(alarm):
                    commands.append(_unshelve(definition.id))
        missing = {state.id: state.missing for state in self.protections if state.missing}
        for protection, names in self._approach.moving(missing, snapshot):
            alarm = watched_alarms[self._position[protection.towards]]
            definition = self._definitions[self._position[protection.towards]]
            priority = max(definition.priority - 1, 1)
            if alarm.state in IS_TRUE and not alarm.suppressions and alarm.priority > priority:
                commands.append(
                    RaisePriority(
                        id=alarm.id,
                        occurrence=alarm.occurrence,
                        priority=priority,
                        why=(f"保护层缺失：{'、'.join(names)}", f"a protection is out: {', '.join(names)}"),
                    )
                )
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

    # --- verdicts -----------------------------------------------------------------------------

    def _renewed(self, rules: Verdicts, watched: Watched) -> Verdicts:
        """A bypass that lost its permit while it stood is announced anew."""
        names = [f"{self._register.interlocks[place].id}.bypass" for place in watched.turned_worse]
        at = [self._position[name] for name in names if name in self._position]
        at = [position for position in at if position < len(rules) and rules.verdict[position] == _T]
        if not at:
            return rules
        renew = np.union1d(rules.renew, np.array(at, np.intp))
        return replace(rules, renew=renew, changed=np.union1d(rules.changed, renew))

    def _verdicts(self, watched: Watched, snapshot: Snapshot) -> Verdicts:
        judgement, count = watched.judgement, len(self._register.interlocks)
        condition = np.full(len(self.ids), _U, np.uint8)
        value, limit = np.full(len(self.ids), np.nan), np.full(len(self.ids), np.nan)
        details: dict[int, tuple[str, ...]] = {}
        by_kind = condition[: count * self._each].reshape(count, self._each)
        by_kind[:, 0], by_kind[:, 1] = _DEMAND[judgement.action], _FAILED[judgement.action]
        by_kind[:, 2], by_kind[:, 3] = _SPURIOUS[judgement.action], _OVERDUE[judgement.service]
        by_kind[:, 4] = np.where(judgement.bypassed == _T, _F, _VOTING[judgement.voting])
        by_kind[:, 5] = _F
        renew = self._permit_clock(by_kind[:, 5], details, watched, snapshot.wall_ns)
        for place in np.flatnonzero((by_kind[:, :5] == _T).any(axis=1)).tolist():
            state = watched.states[place]
            for kind, names in ((0, state.demanded_by), (1, state.demanded_by), (3, state.bypassed_by)):
                details[place * self._each + kind] = names
        at = count * self._each
        for layers in self.protections:
            condition[at], value[at], limit[at] = layers.short, layers.available, layers.required
            details[at] = layers.missing
            at += 1
        for source, most in self._register.simultaneous.items():
            condition[at], value[at] = self._simultaneous(judgement, source, most)
            limit[at] = most
            at += 1
        kept = {place: names for place, names in details.items() if condition[place] == _T}
        return Verdicts.dense(
            ids=self.ids,
            verdict=condition.copy(),
            condition=condition,
            evidence=Evidence(
                value=value,
                limit=limit,
                quality=np.full(len(self.ids), Quality.GOOD, np.uint8),
                source_time_ns=np.full(len(self.ids), NO_TIME, np.int64),
                received_wall_ns=np.zeros(len(self.ids), np.int64),
            ),
            renew=np.array(sorted(renew), np.intp),
            details=kept,
        )

    def _permit_clock(
        self,
        condition: npt.NDArray[np.uint8],
        details: dict[int, tuple[str, ...]],
        watched: Watched,
        wall_ns: int,
    ) -> set[int]:
        """`<interlock>.permit`: a mark of the clock was passed, a check was missed, or nobody uses the permit."""
        anew = {
            step.permit.interlock
            for step in watched.steps
            if step.trigger in (PermitTrigger.MARK, PermitTrigger.MEASURE_MISSED)
        }
        renew: set[int] = set()
        place_of = {item.id: place for place, item in enumerate(self._register.interlocks)}
        for permit in self.watch.book.open():
            told = _told(permit, wall_ns)
            if not told:
                continue
            place = place_of[permit.interlock]
            condition[place] = _T
            at = place * self._each + 5
            details[at] = (*details.get(at, ()), permit.id, *told)
            if permit.interlock in anew:
                renew.add(at)
        return renew

    def _simultaneous(self, judgement: Judgement, source: str, most: int) -> tuple[np.uint8, int]:
        mine = np.array([name == source for name in self._source_of], np.bool_)
        out = int(np.count_nonzero(mine & _BYPASSED[judgement.service]))
        unknown = int(np.count_nonzero(mine & (judgement.service == SERVICES.index(Service.UNKNOWN))))
        return (_T if out > most else _U if out + unknown > most else _F), out

    # --- layers -------------------------------------------------------------------------------

    def _judge_layers(
        self, snapshot: Snapshot, alarms: Sequence[Alarm], watched: Watched
    ) -> tuple[ProtectionState, ...]:
        if not self._register.protections:
            return ()
        usable = is_usable(snapshot.quality)
        starting = snapshot.mono_ns - (self._start_mono_ns or 0) < self._start_grace_ns

        def works(alarm_id: str) -> bool:
            row, at = self._rows.get(alarm_id), self._position[alarm_id]
            return (row is None or bool(usable[row])) and not alarms[at].suppressions

        states = judge_layers(
            self._register.protections,
            self._transfer(snapshot),
            {state.id: state.service for state in watched.states},
            works,
            lambda tag: bool(usable[self._table.row_of[tag]]),
        )
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


def _told(permit: Permit, wall_ns: int) -> tuple[str, ...]:
    """What the clock of a permit says now, in words that are the same in both languages."""
    if permit.state not in (PermitState.APPROVED, PermitState.IN_USE, PermitState.RESTORING):
        return ()
    found = [f"{max(permit.marks_told)}%"] if permit.marks_told else []
    if permit.missed:
        found.append(f"{permit.missed} x 补偿措施未检查 / check missed")
    if permit.state is PermitState.APPROVED and wall_ns - permit.start_wall_ns >= UNUSED_NS:
        found.append("未使用 / not used")
    return tuple(found)


def _unshelve(alarm_id: str) -> EndSuppression:
    return EndSuppression(
        id=alarm_id,
        suppression=Suppression.SHELVED,
        person="",
        person_name="",
        why=("旁边的联锁退出", "an interlock beside it is out"),
    )
