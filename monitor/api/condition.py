"""How the service itself is doing, as one word and a few numbers: the same in `/health` and in every frame."""

from dataclasses import dataclass
from typing import Final, Literal

from monitor.api.ports import PlantCard
from monitor.hazards.view import View

LATE_AFTER_NS: Final = 1_000_000_000
UP_STATES: Final = frozenset({"up", "degraded"})
"""Of a link: it answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """`late`: the last committed scan is older than 1 s, nothing shown can be believed; `degraded`: parts cannot be seen."""

    status: Literal["ok", "degraded", "late"]
    scan_age_ms: float
    devices_up: int
    devices: int
    blind_points: int


def condition(plant: PlantCard, view: View, mono_ns: int) -> Condition:
    """Judge the view as it stands at this moment."""
    age_ns = max(0, mono_ns - view.mono_ns)
    devices_up = sum(
        1 for device in plant.devices if device.id in view.links and view.links[device.id].state in UP_STATES
    )
    channel_down = any(not channel.up for channel in view.channels.values())
    status: Literal["ok", "degraded", "late"] = "ok"
    if age_ns > LATE_AFTER_NS:
        status = "late"
    elif devices_up < len(plant.devices) or view.blind or channel_down:
        status = "degraded"
    return Condition(
        status=status,
        scan_age_ms=round(age_ns / 1e6, 1),
        devices_up=devices_up,
        devices=len(plant.devices),
        blind_points=len(view.blind),
    )
