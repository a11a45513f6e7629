"""Which interlocks remember something else than is on disk, and the rows that put it there.  Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from monitor.interlocks.memory import InterlockMemory
from monitor.interlocks.register import Interlock
from monitor.interlocks.stored import (
    Instant,
    Remembered,
    StoredInterlock,
    UnreadableError,
    decode,
    encode,
    fingerprint,
)
from rules.columns.tags import TagTable


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A stored row that was not taken over."""

    interlock: str
    reason: str


class Keeping:
    """Owns what the disk has of every interlock."""

    def __init__(self, interlocks: Sequence[Interlock], table: TagTable) -> None:
        self._interlocks = interlocks
        self._table = table
        self._differs: set[int] = set()
        self._on_disk: set[str] = set()
        self._prints: dict[int, str] = {}

    def restore(
        self, rows: Sequence[StoredInterlock], now: Instant
    ) -> tuple[dict[int, Remembered], tuple[LeftOut, ...]]:
        """What the rows say, by place, and which of them say nothing about this register; all are written anew."""
        place_of = {item.id: place for place, item in enumerate(self._interlocks)}
        found: dict[int, Remembered] = {}
        left_out: list[LeftOut] = []
        for row in rows:
            self._on_disk.add(row.id)
            place = place_of.get(row.id)
            if place is None or row.body is None:
                left_out.append(LeftOut(interlock=row.id, reason="there is no such interlock any more"))
                continue
            self._differs.add(place)
            try:
                effects = len(self._interlocks[place].outputs)
                found[place] = decode(row.body, self._print(place), effects, now)
            except UnreadableError as error:
                left_out.append(LeftOut(interlock=row.id, reason=str(error)))
        return found, tuple(left_out)

    def saw(self, before: InterlockMemory, after: InterlockMemory, moved: Iterable[int]) -> None:
        """Note what a scan changed; `moved`: places whose effects did."""
        self._differs.update(moved)
        differs = before.demand_mono_ns != after.demand_mono_ns
        for name in ("trip_mono_ns", "withheld", "caused"):
            differs |= getattr(before, name) != getattr(after, name)
        self._differs.update(np.flatnonzero(differs).tolist())

    def take(self, remembered: Callable[[int], Remembered | None], now: Instant) -> tuple[StoredInterlock, ...]:
        """The rows to be written now; `remembered` says what of a place must go on."""
        known = self._names
        gone = [name for name in self._on_disk if name not in known]
        rows = [StoredInterlock(id=name, wall_ns=now.wall_ns, body=None) for name in sorted(gone)]
        for place in sorted(self._differs):
            name, what = self._interlocks[place].id, remembered(place)
            if what is not None:
                rows.append(StoredInterlock(id=name, wall_ns=now.wall_ns, body=encode(what, self._print(place), now)))
                self._on_disk.add(name)
            elif name in self._on_disk:
                rows.append(StoredInterlock(id=name, wall_ns=now.wall_ns, body=None))
                self._on_disk.discard(name)
        self._on_disk.difference_update(gone)
        self._differs.clear()
        return tuple(rows)

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(item.id for item in self._interlocks)

    def _print(self, place: int) -> str:
        if place not in self._prints:
            self._prints[place] = fingerprint(self._interlocks[place], self._table)
        return self._prints[place]
