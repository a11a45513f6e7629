"""The three threads of an open journal, and what is done on them."""

from typing import NamedTuple

from monitor.store.lane import Lane
from monitor.store.writer import JournalWriter, WallClock


class Lanes(NamedTuple):
    """The three threads; close the writer's last."""

    write: Lane
    quick: Lane
    long: Lane


class OnLanes:
    """A part of an open journal: its threads, its one writer, the wall clock."""

    def __init__(self, lanes: Lanes, writer: JournalWriter, clock: WallClock) -> None:
        self._write, self._quick, self._long = lanes
        self._writer = writer
        self._clock = clock
