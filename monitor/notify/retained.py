"""What the broker should retain of the board, what it does retain, and the difference between them."""

import asyncio
from collections.abc import Sequence

from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.transition import Alarm
from monitor.notify import topics
from monitor.notify.mqtt import Message


class RetainedBoard:
    """One topic per alarm, held while the alarm is not normal; orphans of earlier lives are cleared."""

    def __init__(self, definitions: Sequence[AlarmDefinition], prefix: str, plant: str) -> None:
        self._definitions = {definition.id: definition for definition in definitions}
        self._plant = plant
        self._base = topics.alarm_topic(prefix, plant, "")
        self._published: dict[str, Alarm] = {}
        """Alarm id -> the alarm of the last published scan; the same object again means that nothing changed."""
        self._wanted: dict[str, bytes] = {}
        """Topic -> payload, of alarms that are not normal."""
        self._held: dict[str, bytes] = {}
        """Topic -> payload, as far as the broker's answers and its retained messages say."""
        self._changed = asyncio.Event()
        self._known = False
        """Before the first scan nothing can be called an orphan."""

    @property
    def filter(self) -> str:
        """The subscription that finds what the broker retains."""
        return f"{self._base}#"

    def update(self, alarms: Sequence[Alarm]) -> None:
        """Take the alarms of a published scan."""
        changed = not self._known
        for alarm in alarms:
            if self._published.get(alarm.id) is alarm:
                continue
            self._published[alarm.id] = alarm
            definition = self._definitions.get(alarm.id)
            topic = f"{self._base}{alarm.id}"
            payload = topics.retained(definition, alarm, self._plant) if definition is not None else b""
            if payload == self._wanted.get(topic, b""):
                continue
            changed = True
            if payload:
                self._wanted[topic] = payload
            else:
                del self._wanted[topic]
        self._known = True
        if changed:
            self._changed.set()

    def connected(self) -> None:
        """Nothing is known of this broker: publish all of them again."""
        self._held.clear()
        self._changed.set()

    def seen(self, message: Message) -> None:
        """The broker retains this."""
        self._hold(message)
        self._changed.set()

    def taken(self, message: Message) -> None:
        """The broker answered for this one."""
        self._hold(message)

    def _hold(self, message: Message) -> None:
        if message.payload:
            self._held[message.topic] = message.payload
        else:
            self._held.pop(message.topic, None)

    async def next(self, most: int) -> list[Message]:
        """Wait until something differs; returns at most so many messages that make it right."""
        while True:
            different = self._difference(most)
            if different:
                return different
            self._changed.clear()
            await self._changed.wait()

    def _difference(self, most: int) -> list[Message]:
        if not self._known:
            return []
        different: list[Message] = []
        for topic in (*self._wanted, *(topic for topic in self._held if topic not in self._wanted)):
            payload = self._wanted.get(topic, b"")
            if payload != self._held.get(topic, b""):
                different.append(Message(topic=topic, payload=payload, retain=True))
                if len(different) == most:
                    break
        return different
