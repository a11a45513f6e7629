"""Mass balances through a stretch of time: totals run on between the samples, everything else stays."""

import numpy as np

from rules import windows
from rules.blocks.course import Stirs, slots, turned
from rules.kinds.balance_group import MassBalanceGroup
from rules.port import State, frozen
from rules.stretch import Stretch

_NS = 1_000_000_000


class BalanceCalm(Stirs):
    """Calm of mass balances."""

    def __init__(self, group: MassBalanceGroup, stretch: Stretch) -> None:
        totals = group.totals
        self._totals = totals
        self._received = stretch.received_mono_ns[:, totals.row]
        self._flow = stretch.value[:, totals.row] * totals.factor
        self._good = stretch.good(totals.row)
        oldest = np.full((len(stretch), group.position.size), np.iinfo(np.int64).max)
        for rule, received in (
            (group.level_rule, stretch.received_mono_ns[:, group.level_row]), (totals.rule, self._received)
        ):  # fmt: skip
            np.minimum.at(oldest.T, rule, received.T)
        gap = np.zeros(self._received.shape, np.bool_)
        gap[1:] = self._received[1:] - self._received[:-1] > totals.gap_ns[totals.rule]
        stirs = turned(slots(oldest, group.window_ns // windows.SLOTS), self._good, stretch.good(group.level_row))
        super().__init__(stretch, stirs | gap.any(axis=1))

    def carried(self, state: State, since: int, at: int) -> State:
        """The totals with the readings after `since` up to `at`; who is good stays so between."""
        flows = np.flatnonzero(self._good[since])
        if at == since or not flows.size:
            return state
        rule, place = self._totals.rule[flows], self._totals.place[flows]
        total, last, times = (state[name].copy() for name in ("total", "flow", "flow_mono_ns"))
        part = slice(since + 1, at + 1)
        received = np.concatenate((times[rule, place][np.newaxis], self._received[part, flows]))
        flow = np.concatenate((last[rule, place][np.newaxis], self._flow[part, flows]))
        new = np.ones(received.shape, np.bool_)
        new[1:] = received[1:] > received[:-1]
        newest = np.maximum.accumulate(np.where(new, np.arange(received.shape[0])[:, np.newaxis], 0), axis=0)
        counts = np.take_along_axis(flow, newest, axis=0)  # what was read once is integrated once
        each = np.empty(received.shape)
        each[0] = total[rule, place]
        each[1:] = np.where(new[1:], (counts[:-1] + counts[1:]) / 2 * ((received[1:] - received[:-1]) / _NS), 0.0)
        total[rule, place] = np.add.accumulate(each, axis=0)[-1]
        last[rule, place], times[rule, place] = counts[-1], received[-1]
        return frozen(**{**state, "total": total, "flow": last, "flow_mono_ns": times})
