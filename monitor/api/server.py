"""The socket and the server: a peer that stops reading is noticed, a port in use is said clearly, signals stay ours."""

import contextlib
import errno
import socket
from collections.abc import Iterator, Sequence
from typing import Final

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from monitor.api.stream import ABORT_EXTENSION, TOGETHER_EXTENSION

USER_TIMEOUT_MS: Final = 4000
SEND_BUFFER: Final = 256 * 1024
"""What the kernel may hold back for one slow reader before its frames are skipped instead."""
LARGEST_CLIENT_MESSAGE: Final = 16 * 1024


class ListenError(Exception):
    """The address cannot be listened on; the messages say what to do."""

    def __init__(self, message_zh: str, message_en: str) -> None:
        self.message_zh = message_zh
        self.message_en = message_en
        super().__init__(f"{message_zh} / {message_en}")


def listening_socket(host: str, port: int) -> socket.socket:
    """Open a listening TCP socket whose connections end 4 s after the peer stops taking data (Linux).

    :raises ListenError: the port is in use or not ours to use, or the host is not an address of this machine.
    """
    listener: socket.socket | None = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT_MS)
        listener.bind(address)
        listener.listen(512)
        listener.setblocking(False)
    except OSError as error:
        if listener is not None:
            listener.close()
        raise _listen_error(host, port, error) from error
    return listener


def _listen_error(host: str, port: int, error: OSError) -> ListenError:
    if error.errno == errno.EADDRINUSE:
        return ListenError(
            f"端口 {host}:{port} 已被占用（可能已有一个红线在运行）；请停止它，或用 --port 换一个端口。",
            f"Port {host}:{port} is in use (perhaps by another Redline); stop that, or choose another with --port.",
        )
    if error.errno == errno.EACCES:
        return ListenError(
            f"没有权限监听端口 {port}；请用 --port 选择 1024 以上的端口。",
            f"Not permitted to listen on port {port}; choose one above 1024 with --port.",
        )
    return ListenError(
        f"无法监听 {host}:{port}：{error.strerror or error}；请检查 --host 与 --port。",
        f"Cannot listen on {host}:{port}: {error.strerror or error}; check --host and --port.",
    )


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
