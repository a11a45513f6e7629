"""The only module that knows paho-mqtt: one connection to one broker, with answers that carry their reason codes.

paho runs its network in a thread of its own; its callbacks hop into the event loop.  A client is used for one attempt only,
because paho keeps undelivered messages and sends them again when a client is used again (libraries.md 4).
"""

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

ANSWER_S: Final = 4.0
"""Every packet that asks for an answer has one within this, or the broker is silent."""
UNSUPPORTED_VERSION: Final = 0x84
REFUSED_CODES: Final = frozenset({0x80, 0x83, 0x85, 0x86, 0x87, 0x8A, 0x8C})
"""CONNACK reasons that trying again soon does not cure: identifier, password, rights, ban."""
FAILURE: Final = 0x80

Version = Literal["5", "3.1.1"]
PROTOCOLS: Final[dict[Version, MQTTProtocolVersion]] = {
    "5": MQTTProtocolVersion.MQTTv5,
    "3.1.1": MQTTProtocolVersion.MQTTv311,
}


class MqttLostError(Exception):
    """The broker does not answer, or the connection went away."""


class MqttRefusedError(Exception):
    """The broker refuses this client: credentials, identifier or rights."""


class MqttVersionError(Exception):
    """The broker does not speak this version of MQTT."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message, sent with QoS 1."""

    topic: str
    payload: bytes
    retain: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where to connect and as whom."""

    host: str
    port: int
    client_id: str
    keepalive_s: int
    will: Message
    username: str = ""
    password: str = field(default="", repr=False)


Received = Callable[[Message], None]


class Connection:
    """One attempt and, if it succeeds, one connection.  All methods belong to the event loop that made it."""

    def __init__(self, broker: Broker, version: Version, on_message: Received) -> None:
        self._broker = broker
        self._loop = asyncio.get_running_loop()
        self._on_message = on_message
        self._connected: asyncio.Future[int] = self._loop.create_future()
        self.lost: asyncio.Future[str] = self._loop.create_future()
        """Done, with the reason in words, once the connection is gone."""
        self._answers: dict[int, asyncio.Future[int]] = {}
        self._closing = False
        self._client = self._make(version)

    def _make(self, version: Version) -> Client:
        broker = self._broker
        is_v5 = version == "5"
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=broker.client_id,
            clean_session=None if is_v5 else True,
            protocol=PROTOCOLS[version],
            reconnect_on_failure=False,
        )
        client.enable_logger(logging.getLogger(__name__))
        client.connect_timeout = ANSWER_S
        if broker.username:
            client.username_pw_set(broker.username, broker.password or None)
        client.will_set(broker.will.topic, broker.will.payload, qos=1, retain=broker.will.retain)
        client.on_connect = self._from_thread(
            lambda _c, _u, _flags, code, _p: self._settle(self._connected, code.value)
        )
        client.on_disconnect = self._from_thread(lambda _c, _u, _flags, code, _p: self._gone(str(code)))
        client.on_publish = self._from_thread(lambda _c, _u, mid, code, _p: self._settle(self._answer(mid), code.value))
        client.on_subscribe = self._from_thread(
            lambda _c, _u, mid, codes, _p: self._settle(self._answer(mid), max(code.value for code in codes))
        )
        client.on_unsubscribe = self._from_thread(lambda _c, _u, mid, _codes, _p: self._settle(self._answer(mid), 0))
        client.on_message = self._from_thread(
            lambda _c, _u, got: self._on_message(Message(topic=got.topic, payload=got.payload, retain=got.retain))
        )
        return client

    def _from_thread(self, call: Callable[..., None]) -> Any:
        def hop(*arguments: object) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits for the answer any more
                self._loop.call_soon_threadsafe(call, *arguments)

        return hop

    async def open(self) -> None:
        """Connect.

        :raises MqttLostError: nobody there, no answer.
        :raises MqttRefusedError: credentials, identifier or rights refused.
        :raises MqttVersionError: the broker does not speak this version.
        """
        broker = self._broker
        try:
            async with asyncio.timeout(2 * ANSWER_S):
                await asyncio.to_thread(self._dial)
                await self._first(self._connected)
        except (OSError, ValueError) as error:  # TimeoutError is an OSError; ValueError: a host or port that cannot be
            words = str(error) or "no answer"
            raise MqttLostError(f"{broker.host}:{broker.port}: {words}") from None
        if not self._connected.done():
            raise MqttLostError(f"{broker.host}:{broker.port} closes the connection at once: {self.lost.result()}")
        code = self._connected.result()
        if code == UNSUPPORTED_VERSION:
            raise MqttVersionError
        if code >= FAILURE:
            kind = MqttRefusedError if code in REFUSED_CODES else MqttLostError
            raise kind(f"{broker.host}:{broker.port} refuses the connection: reason 0x{code:02x}")

    def _dial(self) -> None:
        self._client.connect(self._broker.host, self._broker.port, self._broker.keepalive_s)
        self._client.loop_start()
        if self._closing:  # nobody waited for us
            self._stop()

    async def publish(self, messages: Sequence[Message]) -> list[int | None]:
        """Publish in this order and wait for all answers; each is a PUBACK reason (below 0x80: taken) or None: none came."""
        # paho takes locks that its network thread holds while it writes
        mids = await asyncio.to_thread(self._queue, messages)
        answers = [None if mid is None else self._answer(mid) for mid in mids]
        waiting = {answer for answer in answers if answer is not None}
        end = self._loop.time() + ANSWER_S
        while waiting and not self.lost.done() and (left_s := end - self._loop.time()) > 0:
            await self._first(*waiting, timeout_s=left_s)
            unanswered = {answer for answer in waiting if not answer.done()}
            if len(unanswered) < len(waiting):
                end = self._loop.time() + ANSWER_S  # answers go on coming: a long batch is not silence
            waiting = unanswered
        for mid in mids:
            if mid is not None:
                self._answers.pop(mid, None)
        return [answer.result() if answer is not None and answer.done() else None for answer in answers]

    def _queue(self, messages: Sequence[Message]) -> list[int | None]:
        mids: list[int | None] = []
        for message in messages:
            info = self._client.publish(message.topic, message.payload, qos=1, retain=message.retain)
            mids.append(info.mid if info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS else None)
        return mids

    async def subscribe(self, topic: str) -> bool:
        """Whether the broker granted the subscription.

        :raises MqttLostError: no answer.
        """
        _, mid = await asyncio.to_thread(self._client.subscribe, topic, 1)
        return await self._wait(mid, "SUBSCRIBE") < FAILURE

    async def probe(self, topic: str) -> None:
        """Ask for any answer: unsubscribe from what nobody subscribed; keep-alive would take two periods to notice silence.

        :raises MqttLostError: no answer.
        """
        _, mid = await asyncio.to_thread(self._client.unsubscribe, topic)
        await self._wait(mid, "a probe")

    async def _wait(self, mid: int | None, asked: str) -> int:
        if mid is None:
            raise MqttLostError("not connected")
        answer = self._answer(mid)
        await self._first(answer, timeout_s=ANSWER_S)
        self._answers.pop(mid, None)
        if not answer.done():
            raise MqttLostError(
                self.lost.result() if self.lost.done() else f"no answer to {asked} within {ANSWER_S:g} s"
            )
        return answer.result()

    async def close(self, *, last: Message | None) -> None:
        """Leave within a few seconds; with `last` in an orderly way after publishing it, without it so that the will goes out."""
        if last is not None and self._connected.done() and not self.lost.done():
            await self.publish([last])
            await asyncio.to_thread(self._client.disconnect)
            await asyncio.wait(
                {self.lost}, timeout=ANSWER_S / 2
            )  # until DISCONNECT is written, else the will goes out too
        self._closing = True
        await asyncio.to_thread(self._stop)

    def _stop(self) -> None:
        raw = cast("socket.socket | None", self._client.socket())
        if raw is not None:
            # paho's thread would go on until every message is answered; without a socket it ends
            with suppress(OSError):
                raw.shutdown(socket.SHUT_RDWR)
        self._client.loop_stop()

    async def _first(self, *answers: asyncio.Future[int], timeout_s: float | None = None) -> None:
        """Wait for one of the answers, the loss of the connection, or the timeout."""
        waited: list[asyncio.Future[Any]] = [*answers, self.lost]
        await asyncio.wait(waited, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)

    def _answer(self, mid: int) -> asyncio.Future[int]:
        # the answer may be here before the caller knows the number it asked under
        return self._answers.setdefault(mid, self._loop.create_future())

    def _settle(self, future: asyncio.Future[int], code: int) -> None:
        if not future.done():
            future.set_result(code)

    def _gone(self, words: str) -> None:
        if not self.lost.done():
            self.lost.set_result(words)
