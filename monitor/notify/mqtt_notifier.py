"""The MQTT channel: events from the outbox, retained alarms from the published board, `$state` by birth and last will."""

import asyncio
import logging
import random
from collections.abc import Sequence
from typing import Final

from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.transition import Alarm
from monitor.notify import topics
from monitor.notify.mqtt import (
    FAILURE,
    Broker,
    Connection,
    Message,
    MqttLostError,
    MqttRefusedError,
    MqttVersionError,
    Version,
)
from monitor.notify.people import Channel, Notification
from monitor.notify.port import Outcome, Pick, Report, Trouble
from monitor.notify.retained import RetainedBoard
from monitor.notify.row import OutboxRow
from monitor.notify.secret import SecretMissingError, resolve_secret

LOG = logging.getLogger(__name__)

BATCH: Final = 100
PROBE_S: Final = 3.0
"""With the 4 s for the answer, a broker that went silent is known within 7 s."""
LOST_PAUSE_S: Final = (1.0, 5.0)
REFUSED_PAUSE_S: Final = (30.0, 60.0)
BOARD_DENIED_S: Final = 30.0
CONTENT_CODES: Final = frozenset({0x90, 0x99})
"""PUBACK reasons about this one message: topic name invalid, payload format invalid."""
RIGHTS_CODES: Final = frozenset({0x87})


