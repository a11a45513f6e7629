"""Where drivers put what they read until the next scan.  Never drops a row that still says something."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from monitor.hazards.links import LinkStatus
from rules.columns.readings import Origin, ReadingBatch
from rules.columns.tags import TagTable

DEVICE_BOUND: Final = 64
"""Waiting batches of one device before older ones are reduced to what newer ones do not say."""


class Inbox:
    """Batches in arrival order, and the last known state of every link.  Used from the event loop only."""

    def __init__(self, table: TagTable, device_bound: int = DEVICE_BOUND) -> None:
        self._discrete = table.discrete
        self._bound = device_bound
        self._batches: list[ReadingBatch] = []
        self._waiting: dict[str, int] = {}
        self._links: dict[str, LinkStatus] = {}
        self._wake = asyncio.Event()
        self.overruns = 0
        """Times the bound was reached."""

    def put(self, batch: ReadingBatch) -> None:
        """Take one batch; never blocks.  BACKFILL is history's and is not kept here."""
        if batch.origin is Origin.BACKFILL:
            return
        self._batches.append(batch)
        count = self._waiting.get(batch.device, 0) + 1
        if count > self._bound:
            self.overruns += 1
            count = self._reduce(batch.device)
        self._waiting[batch.device] = count
        self._wake.set()

    def link(self, status: LinkStatus) -> None:
        """Take the state of one device's link; a changed state starts a scan."""
        before = self._links.get(status.device)
        self._links[status.device] = status
        if before is None or before.state != status.state:
            self._wake.set()

    def links(self) -> Mapping[str, LinkStatus]:
        """The links as last reported, by device id (a copy)."""
        return dict(self._links)

    def wake(self) -> None:
        """Start a scan although no batch waits (a command came)."""
        self._wake.set()

    async def wait(self) -> None:
        """Return as soon as something waits."""
        await self._wake.wait()

    def drain(self) -> list[list[ReadingBatch]]:
        """Take everything that waits, in steps: inside a step no discrete tag has two different values.

        A trip pulse that came and went between two scans is therefore evaluated, not overwritten.
        """
        batches, self._batches = self._batches, []
        self._waiting.clear()
        self._wake.clear()
        return split_at_edges(batches, self._discrete)

    def _reduce(self, device: str) -> int:
        """Take from the older batches of one device what newer ones say too; returns how many are left."""
        mine = [batch for batch in self._batches if batch.device == device]
        reduced = reduce_to_news(mine, self._discrete)
        kept = iter(reduced)
        self._batches = [
            batch
            for batch in (next(kept) if batch.device == device else batch for batch in self._batches)
            if batch is not None
        ]
        return sum(batch is not None for batch in reduced)


def split_at_edges(batches: Sequence[ReadingBatch], discrete: np.ndarray) -> list[list[ReadingBatch]]:
    """Group batches into steps that hold at most one value of each discrete row (`discrete` bool, one per tag)."""
    if len(batches) < 2:
        return [list(batches)] if batches else []
    steps: list[list[ReadingBatch]] = [[]]
    value = np.full(discrete.shape, np.nan)
    known = np.zeros(discrete.shape, bool)
    for batch in batches:
        mine = discrete[batch.row]
        rows, values = batch.row[mine], batch.value[mine]
        same = (value[rows] == values) | (np.isnan(value[rows]) & np.isnan(values))
        if bool(np.any(known[rows] & ~same)):
            steps.append([])
            known[:] = False
        steps[-1].append(batch)
        value[rows], known[rows] = values, True
    return steps


def reduce_to_news(batches: Sequence[ReadingBatch], discrete: np.ndarray) -> list[ReadingBatch | None]:
    """Cut from each batch the rows that a newer batch replaces; None where nothing is left.

    Of an analog row only the newest value stays; of a discrete row every change stays, with its own times.
    """
    newest = np.full(discrete.shape, np.nan)
    known = np.zeros(discrete.shape, bool)
    reduced: list[ReadingBatch | None] = []
    for batch in reversed(batches):
        same = (newest[batch.row] == batch.value) | (np.isnan(newest[batch.row]) & np.isnan(batch.value))
        keep = ~known[batch.row] | (discrete[batch.row] & ~same)
        newest[batch.row], known[batch.row] = batch.value, True
        reduced.append(batch if bool(keep.all()) else _take(batch, keep) if bool(keep.any()) else None)
    reduced.reverse()
    return reduced


def _take(batch: ReadingBatch, keep: np.ndarray) -> ReadingBatch:
    rows = set(batch.row[keep].tolist())
    return replace(
        batch,
        row=batch.row[keep],
        value=batch.value[keep],
        quality=batch.quality[keep],
        status=batch.status[keep],
        source_time_ns=batch.source_time_ns[keep],
        raw=None if batch.raw is None else batch.raw[keep],
        texts=tuple(text for text in batch.texts if text[0] in rows),
    )
