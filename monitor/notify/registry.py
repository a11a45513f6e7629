"""Which notifier serves which kind of channel."""

from collections.abc import Callable, Sequence
from typing import Final

from monitor.alarms.definition import AlarmDefinition
from monitor.clock import Clock
from monitor.notify.mqtt_notifier import MqttNotifier
from monitor.notify.people import Channel, ChannelKind, Notification
from monitor.notify.port import Notifier, OutboxStore, StatusSink
from monitor.notify.sender import Sender
from monitor.notify.wecom import WecomNotifier

NotifierFactory = Callable[[Channel, Notification, Sequence[AlarmDefinition], Clock], Notifier]

NOTIFIERS: Final[dict[ChannelKind, NotifierFactory]] = {
    "wecom_webhook": lambda channel, notification, _definitions, clock: WecomNotifier(channel, notification, clock),
    "mqtt": lambda channel, notification, definitions, _clock: MqttNotifier(channel, notification, definitions),
}


def open_notifier(
    channel: Channel, notification: Notification, definitions: Sequence[AlarmDefinition], clock: Clock
) -> Notifier:
    """A notifier for the channel, not yet running."""
    return NOTIFIERS[channel.kind](channel, notification, definitions, clock)


def open_senders(
    notification: Notification,
    definitions: Sequence[AlarmDefinition],
    store: OutboxStore,
    clock: Clock,
    on_status: StatusSink,
) -> tuple[Sender, ...]:
    """One sender per channel of the plant; the service runs `sender.run()` of each in its task group.

    After every published scan it calls `sender.notifier.publish_board(view.alarms)`.
    """
    return tuple(
        Sender(channel, open_notifier(channel, notification, definitions, clock), store, clock, on_status)
        for channel in notification.channels
    )
