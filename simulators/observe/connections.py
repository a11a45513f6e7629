"""The observer's ways to look: HTTP with a session cookie, the WebSocket stream, the MQTT broker, two logs."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx
import websockets
from paho.mqtt import client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

RETRY_S: Final = 0.5
REQUEST_S: Final = 10.0
EVENT_TOPICS: Final = "redline/v1/+/event/#"

Received = tuple[dict[str, Any], int]
"""(message, wall time of its receipt in ns)."""


class ObserverError(Exception):
    """Something the observer needs is not there; the text says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where everything is."""

    api: str
    username: str
    password: str
    mqtt_host: str
    mqtt_port: int
    wecom_log: str
    control: str


class Api:
    """The monitor as a person with a log-in sees it."""

    def __init__(self, http: httpx.AsyncClient, addresses: Addresses) -> None:
        self._http = http
        self._base = addresses.api.rstrip("/") + "/api/v1"
        self._addresses = addresses

    async def log_in(self, within_s: float) -> None:
        """Log in, waiting for a monitor that is still starting.

        :raises ObserverError: it does not answer in time, or refuses.
        """
        deadline = time.monotonic() + within_s
        credentials = {"username": self._addresses.username, "password": self._addresses.password}
        while True:
            try:
                answer = await self._http.post(f"{self._base}/session", json=credentials)
            except httpx.TransportError as error:
                if time.monotonic() > deadline:
                    raise ObserverError(f"{self._base} does not answer: {error}") from error
                await asyncio.sleep(RETRY_S)
                continue
            if answer.status_code in (200, 201):
                return
            raise ObserverError(f"log-in as {self._addresses.username} refused: {answer.status_code} {answer.text}")

    async def get(self, path: str) -> Any:
        """GET one resource.

        :raises ObserverError: not answered with 200.
        """
        try:
            answer = await self._http.get(self._base + path)
        except httpx.TransportError as error:
            raise ObserverError(f"GET {path}: {error}") from error
        if answer.status_code != 200:
            raise ObserverError(f"GET {path}: {answer.status_code} {answer.text}")
        return answer.json()

    async def acknowledge(self, alarm_id: str, occurrence: int, comment: str) -> bool:
        """Acknowledge as an operator would; False when somebody was first or it is another occurrence by now.

        :raises ObserverError: refused for another reason.
        """
        try:
            answer = await self._http.post(
                f"{self._base}/alarms/{alarm_id}/acknowledge", json={"occurrence": occurrence, "comment": comment}
            )
        except httpx.TransportError as error:
            raise ObserverError(f"acknowledge {alarm_id}: {error}") from error
        if answer.status_code == 409:
            return False
        if answer.status_code != 200:
            raise ObserverError(f"acknowledge {alarm_id}: {answer.status_code} {answer.text}")
        return True

    async def stream(self) -> AsyncIterator[Received]:
        """Every message of the stream until the server closes it.

        :raises ObserverError: the stream cannot be opened or broke.
        """
        address = self._base.replace("http", "ws", 1) + "/stream"
        cookie = "; ".join(f"{name}={value}" for name, value in self._http.cookies.items())
        try:
            async with websockets.connect(
                address, additional_headers={"Cookie": cookie}, max_size=None, proxy=None
            ) as socket:
                async for text in socket:
                    yield json.loads(text), time.time_ns()
        except (OSError, websockets.WebSocketException) as error:
            raise ObserverError(f"stream: {error}") from error
        raise ObserverError("stream: the monitor closed it")


class Logs:
    """The simulator's and the WeCom server's own logs, and the control of the simulator."""

    def __init__(self, http: httpx.AsyncClient, addresses: Addresses) -> None:
        self._http = http
        self._addresses = addresses

    async def wecom(self) -> list[dict[str, Any]]:
        """What the WeCom server received, oldest first."""
        return await self._list(self._addresses.wecom_log)

    async def plant(self, since_wall_ns: int) -> list[dict[str, Any]]:
        """What changed at the controllers since a moment."""
        return await self._list(f"{self._addresses.control.rstrip('/')}/log?since_wall_ns={since_wall_ns}")

    async def command(self, path: str) -> int:
        """POST to the control of the simulator; returns the status."""
        try:
            answer = await self._http.post(self._addresses.control.rstrip("/") + path)
        except httpx.TransportError as error:
            raise ObserverError(f"{path}: {error}") from error
        return answer.status_code

    async def incident(self) -> str | None:
        """Stage of the incident that plays now, None when none does."""
        body = await self._get(self._addresses.control.rstrip("/") + "/health")
        return str(body["incident"]) if body["incident"] else None

    async def _list(self, address: str) -> list[dict[str, Any]]:
        body = await self._get(address)
        if not isinstance(body, list):
            raise ObserverError(f"{address} is not a list")
        return body

    async def _get(self, address: str) -> Any:
        try:
            answer = await self._http.get(address)
        except httpx.TransportError as error:
            raise ObserverError(f"{address}: {error}") from error
        if answer.status_code != 200:
            raise ObserverError(f"{address}: {answer.status_code}")
        return answer.json()


@asynccontextmanager
async def mqtt_events(addresses: Addresses, within_s: float) -> AsyncIterator[asyncio.Queue[Received]]:
    """A queue of event messages from the broker, subscribed before it is handed out.

    :raises ObserverError: no broker answers in time.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[Received] = asyncio.Queue()
    subscribed = asyncio.Event()

    def on_connect(client: mqtt.Client, userdata: object, flags: object, reason: object, properties: object) -> None:
        del userdata, flags, reason, properties
        client.subscribe(EVENT_TOPICS, qos=1)

    def on_subscribe(client: mqtt.Client, userdata: object, mid: int, reasons: object, properties: object) -> None:
        del client, userdata, mid, reasons, properties
        loop.call_soon_threadsafe(subscribed.set)

    def on_message(client: mqtt.Client, userdata: object, message: mqtt.MQTTMessage) -> None:
        del client, userdata
        received_ns = time.time_ns()
        loop.call_soon_threadsafe(queue.put_nowait, (json.loads(message.payload), received_ns))

    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"redline-observer-{time.time_ns()}")
    client.on_connect = on_connect
    client.on_subscribe = on_subscribe
    client.on_message = on_message
    client.connect_async(addresses.mqtt_host, addresses.mqtt_port)
    client.loop_start()
    try:
        async with asyncio.timeout(within_s):
            await subscribed.wait()
    except TimeoutError:
        client.loop_stop()
        raise ObserverError(f"no MQTT broker at {addresses.mqtt_host}:{addresses.mqtt_port}") from None
    try:
        yield queue
    finally:
        client.disconnect()
        client.loop_stop()


@asynccontextmanager
async def http_client() -> AsyncIterator[httpx.AsyncClient]:
    """One HTTP client that keeps the session cookie and uses no proxy."""
    async with httpx.AsyncClient(timeout=REQUEST_S, trust_env=False) as http:
        yield http
