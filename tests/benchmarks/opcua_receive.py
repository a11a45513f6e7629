"""What a Read costs beside the mere receiving of its answer's bytes."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from tests.benchmarks.figures import Figure, median, of_runs
from tests.benchmarks.opcua_clients import A_READ, Side
from tests.benchmarks.service import Child

_FRAME: Final = 24
_HEADER: Final = 32
"""Of the answer, with the number of its values."""
_VALUE: Final = 26
"""Double with both times."""
ANSWER: Final = _FRAME + _HEADER + A_READ * _VALUE + 4
"""Bytes of the answer to one Read, as the stub sends it."""
PAUSE_S: Final = 0.0003
"""Between two messages that shall come one by one."""

Cost = Callable[[Side, int], Awaitable[float]]


@dataclass
class Received:
    """Microseconds of CPU for a value: received alone, and read; one pair after the other."""

    streamed: list[float] = field(default_factory=list)
    single: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)

    def figure(self) -> Figure:
        """The ratio, with how it was measured."""
        method = (
            f"CPU of Session.read for a value over CPU of recv_into for the same {ANSWER} bytes/{A_READ} values that another "
            f"process streams over 127.0.0.1, both warm (a figure of ours alone: nothing runs between); median of "
            f"{len(self.whole)} pairs"
        )
        runs = [whole / bare for whole, bare in zip(self.whole, self.streamed, strict=True)]
        return of_runs("opcua.read_x_recv", runs, "x", method)

    def in_words(self) -> str:
        """Both sides, and the same bytes received one answer at a time."""
        streamed, single, whole = median(self.streamed), median(self.single), median(self.whole)
        return (
            f"{whole * 1e3:.1f} ns CPU a value read, {streamed * 1e3:.2f} received as a stream ({whole / streamed:.1f} x), "
            f"{single * 1e3:.2f} where the receiver waits for each answer as a Read does ({whole / single:.1f} x); medians"
        )


async def received(bulk: Side, cost_us: Cost, *, pairs: int, rounds: int, messages: int) -> Received:
    """Measure pairs of a bare socket and `rounds` of Reads of every node."""
    result = Received()
    for _ in range(pairs):
        result.streamed.append(await asyncio.to_thread(receive, messages) / A_READ)
        result.single.append(await asyncio.to_thread(receive, messages // 5, PAUSE_S) / A_READ)
        await bulk.read_all()
        result.whole.append(await cost_us(bulk, rounds))
    return result


def receive(count: int, pause_s: float = 0.0) -> float:
    """CPU microseconds for receiving an answer with a blocking socket, after a tenth as many to warm up."""
    warm = count // 10
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with Child("tests.benchmarks.opcua_sender", str(port), str(ANSWER), str(warm + count), str(pause_s)):
            connection, _ = listener.accept()
            with connection:
                buffer = memoryview(bytearray(ANSWER))
                take(connection, buffer, warm)
                begun = time.thread_time()
                take(connection, buffer, count)
                return (time.thread_time() - begun) / count * 1e6


def take(connection: socket.socket, buffer: memoryview, count: int) -> None:
    """Receive so many messages of the size of the buffer."""
    for _ in range(count):
        got = 0
        while got < len(buffer):
            got += connection.recv_into(buffer[got:])
