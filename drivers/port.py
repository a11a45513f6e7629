"""What a driver is to the rest of the service."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, Self

from drivers.link import LinkState
from drivers.words import Words
from rules.columns.readings import ReadingBatch


class Clock(Protocol):
    """The two clocks; `monitor.clock.SystemClock` satisfies it."""

    def mono_ns(self) -> int:
        """Monotonic nanoseconds."""
        ...

    def wall_ns(self) -> int:
        """Unix nanoseconds, UTC."""
        ...


class Address(Protocol):
    """Where one tag lives; `monitor.plant.plant.TagAddress` satisfies it (read-only attributes)."""

    @property
    def tag(self) -> str:
        """Its id."""
        ...

    @property
    def row(self) -> int:
        """Its place in the columns."""
        ...

    @property
    def address(self) -> str:
        """As the driver reads it."""
        ...

    @property
    def type(self) -> str:
        """Of its raw value."""
        ...

    @property
    def word_order(self) -> str:
        """Of its registers."""
        ...

    @property
    def raw_low(self) -> float | None:
        """Raw value at `low`; None where nothing is scaled."""
        ...

    @property
    def raw_high(self) -> float | None:
        """Raw value at `high`."""
        ...

    @property
    def low(self) -> float:
        """Low end of the range."""
        ...

    @property
    def high(self) -> float:
        """High end of the range."""
        ...

    @property
    def scan_period_ns(self) -> int:
        """Of its scan class."""
        ...

    @property
    def signal(self) -> str:
        """Of the instrument, such as 4-20 mA; it decides what is out of band."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTrouble:
    """Something about a file that a device needs; says what to do and never what is in the file."""

    path: Path
    zh: str
    en: str
    is_error: bool
    """The device cannot be reached like this; else it may soon not be, or less safely."""


BAD_ITEMS_MOST: Final = 50
"""How many bad items a driver names at most; `bad_points` counts all of them."""


@dataclass(frozen=True, slots=True)
class BadItem:
    """One tag of a device that has no usable value, and why in words."""

    tag: str
    reason: str
    """What the device said, as a person can look it up (`BadNodeIdUnknown`, `exception 02 illegal data address`)."""
    reason_zh: str = ""
    """The same in Chinese."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverHealth:
    """What one driver measured on its own connection since it was entered; `poll` adds it to the LinkStatus."""

    overruns: int
    """Scan class periods that could not be kept."""
    round_trip_ms: float
    """Of the last poll."""
    impairment: Words
    """Why the link is DEGRADED (points refused, periods overrun); nothing while it is plainly UP."""
    clock_skew_ns: int | None = None
    """The device's clock minus ours; None where it has none or has not told it."""
    clock_is_off: bool = False
    """The skew is beyond what the settings of the device allow."""
    bad_items: tuple[BadItem, ...] = ()
    """The first `BAD_ITEMS_MOST` tags without a usable value, by row; a driver makes it anew only when it changes."""


class Driver(Protocol):
    """One connection to one device: entering connects, leaving closes in bounded time.  A fresh one per attempt."""

    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *exc_info: object) -> None: ...
    def batches(self) -> AsyncIterator[ReadingBatch]:
        """Yield one batch per completed scan class period until the link drops.

        :raises LinkLostError: the device stopped answering; back off and enter a fresh driver.
        :raises RefusedError: credentials or certificate refused; retry slowly.
        :raises MisconfiguredError: do not retry.
        """
        ...

    def health(self) -> DriverHealth:
        """Tell the counters as they stand; cheap, asked after every batch."""
        ...


class DriverFactory(Protocol):
    """Makes a fresh driver for one attempt; `registry.open_driver` builds these from a device of the plant."""

    def __call__(self) -> Driver:
        """Make a driver that was never entered."""
        ...


class Sink(Protocol):
    """Where batches and link states go; the scan's inbox satisfies it.  Never blocks, never drops a row."""

    def put(self, batch: ReadingBatch) -> None:
        """Take one batch."""
        ...

    def link(self, status: "LinkStatus") -> None:
        """Take note that the link of one device changed or was counted on."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStatus:
    """The link to one device as it stands: what `/devices`, the link alarm and blindness read."""

    device: str
    state: LinkState
    since_wall_ns: int
    attempts: int
    """Connection attempts since the link was last up."""
    reconnects: int
    last_error: str
    """In words with the cause; empty when up and never failed."""
    last_error_zh: str = ""
    """The same in Chinese."""
    batches: int
    readings: int
    overruns: int
    """Scan class periods that could not be kept."""
    round_trip_ms: float
    """Of the last poll, for the whole device."""
    bad_points: int
    clock_skew_ns: int | None = None
    """The device's clock minus ours as told last; None where it has none."""
    clock_is_off: bool = False
    """The skew told last is beyond what the settings of the device allow."""
    readings_per_s: float = 0.0
    """Over the last report period."""
    bad_items: tuple[BadItem, ...] = ()
    """The first of the bad points with the reason of each; empty while the link is not up."""


Settings = Mapping[str, object]
