"""What stands before every route: security headers, the size of a body, and where a command may come from (CSRF)."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitor.api.problems import DETAILS, ProblemError, problem_response, speaks_english

LARGEST_BODY: Final = 64 * 1024
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
DEFAULT_PORTS: Final = {"http": 80, "https": 443}
SECURITY_HEADERS: Final = {
    # styles: the charts and Element Plus set style attributes; scripts stay strict
    "content-security-policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
        "connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    ),
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}


def is_same_origin(headers: Headers, allowed: Sequence[str]) -> bool:
    """Whether the page that sends this was served by us, or by an allowed origin; programs send no Origin.

    Only host and port are compared with Host: behind a TLS proxy the scheme is not known here.
    """
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site", "none") in {"none", "same-origin"}
    if origin in allowed:
        return True
    try:
        parts = urlsplit(origin)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
        host = urlsplit(f"//{headers.get('host', '')}")
        host_port = host.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return False
    return (
        parts.scheme in DEFAULT_PORTS
        and parts.hostname is not None
        and (parts.hostname, port)
        == (
            host.hostname,
            host_port,
        )
    )


def foreign_origin() -> ProblemError:
    """403 for a command or a stream from another site's page."""
    return ProblemError(
        403,
        "origin",
        "请求来自其他网站的页面，已拒绝；请从本系统的页面操作。",
        "The request comes from another site's page and is refused; use this system's own page.",
    )


class Guard:
    """ASGI middleware around the whole app."""

    def __init__(self, app: ASGIApp, allowed_origins: Sequence[str] = (), language: str = "zh") -> None:
        self._app = app
        self._allowed = tuple(allowed_origins)
        self._language = language

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Judge an HTTP request; WebSockets are judged by their route."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        no_store = scope["path"].startswith("/api/")

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    answer.setdefault(name, value)
                if no_store:
                    answer.setdefault("cache-control", "no-store")
            await send(message)

        refusal = self._refusal(scope, headers)
        if refusal is not None:
            english = speaks_english(headers.get("accept-language", ""), self._language)
            await problem_response(refusal, english=english)(scope, receive, send_guarded)
            return
        await self._app(scope, _limited(receive), send_guarded)

    def _refusal(self, scope: Scope, headers: Headers) -> ProblemError | None:
        if scope["method"] not in SAFE_METHODS and not is_same_origin(headers, self._allowed):
            return foreign_origin()
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit():
            return ProblemError(400, "request", *DETAILS[400])
        if len(length) > 12 or int(length) > LARGEST_BODY:
            return ProblemError(413, "too-large", *DETAILS[413])
        return None


def _limited(receive: Receive) -> Receive:
    """Count what arrives: a chunked body states no length."""
    seen = 0

    async def receive_limited() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > LARGEST_BODY:
                raise HTTPException(413)
        return message

    return receive_limited
