"""The plant's suppressions inside a scan: judged with the rules on the same snapshot, carried out around the verdicts."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from monitor.alarms.board import Board
from monitor.alarms.commands import Command, CommandRefusedError
from monitor.alarms.design_suppression import NOT_LOST, DesignSuppression, Standing
from monitor.alarms.design_suppressions import Changes, Suppressions, shifted
from monitor.alarms.transition import Alarm, Transition
from monitor.hazards.suppressed import Suppressed
from rules.blocks.conditions import condition_stirs
from rules.columns.snapshot import Snapshot
from rules.columns.tags import TagTable
from rules.language.conditions import ConditionColumns
from rules.port import NO_STATE, Moment, State
from rules.stretch import Stretch
from rules.verdicts import Verdicts


class Suppressing:
    """Owns what the suppressions remember; has the board begin and end them."""

    def __init__(
        self,
        suppressions: Sequence[DesignSuppression],
        conditions: ConditionColumns | None,
        ids: Sequence[str],
        table: TagTable,
        start_grace_ns: int,
    ) -> None:
        """`conditions` are those of the suppressions that have one of their own, in their order; `ids` all alarms."""
        self._logic = Suppressions(suppressions, ids, start_grace_ns)
        self._conditions = conditions
        self._table = table
        self._place = {at: place for place, at in enumerate(self._logic.with_condition)}
        self._memory = self._logic.remember((), 0)
        self._state: State = NO_STATE
        self._moment: Moment | None = None

    def restore(self, alarms: Sequence[Alarm], mono_ns: int) -> None:
        """Take over what the restored board holds (any alarms, in any order), or begin with nothing."""
        self._memory = self._logic.remember(alarms, mono_ns)
        self._state = self._conditions.fresh(mono_ns) if self._conditions is not None else NO_STATE

    def clock_stepped(self, step_ns: int) -> None:
        """The wall clock jumped: a longest time stays as long as it was."""
        self._memory = shifted(self._memory, step_ns)

    def apply(self, board: Board, snapshot: Snapshot, verdicts: Verdicts, wall_ns: int) -> list[Transition]:
        """Have the board judge the verdicts: what begins now is silent before they are raised, what ends is told after."""
        changes = self._judge(board, snapshot, verdicts, wall_ns)
        return [
            *carried_out(changes.begins, board, wall_ns),
            *board.apply(verdicts, wall_ns),
            *carried_out(changes.ends, board, wall_ns),
        ]

    @property
    def standing(self) -> tuple[Standing, ...]:
        """Every suppression as it is; the very same tuple where the last scan changed nothing."""
        return self._memory.all

    def stirs(self, stretch: Stretch) -> npt.NDArray[np.bool_]:
        """Sweeps (t) of a recording at which a condition may go another way than at the sweep before."""
        if self._conditions is None:
            return np.zeros(len(stretch), np.bool_)
        return condition_stirs(self._conditions, stretch)

    def due_ns(self, mono_ns: int) -> tuple[int | None, int | None]:
        """(mono, wall) time after which a suppression begins or ends although no condition and no alarm changes."""
        stands = [(item, one) for item, one in zip(self._logic.all, self._memory.all, strict=True) if one.stands]
        ends = [one.lost_mono_ns + item.off_delay_ns for item, one in stands if one.lost_mono_ns != NOT_LOST]
        lasts = None if self._conditions is None else self._conditions.due_ns(self._state, mono_ns)
        wall_ns = min((one.until_wall_ns for _, one in stands), default=None)
        return min([*ends, *([] if lasts is None else [lasts])], default=None), wall_ns

    def now(self) -> Suppressed:
        """What stands, for screens."""
        return Suppressed(
            all=self._logic.all,
            now=self._memory.all,
            conditions=self._conditions,
            place=self._place,
            moment=self._moment,
            state=self._state,
        )

    def _judge(self, board: Board, snapshot: Snapshot, verdicts: Verdicts, wall_ns: int) -> Changes:
        own = np.zeros(0, np.uint8)
        if self._conditions is not None:
            self._moment = Moment.of(snapshot, self._table.ids, self._memory.start_mono_ns, snapshot.mono_ns)
            own, self._state = self._conditions.judge(self._moment, self._state)
        changes, self._memory = self._logic.judge(
            own, verdicts, board.alarms(), self._memory, (snapshot.mono_ns, wall_ns)
        )
        return changes


def carried_out(commands: Sequence[Command], board: Board, wall_ns: int) -> list[Transition]:
    """The steps of what begins or ends; a suppression whose time was over has been ended by the board itself."""
    steps = []
    for command in commands:
        try:
            steps.append(board.obey(command, wall_ns))
        except CommandRefusedError:
            continue
    return steps
