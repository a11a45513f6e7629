"""Small plants and snapshots for tests of the rules."""

from collections.abc import Mapping, Sequence

import numpy as np

from rules.columns.quality import Quality
from rules.columns.readings import NO_TIME, Origin, ReadingBatch
from rules.columns.snapshot import Snapshot
from rules.columns.tags import Tag, TagTable

SECOND = 1_000_000_000
START_WALL_NS = 1_790_000_000 * SECOND


def tag(
    name: str,
    *,
    discrete: bool = False,
    low: float = 0.0,
    high: float = 100.0,
    device: str = "PLC-1",
    hazard_source: str = "MHS-1",
    period_ns: int = SECOND,
    normal_state: int | None = None,
    health: str = "",
) -> Tag:
    return Tag(
        id=name,
        device=device,
        hazard_source=hazard_source,
        process_unit="unit",
        equipment="",
        description_zh="",
        description_en="",
        eu="" if discrete else "m",
        low=low,
        high=high,
        discrete=discrete,
        normal_state=normal_state,
        scan_class="normal",
        scan_period_ns=period_ns,
        health=health,
    )


def table(*tags: Tag) -> TagTable:
    return TagTable(tags)


def batch(
    rows: Sequence[int],
    values: Sequence[float],
    *,
    mono_ns: int,
    quality: Sequence[int] | None = None,
    source_time_ns: Sequence[int] | None = None,
    origin: Origin = Origin.LIVE,
    status: Sequence[int] | None = None,
) -> ReadingBatch:
    count = len(rows)
    return ReadingBatch(
        device="PLC-1",
        received_mono_ns=mono_ns,
        received_wall_ns=START_WALL_NS + mono_ns,
        origin=origin,
        row=np.array(rows, np.int32),
        value=np.array(values, np.float64),
        quality=np.array([0] * count if quality is None else quality, np.uint8),
        status=np.array([0] * count if status is None else status, np.uint32),
        source_time_ns=np.array([NO_TIME] * count if source_time_ns is None else source_time_ns, np.int64),
    )


def snapshot(
    of: TagTable, mono_ns: int, readings: Mapping[str, tuple[float, int] | tuple[float, int, int]]
) -> Snapshot:
    """(value, quality[, received_mono_ns]) by tag; every other tag was never seen."""
    count = len(of)
    value, quality = np.full(count, np.nan), np.full(count, Quality.NEVER_SEEN, np.uint8)
    received = np.zeros(count, np.int64)
    for name, reading in readings.items():
        row = of.row_of[name]
        value[row], quality[row] = reading[0], reading[1]
        received[row] = reading[2] if len(reading) == 3 else mono_ns
    return Snapshot(
        mono_ns=mono_ns,
        wall_ns=START_WALL_NS + mono_ns,
        value=value,
        quality=quality,
        status=np.zeros(count, np.uint32),
        source_time_ns=np.full(count, NO_TIME, np.int64),
        received_mono_ns=received,
        received_wall_ns=np.where(received > 0, START_WALL_NS + received, 0),
        changed=np.ones(count, np.bool_),
    )
