"""`python -m tests.benchmarks.watchers CONSOLES URL COOKIE`: WebSocket clients in a process of their own.

With CONSOLES above 0 that many clients read everything and throw it away, as far as the service can tell open consoles;
every second `{"frames", "alarms"}` says how many messages of these kinds all of them received so far.
With 0 one client is the observer: each alarm event is a line `{"seq", "seen_wall_ns", "journaled_wall_ns"}` on standard output,
its moment taken before anything is parsed.
"""

import asyncio
import json
import sys
import time
from collections import Counter
from datetime import datetime

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

FRAME, ALARM = b'{"type":"tags"', b'{"type":"alarm"'
"""How messages of these kinds begin, up to the first comma."""


def _say(line: dict[str, object]) -> None:
    print(json.dumps(line), flush=True)


async def _watch(socket: ClientConnection) -> None:
    while True:
        message = await socket.recv(decode=False)
        seen_wall_ns = time.time_ns()
        if not message.startswith(ALARM + b","):
            continue
        event = json.loads(message)
        journaled_ms = round(datetime.fromisoformat(event["journaled_at"]).timestamp() * 1e3)
        _say({"seq": event["seq"], "seen_wall_ns": seen_wall_ns, "journaled_wall_ns": journaled_ms * 1_000_000})


async def _drain(socket: ClientConnection, received: Counter[bytes]) -> None:
    while True:
        message = await socket.recv(decode=False)
        received[bytes(message[: message.index(b",")])] += 1


async def _count(received: Counter[bytes]) -> None:
    while True:
        await asyncio.sleep(1.0)
        _say({"frames": received[FRAME], "alarms": received[ALARM]})


async def watch(consoles: int, url: str, cookie: str) -> None:
    """Connect all clients, say so, and read until the process is ended."""
    origin = Origin(url.replace("ws://", "http://").split("/api/")[0])
    sockets = [
        await connect(url, additional_headers={"Cookie": cookie}, origin=origin, max_size=None, compression=None)
        for _ in range(max(consoles, 1))
    ]
    _say({"connected": len(sockets)})
    received: Counter[bytes] = Counter()
    async with asyncio.TaskGroup() as tasks:
        for socket in sockets:
            tasks.create_task(_drain(socket, received) if consoles else _watch(socket))
        if consoles:
            tasks.create_task(_count(received))


if __name__ == "__main__":
    asyncio.run(watch(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
