"""`/devices`: links and diagnostics."""

from collections import Counter
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from fastapi import APIRouter

from monitor.api import dto
from monitor.api.context import Here
from monitor.api.ports import DeviceCard
from monitor.api.present import finite
from monitor.api.reasons import NO_REASON, status_words
from monitor.api.times import rfc3339
from monitor.hazards.links import LinkStatus
from rules.columns.health import LETTERS, Health
from rules.columns.tags import TagTable

router = APIRouter(tags=["plant"])


@router.get("/devices")
def list_devices(here: Here) -> list[dto.Device]:
    """All devices; one that never reported is down since the service began."""
    view = here.board.view()
    points = Counter(tag.device for tag in here.plant.tags.tags)
    diagnoses = diagnoses_of(here.plant.tags, view.snapshot.health)
    found = [
        present_device(
            device, view.links.get(device.id), points[device.id], here.start_wall_ns, diagnoses.get(device.id, [])
        )
        for device in here.plant.devices
    ]
    return [_in_both_languages(device, here.plant.tags, view.snapshot.status) for device in found]


def _in_both_languages(device: dto.Device, table: TagTable, status: npt.NDArray[np.uint32]) -> dto.Device:
    """The device with status codes in words of both languages where its driver knows their English names only."""
    items = []
    for item in device.bad_items:
        row = table.row_of.get(item.tag)
        words = NO_REASON if row is None else status_words(device.kind, int(status[row]))
        plain = item.reason.zh == item.reason.en
        items.append(
            dto.BadItem(tag=item.tag, reason=dto.Text(zh=words.zh, en=item.reason.en)) if plain and words.zh else item
        )
    return device.model_copy(update={"bad_items": items})


def diagnoses_of(table: TagTable, health: npt.NDArray[np.uint8]) -> dict[str, list[dto.Diagnosis]]:
    """Tags whose instrument is not in order, by the device that reads them, in row order."""
    found: dict[str, list[dto.Diagnosis]] = {}
    for row in np.flatnonzero(health > Health.NORMAL).tolist():
        tag = table.tags[row]
        letter = cast(Any, LETTERS[health[row]])
        found.setdefault(tag.device, []).append(dto.Diagnosis(tag=tag.id, health=letter))
    return found


def present_device(
    device: DeviceCard, link: LinkStatus | None, points: int, start_wall_ns: int, diagnoses: list[dto.Diagnosis]
) -> dto.Device:
    """One device with what its link says of itself."""
    fixed: dict[str, Any] = {
        "id": device.id,
        "name": dto.Text(zh=device.name_zh, en=device.name_en),
        "kind": device.kind,
        "endpoint": device.endpoint,
        "points": points,
        "diagnoses": diagnoses,
    }
    if link is None:
        counts = dict.fromkeys(("attempts", "reconnects", "batches", "readings", "overruns", "bad_points"), 0)
        return dto.Device(
            **fixed,
            **counts,
            state="down",
            since=rfc3339(start_wall_ns),
            last_error=dto.Text(zh="", en=""),
            round_trip_ms=0.0,
            readings_per_s=0.0,
            clock_skew_ms=None,
            bad_items=[],
        )
    return dto.Device(
        **fixed,
        state=cast(Any, str(link.state)),
        since=rfc3339(link.since_wall_ns),
        attempts=link.attempts,
        reconnects=link.reconnects,
        last_error=dto.Text(zh=link.last_error_zh or link.last_error, en=link.last_error),
        batches=link.batches,
        readings=link.readings,
        overruns=link.overruns,
        round_trip_ms=finite(link.round_trip_ms) or 0.0,
        readings_per_s=finite(link.readings_per_s) or 0.0,
        clock_skew_ms=None if link.clock_skew_ns is None else link.clock_skew_ns / 1e6,
        bad_points=link.bad_points,
        bad_items=[
            dto.BadItem(tag=item.tag, reason=dto.Text(zh=item.reason_zh or item.reason, en=item.reason))
            for item in link.bad_items
        ],
    )
