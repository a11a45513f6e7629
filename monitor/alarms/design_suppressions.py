"""All suppressions of a plant at once: what begins and what ends at a moment, as commands for the board.  Pure.

The board keeps the records and does the announcing; here is only decided.
"""

import graphlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from monitor.alarms.commands import EndSuppression, SuppressByDesign
from monitor.alarms.design_suppression import REMOVED, UNTOLD, DesignSuppression, Standing, stepped, taken_over
from monitor.alarms.lifecycle import Suppression
from monitor.alarms.timers import NEVER_NS
from monitor.alarms.transition import Alarm
from rules.verdicts import Verdict, Verdicts

SYSTEM: Final = "system"
"""Who is behind it: nobody."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SuppressionMemory:
    """What is remembered between two scans."""

    start_mono_ns: int
    all: tuple[Standing, ...]
    truth: npt.NDArray[np.uint8]
    """`truth` of all, as a column: a quiet scan looks at nothing else."""
    busy: npt.NDArray[np.bool_]
    """Those that stand or are barred: they must be looked at in every scan."""
    covered: npt.NDArray[np.bool_]
    """Pairs (suppression, alarm) that stand on the board."""
    left_over: tuple[EndSuppression, ...] = ()
    """Ends of records on the restored board whose suppression is gone."""

    def __post_init__(self) -> None:
        for column in (self.truth, self.busy, self.covered):
            column.flags.writeable = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What the board must do: begins before it judges the verdicts of the same moment, ends after."""

    begins: tuple[SuppressByDesign, ...] = ()
    ends: tuple[EndSuppression, ...] = ()


class Suppressions:
    """Every suppression of the plant, compiled for its alarms."""

    def __init__(self, suppressions: Sequence[DesignSuppression], ids: Sequence[str], start_grace_ns: int) -> None:
        """`ids` are those of all alarms in the order of the verdicts.

        :raises ValueError: a parent is kept silent, over however many steps, by what it keeps silent itself.
        :raises KeyError: a suppression names an alarm that does not exist.
        """
        self.all = tuple(suppressions)
        self._start_grace_ns = start_grace_ns
        place = {alarm_id: at for at, alarm_id in enumerate(ids)}
        pairs = [(at, place[alarm_id]) for at, item in enumerate(self.all) for alarm_id in item.alarms]
        self._pair_suppression = np.array([at for at, _ in pairs], np.intp)
        self._pair_alarm = np.array([alarm for _, alarm in pairs], np.intp)
        self._pair_waits = np.array([self.all[at].kind == "device" for at, _ in pairs], np.bool_)
        """Begins for an alarm only when it is about to be raised: a dead device must not write a line for each gauge."""
        self._ids = tuple(ids)
        self._parent = tuple(place[item.parent] if item.parent is not None else -1 for item in self.all)
        self._waiting = tuple(at for at, item in enumerate(self.all) if item.kind == "device")
        parents = set(self._parent)
        self._covers: dict[int, list[int]] = {}
        for at, alarm in pairs:
            if alarm in parents:
                self._covers.setdefault(alarm, []).append(at)
        self._order = _parents_first(self._parent, self._covers)
        self._rank = np.argsort(np.array(self._order, np.intp), kind="stable")
        told = [(at, self._parent[at]) for at in range(len(self.all)) if self._parent[at] >= 0]
        device = [pair for pair in told if self.all[pair[0]].kind == "device"]
        verdict = [pair for pair in told if self.all[pair[0]].kind != "device"]
        self._by_verdict = _columns(verdict)
        self._by_condition = _columns(device)
        self._own = np.array([at for at, parent in enumerate(self._parent) if parent < 0], np.intp)

    def remember(self, alarms: Sequence[Alarm], mono_ns: int) -> SuppressionMemory:
        """Memory at the start, from the restored board: what stood is held until its condition can be judged.

        A suppression with a longest time that does not stand on the board may have had it: it waits for a FALSE.
        """
        records = {
            (record.source, alarm.id): record
            for alarm in alarms
            for record in alarm.suppressions
            if record.suppression is Suppression.BY_DESIGN and record.source
        }
        standing = []
        for item in self.all:
            mine = [records[item.id, name] for name in item.alarms if (item.id, name) in records]
            standing.append(taken_over(item, mine) if mine else Standing(barred=item.maximum_ns is not None))
        places = zip(self._pair_suppression.tolist(), self._pair_alarm.tolist(), strict=True)
        pairs = [(self.all[at].id, self._ids[alarm]) for at, alarm in places]
        known = set(pairs)
        left_over = tuple(
            _ending(alarm_id, source, REMOVED) for source, alarm_id in records if (source, alarm_id) not in known
        )
        return SuppressionMemory(
            start_mono_ns=mono_ns,
            all=tuple(standing),
            truth=_truth(standing),
            busy=_busy(standing),
            covered=np.array([pair in records for pair in pairs], np.bool_),
            left_over=left_over,
        )

    def judge(
        self,
        own: npt.NDArray[np.uint8],
        verdicts: Verdicts,
        alarms: Sequence[Alarm],
        memory: SuppressionMemory,
        now: tuple[int, int],
    ) -> tuple[Changes, SuppressionMemory]:
        """Decide what begins and what ends; `own` are the verdicts of the conditions, in the order of `with_condition`.

        `verdicts` are those the board will judge next, `alarms` the board as it stands, `now` mono and wall time.
        """
        truth = np.full(len(self.all), np.uint8(Verdict.UNKNOWN))
        truth[self._own] = own
        truth[self._by_verdict[0]] = verdicts.verdict[self._by_verdict[1]]
        truth[self._by_condition[0]] = verdicts.condition[self._by_condition[1]]
        touched = np.flatnonzero(memory.busy | (truth != memory.truth) | (truth == Verdict.TRUE))
        if not touched.size and not memory.left_over:
            return Changes(), memory
        standing = list(memory.all)
        grace = now[0] - memory.start_mono_ns < self._start_grace_ns
        for at in touched[np.argsort(self._rank[touched])].tolist():
            said, untold = int(truth[at]), False
            if said == Verdict.TRUE and not self._speaks(at, alarms, standing):
                said, untold = int(Verdict.FALSE), True
            after = stepped(self.all[at], standing[at], said, now, grace)
            standing[at] = replace(after, why=UNTOLD) if untold and standing[at].stands and not after.stands else after
        if (
            standing == list(memory.all)
            and not memory.left_over
            and not any(memory.all[at].stands for at in self._waiting)
        ):
            return Changes(), memory
        return self._changes(standing, memory, verdicts, alarms)

    @property
    def with_condition(self) -> tuple[int, ...]:
        """Places of the suppressions that have a condition of their own (`when`), in the order `judge` wants them."""
        return tuple(self._own.tolist())

    def _speaks(self, at: int, alarms: Sequence[Alarm], standing: Sequence[Standing]) -> bool:
        """Whether people are told of what the parent says: by the parent itself, or by a parent above it that speaks.

        Beside a dead device stand the blind alarms of its hazard sources, so they are told whatever becomes of its link.
        """
        parent = self._parent[at]
        if parent < 0 or self.all[at].kind == "device":
            return True
        mine = {self.all[at].id for at in self._covers.get(parent, ())}
        if any(record.source not in mine for record in alarms[parent].suppressions):
            return False  # shelved, out of service, or suppressed by somebody
        covers = [at for at in self._covers.get(parent, ()) if standing[at].stands]
        if not covers:
            return True
        return any(self._parent[at] >= 0 and standing[at].truth == Verdict.TRUE for at in covers)

    def _changes(
        self, standing: list[Standing], memory: SuppressionMemory, verdicts: Verdicts, alarms: Sequence[Alarm]
    ) -> tuple[Changes, SuppressionMemory]:
        # a pair that a restart left out begins only where the condition is known to be TRUE now
        stands = np.array([item.stands for item in standing], np.bool_)[self._pair_suppression]
        known = np.array([item.truth == Verdict.TRUE for item in standing], np.bool_)[self._pair_suppression]
        begins, ends = stands & known & ~memory.covered, ~stands & memory.covered
        begins &= ~self._pair_waits | (verdicts.verdict[self._pair_alarm] == Verdict.TRUE)
        for pair in np.flatnonzero(begins & self._pair_waits).tolist():
            begins[pair] = not alarms[self._pair_alarm[pair]].condition_true
        changes = Changes(
            begins=tuple(self._begin(pair, standing) for pair in np.flatnonzero(begins).tolist()),
            ends=memory.left_over + tuple(self._end(pair, standing) for pair in np.flatnonzero(ends).tolist()),
        )
        after = SuppressionMemory(
            start_mono_ns=memory.start_mono_ns,
            all=tuple(standing),
            truth=_truth(standing),
            busy=_busy(standing),
            covered=memory.covered & ~ends | begins,
        )
        return changes, after

    def _begin(self, pair: int, standing: Sequence[Standing]) -> SuppressByDesign:
        at = int(self._pair_suppression[pair])
        item, until_ns = self.all[at], standing[at].until_wall_ns
        return SuppressByDesign(
            id=self._ids[self._pair_alarm[pair]],
            person=SYSTEM,
            person_name="",
            comment=item.reason_zh,
            comment_en=item.reason_en,
            until_wall_ns=None if until_ns == NEVER_NS else until_ns,
            source=item.id,
            condition=item.condition,
        )

    def _end(self, pair: int, standing: Sequence[Standing]) -> EndSuppression:
        at = int(self._pair_suppression[pair])
        return _ending(self._ids[self._pair_alarm[pair]], self.all[at].id, standing[at].why)


