"""One scan class of one device: its block reads as they stand, what the device refused, and the readings of a poll.  Pure.

A block refused as illegal (01, 02, 03) is cut in two until the refused points are known; they become BAD with the code and
are left out, the others go on, and no later request goes across what was refused.  One of them is asked again now and then,
so that a corrected device heals by itself.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from drivers.modbus.place import Span
from drivers.modbus.plan import Block, Limits, coalesce, split
from drivers.modbus.points import Point
from drivers.modbus.registers import Columns, Decoder
from drivers.modbus.wire import Answer, ReadRequest, Refusal
from drivers.words import Words

ILLEGAL: Final = frozenset({0x01, 0x02, 0x03})
"""Exception codes that a smaller block may not meet."""

EXTRA_READS: Final = 32
"""Additional requests one poll may spend on finding refused points; the rest is found in the next polls."""

PROBE_PERIOD_NS: Final = 5_000_000_000
"""How often one refused place is asked again."""


@dataclass(frozen=True, slots=True)
class Read:
    """A block and the request that reads it."""

    block: Block
    request: ReadRequest


class ScanClass:
    """The points of one device that share a period; `begin`, then `take` until nothing is `waiting`, then `finish`.

    What was found out stays for as long as the object does, over connections too (`abandon` ends a poll that was cut off).
    """

    __slots__ = (
        "_answered",
        "_blocks",
        "_decoder",
        "_extra_reads",
        "_limits",
        "_next_probe_ns",
        "_reads",
        "_refused",
        "_refused_column",
        "_running",
        "_spans",
        "_unit",
        "_waiting",
        "period_ns",
        "points",
        "rows",
        "trouble",
    )

    def __init__(self, points: Sequence[Point], period_ns: int, limits: Limits, unit: int = 1) -> None:
        self.points = tuple(points)
        self.period_ns = period_ns
        self.rows = np.array([point.row for point in points], np.int32)
        self.rows.flags.writeable = False
        self.trouble = Words()
        """What the device refused in the last poll."""
        self._limits = limits
        self._unit = unit
        self._spans = tuple(point.span for point in points)
        self._blocks: tuple[Block, ...] = coalesce(self._spans, limits)
        self._reads = tuple(self._read_of(block) for block in self._blocks)
        self._refused: dict[int, int] = {}
        self._refused_column = np.zeros(len(points), np.uint32)
        self._refused_column.flags.writeable = False
        self._decoder = Decoder(self.points, self._blocks)
        self._waiting: deque[Read] = deque()
        self._answered: list[tuple[Read, Answer]] = []
        self._extra_reads = 0
        self._next_probe_ns = 0
        self._running = False

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The reads of a poll as they stand; refused points are in none."""
        return self._blocks

    @property
    def reads(self) -> tuple[Read, ...]:
        """The reads of a poll as they stand, with their requests."""
        return self._reads

    @property
    def spans(self) -> tuple[Span, ...]:
        """What the points take, in their order."""
        return self._spans

    @property
    def waiting(self) -> Sequence[Read]:
        """What the running poll has still to read, in order."""
        return self._waiting

    @property
    def is_running(self) -> bool:
        """Whether a poll was begun and not finished."""
        return self._running

    def begin(self, mono_ns: int) -> None:
        """Start a poll; now and then with one more read for a place that was refused."""
        self._running = True
        self._waiting.extend(self._reads)
        self._extra_reads = EXTRA_READS
        if not self._refused:
            self._next_probe_ns = mono_ns + PROBE_PERIOD_NS
        elif mono_ns >= self._next_probe_ns:
            self._next_probe_ns = mono_ns + PROBE_PERIOD_NS
            self._waiting.append(self._read_of(self._oldest_refused()))

    def abandon(self) -> None:
        """Forget a poll that was not finished, and what it had begun to find out."""
        self._refused = {
            int(member): int(self._refused_column[member]) for member in np.flatnonzero(self._refused_column)
        }
        self._waiting.clear()
        self._answered.clear()
        self._running = False

    def take(self, answers: Sequence[Answer]) -> None:
        """Accept the answers to the first waiting blocks, in order; refused blocks may put smaller ones in `waiting`."""
        for answer in answers:
            read = self._waiting.popleft()
            if isinstance(answer, Refusal) and answer.code in ILLEGAL:
                self._divide(read, answer)
            else:
                self._answered.append((read, answer))

    def finish(self) -> Columns:
        """End the poll and decode it: the readings of all points, in their order."""
        answered, self._answered = self._answered, []
        self._running = False
        reads = tuple(read for read, _ in answered)
        if reads != self._reads:
            self._reads = reads
            self._blocks = tuple(read.block for read in reads)
            self._decoder = Decoder(self.points, self._blocks)
            self._refused_column = np.zeros(len(self.points), np.uint32)
            for member, code in self._refused.items():
                self._refused_column[member] = code
            self._refused_column.flags.writeable = False  # columns of polls share it
        columns = self._decoder.decode([answer for _, answer in answered], self._refused_column)
        self.trouble = self._told(columns)
        return columns

    def _read_of(self, block: Block) -> Read:
        return Read(block, ReadRequest(self._unit, block.table.function, block.start, block.count))

    def _divide(self, read: Read, refusal: Refusal) -> None:
        blocks = split(read.block, self._spans, start_at_zero=self._limits.start_at_zero)
        halves = [self._read_of(block) for block in blocks or ()]
        if not halves:
            for member in read.block.members:
                self._refused[member] = refusal.code
        elif self._extra_reads >= len(halves):
            self._extra_reads -= len(halves)
            self._waiting.extend(halves)
        else:  # asked apart in the next poll; in this one all their points share the refusal
            self._answered.extend((half, refusal) for half in halves)

    def _oldest_refused(self) -> Block:
        """Take the place that was refused first out of the refused ones, to be read on its own."""
        span = self._spans[next(iter(self._refused))]
        members = tuple(member for member in self._refused if self._spans[member] == span)
        for member in members:
            del self._refused[member]
        return Block(span.table, span.start, span.count, members)

    def _told(self, columns: Columns) -> Words:
        refused = np.flatnonzero(columns.status)
        if not len(refused):
            return Words()
        first = int(refused[0])
        point = self.points[first]
        count = f"{len(refused)} points" if len(refused) > 1 else "1 point"
        zh, en = Refusal(int(columns.status[first])).words
        return Words(
            f"{len(refused)} 个点被拒绝，首个 {point.tag}（{point.place}）：{zh}",
            f"{count} refused, first {point.tag} ({point.place}): {en}",
        )
