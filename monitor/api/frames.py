"""Tag frames: what changed since the frame before, as columns, encoded once for all clients.  Told the time."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson

from monitor.api.condition import condition
from monitor.api.ports import PlantCard
from monitor.api.times import rfc3339
from monitor.hazards.view import View
from rules.columns.readings import NO_TIME

TIMES_EVERY_NS: Final = 1_000_000_000
"""A row of which only the times moved travels at most this often."""


class FrameEncoder:
    """Numbers the frames of one epoch and remembers what was last sent of each row."""

    def __init__(self, plant: PlantCard, epoch: str, view: View) -> None:
        self._plant = plant
        self._epoch = epoch
        self._view = view
        self._value_bits = _bits(view.snapshot.value)
        self._quality = view.snapshot.quality
        self._received = view.snapshot.received_wall_ns.copy()
        self._snapshot = ""
        self._snapshot_frame = 0
        self.frame = 1
        """Number of the last frame made."""

    def advance(self, view: View, mono_ns: int, wall_ns: int) -> str:
        """Make the next frame: rows whose value or quality changed, or whose times moved by a second."""
        snapshot = view.snapshot
        bits = _bits(snapshot.value)
        changed = bits != self._value_bits
        changed |= snapshot.quality != self._quality
        changed |= np.abs(snapshot.received_wall_ns - self._received) >= TIMES_EVERY_NS
        rows = np.flatnonzero(changed).astype(np.int32)
        self._value_bits = bits
        self._quality = snapshot.quality
        self._received[rows] = snapshot.received_wall_ns[rows]
        self._view = view
        prev, self.frame = self.frame, self.frame + 1
        return self._encode("tags", rows, prev, mono_ns, wall_ns)

    def snapshot(self, mono_ns: int, wall_ns: int) -> str:
        """All rows as of the last frame; made once per frame, whoever asks."""
        if self._snapshot_frame != self.frame:
            rows = np.arange(len(self._view.snapshot), dtype=np.int32)
            self._snapshot = self._encode("snapshot", rows, 0, mono_ns, wall_ns)
            self._snapshot_frame = self.frame
        return self._snapshot

    def _encode(self, kind: str, rows: npt.NDArray[np.int32], prev: int, mono_ns: int, wall_ns: int) -> str:
        now = condition(self._plant, self._view, mono_ns)
        snapshot = self._view.snapshot
        message: dict[str, Any] = {
            "type": kind,
            "epoch": self._epoch,
            "frame": self.frame,
            "prev": prev,
            "at": rfc3339(wall_ns),
            "scan_age_ms": now.scan_age_ms,
            "row": rows,
            "value": snapshot.value[rows],  # NaN and infinity become null
            "quality": snapshot.quality[rows],
            "source_time_ms": milliseconds(snapshot.source_time_ns[rows]),
            "received_ms": np.floor_divide(snapshot.received_wall_ns[rows], 1_000_000).astype(np.float64),
            "status": now.status,
            "devices_up": now.devices_up,
            "devices": now.devices,
            "blind_points": now.blind_points,
        }
        return orjson.dumps(message, option=orjson.OPT_SERIALIZE_NUMPY).decode()


def milliseconds(time_ns: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Unix milliseconds; NaN where there is no time."""
    whole = np.floor_divide(time_ns, 1_000_000).astype(np.float64)
    whole[time_ns == NO_TIME] = np.nan
    return whole


def _bits(value: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """The values as bit patterns, so that NaN equals NaN."""
    return np.ascontiguousarray(value).view(np.int64)
