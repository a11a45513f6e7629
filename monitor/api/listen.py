"""The listening socket: a port in use is said clearly, a peer that stops reading is noticed.  Quick to import."""

import errno
import socket
from typing import Final

USER_TIMEOUT_MS: Final = 4000
SEND_BUFFER: Final = 256 * 1024
"""What the kernel may hold back for one slow reader before its frames are skipped instead."""


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
