"""The stream hub: consumes published scans once, encodes each message once, shares it with every client."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from monitor.alarms.flood import PositionFlood
from monitor.alarms.horn import HornState
from monitor.api.client import StreamClient, StreamEndedError
from monitor.api.dto import StreamFlood, StreamHorn
from monitor.api.frames import FrameEncoder
from monitor.api.ports import Board, PlantCard, Subscription
from monitor.api.present import Presenter, is_active
from monitor.api.times import rfc3339
from monitor.clock import Clock
from monitor.hazards.view import View

ABORT_EXTENSION: Final = "redline.abort"
"""Scope extension of our server: drops a connection whose peer stopped reading."""
TOGETHER_EXTENSION: Final = "redline.together"
"""Scope extension of our server: sends several messages with one write."""
LOGGED_OUT: Final = 4401
RESTARTING: Final = 1012
NOT_UNDERSTOOD: Final = 1008
EVENTS_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamOptions:
    """Rhythm and bounds of the stream."""

    frame_s: float = 0.2
    heartbeat_s: float = 1.0
    send_timeout_s: float = 5.0
    recheck_s: float = 15.0
    """How often the session behind a stream is looked up again."""
    most_clients: int = 200


class StreamHub:
    """Feeds all WebSocket clients from one subscription; `run()` belongs in the service's task group."""

    def __init__(
        self,
        plant: PlantCard,
        board: Board,
        clock: Clock,
        options: StreamOptions | None = None,
        epoch: str | None = None,
    ) -> None:
        self.epoch = epoch or secrets.token_hex(8)
        self._presenter = Presenter(plant)
        self._plant = plant
        self._board = board
        self._clock = clock
        self._options = options or StreamOptions()
        self._clients: set[StreamClient] = set()
        self._fresh = asyncio.Event()
        self._view: View | None = None
        self._encoder: FrameEncoder | None = None
        self._horns: tuple[HornState, ...] = ()
        self._floods: tuple[PositionFlood, ...] = ()
        self._alarms_text: tuple[View, str] | None = None

    @property
    def presenter(self) -> Presenter:
        """What turns values into what travels; prepared once, for the streams and for the routes."""
        return self._presenter

    @property
    def clients(self) -> int:
        """Streams open now."""
        return len(self._clients)

    @property
    def is_full(self) -> bool:
        """Whether a further client must be turned away."""
        return len(self._clients) >= self._options.most_clients

    @property
    def is_running(self) -> bool:
        """Whether `run()` feeds the clients."""
        return self._encoder is not None

    async def run(self) -> None:
        """Feed the clients until cancelled; the first scan must be committed before."""
        subscription = self._board.subscribe()
        self._view = self._board.view()
        self._horns = self._view.horns
        self._encoder = FrameEncoder(self._plant, self.epoch, self._view)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._consume(subscription), name="stream-events")
                group.create_task(self._make_frames(), name="stream-frames")
        finally:
            subscription.close()
            self._encoder = None
            for client in self._clients:
                client.end(RESTARTING, "the service stops")

    async def _consume(self, subscription: Subscription) -> None:
        while True:
            self._view, events = await subscription.next()
            for number, event in enumerate(events, start=1):
                text = orjson.dumps(self._presenter.event(event, self.epoch)).decode()
                for client in self._clients:
                    client.offer_event(event.seq, text)
                if number % EVENTS_AT_ONCE == 0:
                    await asyncio.sleep(0)  # a flood in one scan must not overflow clients that do read
            self._tell_horns(self._view)
            self._fresh.set()

    def _tell_horns(self, view: View) -> None:
        """Tell which horns began, changed or fell silent: after the events that were the reason."""
        before, self._horns = self._horns, view.horns
        if before is view.horns:
            return
        for state in set(view.horns) - set(before):
            horn = StreamHorn(type="horn", epoch=self.epoch, at=rfc3339(view.wall_ns), horn=self._presenter.horn(state))
            text = orjson.dumps(horn.model_dump(mode="json")).decode()
            for client in self._clients:
                client.offer_event(view.journal_seq, text)

    def _tell_floods(self, view: View) -> None:
        """Tell how flooded the positions are: when a flood begins or ends, and while one lasts."""
        before, self._floods = self._floods, view.floods
        if before is not view.floods and any(state.in_flood for state in (*before, *view.floods)):
            text = self._flood_message(view)
            for client in self._clients:
                client.offer_flood(text)

    def _flood_message(self, view: View) -> str:
        message = StreamFlood(
            type="flood",
            epoch=self.epoch,
            at=rfc3339(view.wall_ns),
            positions=[self._presenter.flood_state(state) for state in view.floods],
        )
        return orjson.dumps(message.model_dump(mode="json")).decode()

    async def _make_frames(self) -> None:
        """At most one frame per `frame_s`, at least one per `heartbeat_s`: a screen must see that we live."""
        while True:
            try:
                async with asyncio.timeout(self._options.heartbeat_s - self._options.frame_s):
                    await self._fresh.wait()
            except TimeoutError:
                pass  # nothing new: the frame is a heartbeat and tells the age of what is shown
            self._fresh.clear()
            encoder, view = self._running()
            prev = encoder.frame
            text = encoder.advance(view, self._clock.mono_ns(), self._clock.wall_ns())
            for client in self._clients:
                client.offer_frame(prev, text)
            self._tell_floods(view)
            await asyncio.sleep(self._options.frame_s)

    # --- what a client needs whole ------------------------------------------------------------
    @property
    def frame(self) -> int:
        """Number of the last frame."""
        return self._running()[0].frame

    @property
    def seq(self) -> int:
        """Journal seq of the last view."""
        return self._running()[1].journal_seq

    def alarms_text(self) -> str:
        """All active alarms as of the last view; made once per view, whoever asks."""
        view = self._running()[1]
        if self._alarms_text is None or self._alarms_text[0] is not view:
            message = {
                "type": "alarms",
                "epoch": self.epoch,
                "seq": view.journal_seq,
                "at": rfc3339(self._clock.wall_ns()),
                "alarms": self._presenter.alarm_fields([alarm for alarm in view.alarms if is_active(alarm)]),
                "horns": [self._presenter.horn(state).model_dump(mode="json") for state in view.horns],
            }
            self._alarms_text = view, orjson.dumps(message).decode()
        return self._alarms_text[1]

    def flood_text(self) -> str | None:
        """How flooded each position is as of the last view, None where none is."""
        view = self._running()[1]
        return self._flood_message(view) if any(state.in_flood for state in view.floods) else None

    def snapshot_text(self) -> str:
        """All rows as of the last frame."""
        return self._running()[0].snapshot(self._clock.mono_ns(), self._clock.wall_ns())

    def _running(self) -> tuple[FrameEncoder, View]:
        if self._encoder is None or self._view is None:
            raise StreamEndedError(RESTARTING, "the service stops")
        return self._encoder, self._view

    # --- one client ---------------------------------------------------------------------------
    def session_closed(self, token_sha256: bytes) -> None:
        """End every stream that was opened with this token."""
        for client in self._clients:
            if client.token_sha256 == token_sha256:
                client.end(LOGGED_OUT, "logged out")

    async def serve(
        self, websocket: WebSocket, token_sha256: bytes, still_allowed: Callable[[], Awaitable[bool]]
    ) -> None:
        """Serve one accepted WebSocket until either side ends; a client that stops reading is dropped."""
        client = StreamClient(token_sha256)
        ended = StreamEndedError(None)
        self._clients.add(client)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._send(websocket, client), name="stream-send")
                group.create_task(self._receive(websocket, client), name="stream-receive")
                group.create_task(self._recheck(still_allowed), name="stream-recheck")
        except* StreamEndedError as raised:
            ended = _first(raised)
        except* WebSocketDisconnect:
            pass
        finally:
            self._clients.discard(client)
        await self._close(websocket, ended)

    async def _send(self, websocket: WebSocket, client: StreamClient) -> None:
        while True:
            await client.wake.wait()
            client.wake.clear()
            while (text := client.next_text(self)) is not None:
                texts = [text, *client.more_events(EVENTS_AT_ONCE)]
                try:
                    async with asyncio.timeout(self._options.send_timeout_s):
                        await send_all(websocket, texts)
                except TimeoutError as error:
                    abort(websocket)
                    raise StreamEndedError(None, "the client stopped reading") from error

    async def _receive(self, websocket: WebSocket, client: StreamClient) -> None:
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                raise StreamEndedError(None, "the client left")
            if not asks_resync(message.get("text")):
                raise StreamEndedError(NOT_UNDERSTOOD, 'only {"type":"resync"} is understood')
            client.want_everything()

    async def _recheck(self, still_allowed: Callable[[], Awaitable[bool]]) -> None:
        while True:
            await asyncio.sleep(self._options.recheck_s)
            if not await still_allowed():
                raise StreamEndedError(LOGGED_OUT, "the session ended")

    async def _close(self, websocket: WebSocket, ended: StreamEndedError) -> None:
        if ended.code is None or websocket.application_state is not WebSocketState.CONNECTED:
            return
        try:
            async with asyncio.timeout(self._options.send_timeout_s):
                await websocket.close(ended.code, ended.reason)
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            abort(websocket)


def asks_resync(text: str | None) -> bool:
    """Whether a client's message is the one that is understood."""
    try:
        message = orjson.loads(text or "")
    except orjson.JSONDecodeError:
        return False
    return isinstance(message, dict) and message.get("type") == "resync"


async def send_all(websocket: WebSocket, texts: Sequence[str]) -> None:
    """Send messages in order, with one write where the server offers that.

    :raises WebSocketDisconnect: the client left.
    """
    extension = websocket.scope.get("extensions", {}).get(TOGETHER_EXTENSION)
    if extension is None or len(texts) == 1:
        for text in texts:
            await websocket.send_text(text)
        return
    try:
        await extension["send"](texts)
    except OSError as error:
        raise WebSocketDisconnect(code=1006) from error


def abort(websocket: WebSocket) -> None:
    """Drop the connection now, with all that waits in its buffers, where the server offers that."""
    extension = websocket.scope.get("extensions", {}).get(ABORT_EXTENSION)
    if extension is not None:
        extension["abort"]()


def _first(group: BaseExceptionGroup[StreamEndedError]) -> StreamEndedError:
    for error in group.exceptions:
        return _first(error) if isinstance(error, BaseExceptionGroup) else error
    return StreamEndedError(None)