class MqttNotifier:
    """One broker: connects for ever, with MQTT 5 or, where the broker has only that, 3.1.1."""

    def __init__(self, channel: Channel, notification: Notification, definitions: Sequence[AlarmDefinition]) -> None:
        self._channel = channel
        self._plant = notification.plant
        self._state_topic = topics.state_topic(channel.topic_prefix, self._plant)
        self._board = RetainedBoard(definitions, channel.topic_prefix, self._plant)
        self._version: Version = "5"
        self._connection: Connection | None = None
        self._state_overwritten = False

    @property
    def version(self) -> Version:
        """The version of MQTT spoken now, or tried next."""
        return self._version

    async def run(self, report: Report) -> None:
        """Connect and reconnect; never returns."""
        while True:
            pause_s = random.uniform(*LOST_PAUSE_S)
            try:
                await self._attempt(report)
            except MqttVersionError:
                self._version = "3.1.1" if self._version == "5" else "5"
                LOG.info("channel %s: the broker wants MQTT %s", self._channel.id, self._version)
                pause_s = 0.2
            except (MqttRefusedError, SecretMissingError) as error:
                report(Trouble(kind="refused", error=str(error)))
                pause_s = random.uniform(*REFUSED_PAUSE_S)
            except MqttLostError as error:
                report(Trouble(kind="silent", error=str(error)))
            await asyncio.sleep(pause_s)

    async def _attempt(self, report: Report) -> None:
        """One connection from birth to loss; a cancellation ends it with `offline`."""
        connection = Connection(await self._broker(), self._version, self._received)
        orderly = False
        try:
            await connection.open()
            self._board.connected()
            await self._greet(connection)
            self._connection = connection
            report(None)
            await self._keep(connection, report)
        except asyncio.CancelledError:
            orderly = True
            raise
        finally:
            self._connection = None
            offline = Message(topic=self._state_topic, payload=topics.OFFLINE, retain=True)
            await connection.close(last=offline if orderly else None)

    async def _broker(self) -> Broker:
        channel = self._channel
        password = ""
        if channel.password_env or channel.password_file:
            password = await asyncio.to_thread(resolve_secret, channel.password_env, channel.password_file)
        return Broker(
            host=channel.host,
            port=channel.port,
            # the same after a restart: the broker then drops what is left of the old session before it lets us in, so that
            # its last will cannot overwrite our birth
            client_id=f"redline-{self._plant}-{channel.id}",
            keepalive_s=channel.keepalive_s,
            will=Message(topic=self._state_topic, payload=topics.LOST, retain=True),
            username=channel.username,
            password=password,
        )

    async def _greet(self, connection: Connection) -> None:
        """Birth, then ask what the broker still retains of us.

        :raises MqttRefusedError: the broker denies the right to say that we live.
        :raises MqttLostError: no answer.
        """
        await self._say_online(connection)
        for topic in (self._board.filter, self._state_topic):
            if not await connection.subscribe(topic):
                # without it orphans stay; everything else works
                LOG.warning("channel %s: the broker does not let us read %s", self._channel.id, topic)

    async def _say_online(self, connection: Connection) -> None:
        self._state_overwritten = False
        (code,) = await connection.publish([Message(topic=self._state_topic, payload=topics.ONLINE, retain=True)])
        if code is None:
            raise MqttLostError("no answer to the first message")
        if code >= FAILURE:
            raise MqttRefusedError(f"the broker refuses {self._state_topic}: PUBACK reason 0x{code:02x}")

    async def _keep(self, connection: Connection, report: Report) -> None:
        """Serve the retained board and probe the broker until it is lost.

        :raises MqttLostError: it is.
        """
        async with asyncio.TaskGroup() as group:
            board = group.create_task(self._serve_board(connection, report), name=f"retained {self._channel.id}")
            try:
                await self._watch(connection)
            except (MqttLostError, MqttRefusedError) as error:
                board.cancel()
                lost = error
        raise lost

    async def _watch(self, connection: Connection) -> None:
        while True:
            await asyncio.wait({connection.lost}, timeout=PROBE_S)
            if connection.lost.done():
                raise MqttLostError(f"connection lost: {connection.lost.result()}")
            await connection.probe(f"{self._state_topic}/probe")
            if self._state_overwritten:
                await self._say_online(connection)

    async def _serve_board(self, connection: Connection, report: Report) -> None:
        while True:
            messages = await self._board.next(BATCH)
            codes = await connection.publish(messages)
            for message, code in zip(messages, codes, strict=True):
                if code is not None and code < FAILURE:
                    self._board.taken(message)
            refused = {code for code in codes if code is not None and code >= FAILURE}
            if refused:
                words = ", ".join(f"0x{code:02x}" for code in sorted(refused))
                report(Trouble(kind="refused", error=f"retained alarms refused: PUBACK reason {words}"))
                await asyncio.sleep(BOARD_DENIED_S)
            elif None in codes:
                await asyncio.sleep(PROBE_S)  # the watch finds out whether the broker is silent
            else:
                report(None)

    def pick(self, rows: Sequence[OutboxRow], most: int) -> Pick:
        """As many rows as one batch holds, while connected."""
        if self._connection is None or self._connection.lost.done():
            return Pick(wait_s=0.1)
        return Pick(rows=tuple(rows[: min(most, BATCH)]))

    async def send(self, rows: Sequence[OutboxRow]) -> Outcome:
        """Publish every row as an event; accepted is what the broker answered with a reason below 0x80."""
        connection = self._connection
        if connection is None:
            return Outcome(trouble=Trouble(kind="silent", error="not connected"))
        sound: list[OutboxRow] = []
        refused: list[OutboxRow] = []
        messages = []
        for row in rows:
            try:
                payload = topics.event(row)
            except (ValueError, KeyError, TypeError):
                LOG.exception("channel %s: row %s cannot be sent", self._channel.id, row.key)
                refused.append(row)
                continue
            topic = topics.event_topic(self._channel.topic_prefix, self._plant, row.id)
            messages.append(Message(topic=topic, payload=payload))
            sound.append(row)
        codes = await connection.publish(messages) if messages else []
        return _outcome(sound, codes, refused)

    def publish_board(self, alarms: Sequence[Alarm]) -> None:
        """Take the alarms of a published scan in the order of the definitions; never blocks."""
        self._board.update(alarms)

    def _received(self, message: Message) -> None:
        if message.topic == self._state_topic:
            # the last will of an older session of ours
            self._state_overwritten = message.payload != topics.ONLINE
        elif message.retain:
            self._board.seen(message)


def _outcome(rows: Sequence[OutboxRow], codes: Sequence[int | None], refused: Sequence[OutboxRow]) -> Outcome:
    answers = list(zip(rows, codes, strict=True))
    failures = sorted({code for code in codes if code is not None and code >= FAILURE})
    error = f"PUBACK reason {', '.join(f'0x{code:02x}' for code in failures)}" if failures else ""
    silent = any(code is None for code in codes)
    return Outcome(
        accepted=tuple(row for row, code in answers if code is not None and code < FAILURE),
        refused=(*refused, *(row for row, code in answers if code in CONTENT_CODES)),
        denied=tuple(row for row, code in answers if code in RIGHTS_CODES),
        error=error or ("cannot be made into an event" if refused else ""),
        trouble=_trouble(failures, error, silent),
    )


def _trouble(failures: Sequence[int], error: str, silent: bool) -> Trouble | None:
    if silent:
        return Trouble(kind="silent", error="no PUBACK")
    if set(failures) - CONTENT_CODES - RIGHTS_CODES:
        return Trouble(kind="silent", error=error)
    return None
