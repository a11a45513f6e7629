"""The server: several messages leave with one write, a stuck connection can be dropped, signals stay ours."""

import contextlib
import errno
from collections.abc import Iterator, Sequence
from typing import Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from monitor.api.stream import ABORT_EXTENSION, TOGETHER_EXTENSION

LARGEST_CLIENT_MESSAGE: Final = 16 * 1024


class StreamProtocol(WebSocketsSansIOProtocol):
    """Uvicorn's WebSocket protocol, which also lets the hub send several messages at once and drop a stuck connection."""

    async def run_asgi(self) -> None:
        """Run the app with the abort extension in its scope."""
        extensions = self.scope.get("extensions")
        if extensions is not None:
            extensions[ABORT_EXTENSION] = {"abort": self.transport.abort}
            extensions[TOGETHER_EXTENSION] = {"send": self.send_together}
        await super().run_asgi()

    async def send_together(self, texts: Sequence[str]) -> None:
        """Send several messages with one write: in a flood the way through ASGI costs more than the message.

        :raises OSError: the connection is closed.
        """
        await self.writable.wait()
        if self.close_sent or self.transport.is_closing() or self.conn.state is not State.OPEN:
            raise OSError(errno.ENOTCONN, "the connection is closed")
        for text in texts:
            self.conn.send_text(text.encode())
        self.transport.write(b"".join(self.conn.data_to_send()))


class ChildServer(uvicorn.Server):
    """A server that is one task among others: signals are the service's, `should_exit` ends it."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Install nothing."""
        yield


def uvicorn_server(app: ASGIApp) -> uvicorn.Server:
    """A server for `await server.serve(sockets=[listening_socket(...)])` in the service's task group."""
    return ChildServer(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws=StreamProtocol,
            ws_max_size=LARGEST_CLIENT_MESSAGE,
            ws_per_message_deflate=False,
            server_header=False,
            timeout_graceful_shutdown=2,
        )
    )