def shifted(memory: SuppressionMemory, step_ns: int) -> SuppressionMemory:
    """The memory after the wall clock stepped: a longest time stays as long as it was."""
    moved = tuple(
        replace(item, since_wall_ns=item.since_wall_ns + step_ns, until_wall_ns=item.until_wall_ns + step_ns)
        if item.stands and item.until_wall_ns != NEVER_NS
        else item
        for item in memory.all
    )
    return replace(memory, all=moved)


def _truth(standing: Sequence[Standing]) -> npt.NDArray[np.uint8]:
    return np.array([item.truth for item in standing], np.uint8)


def _busy(standing: Sequence[Standing]) -> npt.NDArray[np.bool_]:
    return np.array([item.stands or item.barred for item in standing], np.bool_)


def _ending(alarm_id: str, source: str, why: tuple[str, str]) -> EndSuppression:
    return EndSuppression(
        id=alarm_id, suppression=Suppression.BY_DESIGN, person=SYSTEM, person_name="", source=source, why=why
    )


def _columns(pairs: Sequence[tuple[int, int]]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    return np.array([at for at, _ in pairs], np.intp), np.array([parent for _, parent in pairs], np.intp)


def _parents_first(parents: Sequence[int], covers: Mapping[int, Sequence[int]]) -> tuple[int, ...]:
    """An order in which whatever keeps a parent silent is judged before what the parent keeps silent."""
    try:
        order = graphlib.TopologicalSorter({at: covers.get(parent, ()) for at, parent in enumerate(parents)})
        return tuple(order.static_order())
    except graphlib.CycleError as error:
        raise ValueError(f"suppressions keep each other's parents silent: places {error.args[1]}") from error
