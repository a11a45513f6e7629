"""`/channels`: the ways out, and whether they are taken."""

from typing import Final

from fastapi import APIRouter

from monitor.api import dto
from monitor.api.context import Here
from monitor.api.times import rfc3339_or_none
from monitor.hazards.view import ChannelStatus
from monitor.notify.people import Channel

router = APIRouter(tags=["notification"])
ANSWERING_KINDS: Final[frozenset[str]] = frozenset()
"""Kinds over which a human can answer: a group webhook and MQTT only carry messages outwards."""


@router.get("/channels")
def list_channels(here: Here) -> list[dto.Channel]:
    """All notification channels; one that never reported is not up."""
    statuses = here.board.view().channels
    return [present_channel(channel, statuses.get(channel.id)) for channel in here.plant.channels]


def present_channel(channel: Channel, status: ChannelStatus | None) -> dto.Channel:
    """One channel with what it says of itself."""
    return dto.Channel(
        id=channel.id,
        kind=channel.kind,
        up=status is not None and status.up,
        refused=status is not None and status.refused,
        last_error=status.last_error if status else "",
        last_accepted=rfc3339_or_none(status.last_accepted_wall_ns if status else None),
        waiting=status.waiting if status else 0,
        oldest_waiting=rfc3339_or_none(status.oldest_waiting_wall_ns if status else None),
        answers=channel.kind in ANSWERING_KINDS,
    )
