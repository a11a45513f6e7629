"""What both server processes share: the pipe to the parent inside the loop, and what counts as a change."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Protocol

from simulators.plc.messages import Frame, ToServer
from simulators.plc.points import Point, is_discrete


class Tables(Protocol):
    """The served registers or nodes."""

    def write(self, frame: Frame) -> None:
        """Replace every served value at once."""
        ...


class ChangeWatch:
    """Finds which discretes a frame changed; the first frame changes nothing."""

    def __init__(self, points: Sequence[Point]) -> None:
        self._discretes = [(place, point.tag) for place, point in enumerate(points) if is_discrete(point)]
        self._last: list[float] | None = None

    def changes(self, frame: Frame) -> tuple[tuple[str, float], ...]:
        """(tag, new value) of each discrete that differs from the frame before."""
        now = [frame.values[place] for place, _ in self._discretes]
        last, self._last = self._last, now
        if last is None or last == now:
            return ()
        return tuple((tag, new) for (_, tag), new, old in zip(self._discretes, now, last, strict=True) if new != old)


def tell(pipe: "Connection[object, object]", message: object) -> None:
    """Send to the parent; one that is gone already is no trouble of ours: the end of the pipe ends the server."""
    with contextlib.suppress(OSError):
        pipe.send(message)


class Inlet:
    """Messages of the parent, taken in the event loop; the end of the pipe ends the server."""

    def __init__(self, pipe: "Connection[object, object]", take: Callable[[ToServer], None]) -> None:
        self._pipe = pipe
        self._take = take
        self.first_frame = asyncio.Event()
        self.ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(pipe.fileno(), self._readable)

    def _readable(self) -> None:
        try:
            while self._pipe.poll():
                message = self._pipe.recv()
                assert isinstance(message, ToServer)
                self._take(message)
                self.first_frame.set()
        except (EOFError, OSError):
            asyncio.get_running_loop().remove_reader(self._pipe.fileno())
            self.ended.set()
