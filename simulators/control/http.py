"""A small HTTP server for the control of the simulator on loopback: one JSON answer per connection."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

REQUEST_LIMIT = 65_536
READ_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; `query` holds the first value of each parameter, from the address and from a JSON object sent along."""

    method: str
    path: str
    query: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Status and what becomes the JSON body."""

    status: HTTPStatus
    body: object


Handler = Callable[[Request], Answer]


def _parse(head: bytes, body: bytes) -> Request:
    method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
    parts = urlsplit(target)
    query = {key: values[0] for key, values in parse_qs(parts.query).items()}
    if body.strip():
        sent = json.loads(body)
        if not isinstance(sent, dict):
            raise ValueError("the body must be a JSON object")
        query |= {str(key): str(value) for key, value in sent.items()}
    return Request(method=method, path=parts.path, query=query)


async def _read(reader: asyncio.StreamReader) -> Request:
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    if length > REQUEST_LIMIT:
        raise ValueError("the body is too long")
    return _parse(head, await reader.readexactly(length) if length else b"")


async def serve(host: str, port: int, handle: Handler) -> asyncio.Server:
    """Listen and answer with `handle`.

    :raises OSError: the port is taken.
    """

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(READ_S):
                request = await _read(reader)
            answer = handle(request)
        except ValueError as error:
            answer = Answer(status=HTTPStatus.BAD_REQUEST, body={"error": str(error)})
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError, ConnectionError):
            writer.close()
            return
        body = json.dumps(answer.body, ensure_ascii=False).encode()
        head = (
            f"HTTP/1.1 {answer.status.value} {answer.status.phrase}\r\nContent-Type: application/json; charset=utf-8\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        try:
            writer.write(head.encode() + body)
            await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    return await asyncio.start_server(connection, host, port)
