"""One client of the stream: a lossless bounded queue of alarm events, and a slot for the latest frame."""

import asyncio
from collections import deque
from typing import Final, Protocol

MOST_WAITING_EVENTS: Final = 1000
OVERFLOW_CODE: Final = 1013


class StreamEndedError(Exception):
    """The stream of one client ends with this close code; None: the client is gone already."""

    def __init__(self, code: int | None, reason: str = "") -> None:
        self.code = code
        self.reason = reason
        super().__init__(reason)


class Source(Protocol):
    """Where a client gets what it needs whole; the hub satisfies it."""

    @property
    def frame(self) -> int:
        """Number of the last frame."""
        ...

    @property
    def seq(self) -> int:
        """Journal seq of the last view: what `alarms_text` covers."""
        ...

    def alarms_text(self) -> str:
        """All active alarms as of the last view."""
        ...

    def flood_text(self) -> str | None:
        """How flooded each position is, None where none is."""
        ...

    def snapshot_text(self) -> str:
        """All rows as of the last frame."""
        ...


class StreamClient:
    """What waits for one client.  The hub puts in, the client's own sender takes out; nobody waits for anybody."""

    __slots__ = (
        "_alarms_wanted",
        "_covered_seq",
        "_end",
        "_events",
        "_flood",
        "_frame",
        "_last_frame",
        "_snapshot_wanted",
        "_started",
        "token_sha256",
        "wake",
    )

    def __init__(self, token_sha256: bytes) -> None:
        self.token_sha256 = token_sha256
        self.wake = asyncio.Event()
        self.wake.set()
        self._events: deque[str] = deque()
        self._frame: tuple[int, str] | None = None
        """(prev, text) of the newest frame that was not sent."""
        self._flood: str | None = None
        """The newest word on floods that was not sent."""
        self._last_frame = 0
        self._started = False
        self._covered_seq = 0
        """Events up to this one are in the list of all alarms that was sent."""
        self._alarms_wanted = True
        self._snapshot_wanted = True
        self._end: StreamEndedError | None = None

    def offer_event(self, seq: int, text: str) -> None:
        """Queue an alarm event; over the bound the stream ends, because a gap must not look like calm."""
        if not self._started or self._end is not None or seq <= self._covered_seq:
            return  # the list of all alarms holds it, or the stream is over
        if len(self._events) >= MOST_WAITING_EVENTS:
            self._events.clear()
            self.end(OVERFLOW_CODE, "over 1000 alarm events waiting")
            return
        self._events.append(text)
        self.wake.set()

    def offer_frame(self, prev: int, text: str) -> None:
        """Replace the waiting frame by a newer one."""
        self._frame = (prev, text)
        self.wake.set()

    def offer_flood(self, text: str) -> None:
        """Replace the waiting word on floods by a newer one."""
        if self._started:
            self._flood = text
            self.wake.set()

    def want_everything(self) -> None:
        """The client lost track: all alarms and all rows again, after the events that wait."""
        self._alarms_wanted = True
        self._snapshot_wanted = True
        self.wake.set()

    def end(self, code: int, reason: str) -> None:
        """Have the sender close the stream."""
        self._end = self._end or StreamEndedError(code, reason)
        self.wake.set()

    def more_events(self, most: int) -> list[str]:
        """Take further events that wait right behind the one `next_text` gave, at most so many."""
        return [self._events.popleft() for _ in range(min(most, len(self._events)))]

    def next_text(self, source: Source) -> str | None:
        """What to send next, None when nothing waits.

        :raises StreamEndedError: the stream is to be closed.
        """
        if self._end is not None:
            raise self._end
        if self._events:
            return self._events.popleft()
        if self._alarms_wanted:
            self._alarms_wanted = False
            self._started = True
            self._covered_seq = source.seq
            self._flood = source.flood_text()
            return source.alarms_text()
        if self._flood is not None:
            flood, self._flood = self._flood, None
            return flood
        frame, self._frame = self._frame, None
        if not self._snapshot_wanted and frame is None:
            return None
        if self._snapshot_wanted or (frame is not None and frame[0] != self._last_frame):
            self._snapshot_wanted = False
            self._last_frame = source.frame
            return source.snapshot_text()
        assert frame is not None
        self._last_frame = source.frame
        return frame[1]
