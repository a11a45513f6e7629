"""The channels of the plant: opened with its secrets, started once the board is right.  Slow to import."""

import asyncio
from collections.abc import Sequence

from monitor.app.parts import Parts
from monitor.hazards.view import ChannelStatus
from monitor.notify.registry import open_senders
from monitor.notify.sender import Sender


def open_channels(parts: Parts) -> Sequence[Sender]:
    """A sender for each channel, none running yet; what becomes of a channel is a fact of the next scan.

    :raises SecretMissingError: a channel's secret is nowhere to be found.
    """

    def on_status(status: ChannelStatus) -> None:
        parts.facts.channels[status.channel] = status

    plant = parts.plant
    return open_senders(plant.notification, plant.definitions, parts.journal, parts.clock, on_status)


async def tell_people(senders: Sequence[Sender], parts: Parts) -> None:
    """Start the channels once the board is right; then keep the retained board of each up to date."""
    await parts.scanner.settled()
    feed = parts.publisher.subscribe()
    try:
        async with asyncio.TaskGroup() as tasks:
            for sender in senders:
                sender.notifier.publish_board(parts.publisher.view().alarms)
                tasks.create_task(sender.run(), name=f"channel {sender.channel.id}")
            while True:
                view, events = await feed.next()
                if events:
                    for sender in senders:
                        sender.notifier.publish_board(view.alarms)
    finally:
        feed.close()
