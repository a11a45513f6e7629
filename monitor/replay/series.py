"""Recorded readings as blocks of sweeps, and what the rules would have seen of them."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from rules.columns.health import HEALTH_GRACE_NS, kept
from rules.columns.latest import stale_after_ns
from rules.columns.quality import Quality, is_usable
from rules.columns.readings import NO_TIME
from rules.columns.snapshot import Snapshot
from rules.columns.tags import TagTable
from rules.stretch import Stretch

NO_READING: Final = np.uint8(255)
"""In `Sweeps.quality`: nothing was read of this tag in this sweep."""
_BAD: Final = np.uint8(Quality.BAD)
START_MONO_NS: Final = 1_000_000_000
"""Mono time of the first sweep: 0 means that a tag was never read."""

_CELLS: Final = 1 << 20
"""Readings of one block: more sweeps at once cost less each, until they no longer fit beside the processor."""


def block_of(tags: int) -> int:
    """How many sweeps are judged at once: 64 to 4096."""
    return min(max(_CELLS // max(tags, 1), 64), 4096)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sweeps:
    """Readings of t sweeps over n tags in TagTable order; wall times ascend."""

    wall_ns: npt.NDArray[np.int64]
    """Of each sweep, length t; Unix epoch, UTC."""
    value: npt.NDArray[np.float64]
    """Shape (t, n), in engineering units."""
    quality: npt.NDArray[np.uint8]
    """Shape (t, n): Quality, or NO_READING."""

    def __len__(self) -> int:
        return int(self.wall_ns.shape[0])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """What Latest would have held at each of t sweeps: values held until the next reading, old ones STALE."""

    mono_ns: npt.NDArray[np.int64]
    wall_ns: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    quality: npt.NDArray[np.uint8]
    received_mono_ns: npt.NDArray[np.int64]
    changed: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return int(self.mono_ns.shape[0])

    def snapshot(self, at: int) -> Snapshot:
        """The plant at sweep `at`; history keeps no status codes and no source times."""
        count = self.value.shape[1]
        received = self.received_mono_ns[at]
        offset_ns = int(self.wall_ns[at] - self.mono_ns[at])
        return Snapshot(
            mono_ns=int(self.mono_ns[at]),
            wall_ns=int(self.wall_ns[at]),
            value=self.value[at],
            quality=self.quality[at],
            status=np.zeros(count, np.uint32),
            source_time_ns=np.full(count, NO_TIME, np.int64),
            received_mono_ns=received,
            received_wall_ns=np.where(received > 0, received + offset_ns, 0),
            changed=self.changed[at],
        )


def stretch_of(block: Block, tag_ids: tuple[str, ...], start_mono_ns: int) -> Stretch:
    """The block as rules see it; history keeps no status codes and no source times."""
    shape = block.value.shape
    return Stretch(
        mono_ns=block.mono_ns,
        wall_ns=block.wall_ns,
        start_mono_ns=start_mono_ns,
        tag_ids=tag_ids,
        value=block.value,
        quality=block.quality,
        status=np.broadcast_to(np.uint32(0), shape),
        source_time_ns=np.broadcast_to(np.int64(NO_TIME), shape),
        received_mono_ns=block.received_mono_ns,
    )


class Recording:
    """Turns sweeps into blocks; remembers the last reading of every tag from block to block."""

    def __init__(self, table: TagTable) -> None:
        count = len(table)
        self._stale_after_ns = stale_after_ns(table)
        self._value = np.full(count, np.nan)
        self._quality = np.full(count, Quality.NEVER_SEEN, np.uint8)
        self._received = np.zeros(count, np.int64)
        self._offset_ns: int | None = None
        self._instruments = table.instruments
        self._health = self._instruments.unsaid()

    def block(self, sweeps: Sweeps) -> Block:
        """What the rules see at each of these sweeps, which must follow those of the last call."""
        if self._offset_ns is None:
            self._offset_ns = int(sweeps.wall_ns[0]) - START_MONO_NS
        mono_ns = sweeps.wall_ns - self._offset_ns
        read = sweeps.quality != NO_READING
        value, quality = sweeps.value.copy(), sweeps.quality.copy()
        received = np.empty(read.shape, np.int64)
        received[:] = mono_ns[:, np.newaxis]
        # most tags answer at every sweep: only the others have something to hold
        held = np.flatnonzero(~(quality <= _BAD).all(axis=0))
        if held.size:
            value[:, held], quality[:, held], received[:, held] = self._held(sweeps, mono_ns, held)
        not_finite = ~np.isfinite(value)
        if bool(not_finite.any()):
            quality[not_finite & is_usable(quality)] = _BAD
        self._value, self._quality, self._received = value[-1].copy(), quality[-1].copy(), received[-1].copy()
        said = self._instruments.said(value, quality)
        if held.size:
            aged = mono_ns[:, np.newaxis] - received[:, held] > self._stale_after_ns[held]
            quality[:, held] = np.where(aged & is_usable(quality[:, held]), np.uint8(Quality.STALE), quality[:, held])
        if len(self._instruments):
            health = kept(said, self._health)
            self._health = health[-1]
            early = mono_ns < START_MONO_NS + HEALTH_GRACE_NS
            self._instruments.withhold(quality, early[:, np.newaxis])
            self._instruments.degrade(value, quality, health)
        return Block(
            mono_ns=mono_ns,
            wall_ns=sweeps.wall_ns,
            value=value,
            quality=quality,
            received_mono_ns=received,
            changed=read,
        )

    def _held(
        self, sweeps: Sweeps, mono_ns: npt.NDArray[np.int64], rows: npt.NDArray[np.intp]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
        """(value, quality, received) of some tags, each held until its next reading."""
        read = sweeps.quality[:, rows] != NO_READING
        # the place of the newest reading at or before each sweep, -1 before the first of this block
        newest = np.maximum.accumulate(np.where(read, np.arange(len(sweeps))[:, np.newaxis], -1), axis=0)
        known, at = newest >= 0, np.maximum(newest, 0)
        value = np.where(known, np.take_along_axis(sweeps.value[:, rows], at, axis=0), self._value[rows])
        quality = np.where(known, np.take_along_axis(sweeps.quality[:, rows], at, axis=0), self._quality[rows])
        received = np.where(known & (quality <= _BAD), mono_ns[at], self._received[rows])
        return value, quality.astype(np.uint8), np.maximum.accumulate(received, axis=0)
