"""What a server says of its nodes, as readings of the plant's tags."""

import numpy as np

from drivers.opcua import wire
from drivers.opcua.plan import ScanClass
from rules.columns.quality import Quality
from rules.columns.readings import Origin, ReadingBatch


def batch_of(
    device_id: str,
    scan_class: ScanClass,
    columns: wire.Columns,
    *,
    mono_ns: int,
    wall_ns: int,
    origin: Origin = Origin.LIVE,
) -> ReadingBatch:
    """Turn what a server said of the nodes of a scan class into readings: engineering units, quality, rows."""
    quality = wire.quality(columns.status, columns.value)
    raw = columns.value
    value = scan_class.to_eu(raw) if scan_class.scaled else raw
    if scan_class.discrete.any():
        value = np.where(scan_class.discrete, raw != 0, value)
    # A value that nobody vouches for must not look like one.
    value = np.where(quality == Quality.BAD, np.nan, value)
    value, quality, status = scan_class.bands.judge(value, quality, columns.status)
    return ReadingBatch(
        device=device_id,
        received_mono_ns=mono_ns,
        received_wall_ns=wall_ns,
        origin=origin,
        row=scan_class.row,
        value=value,
        quality=quality,
        status=status,
        source_time_ns=columns.source_time_ns,
        raw=raw if scan_class.scaled else None,
        texts=tuple((int(scan_class.row[index]), text) for index, text in columns.texts),
    )
