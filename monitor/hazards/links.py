"""What a screen and the link alarm need to know of a device's link; the drivers' own record satisfies it."""

from collections.abc import Sequence
from typing import Protocol


class BadItem(Protocol):
    """One tag of a device that has no usable value, and why."""

    @property
    def tag(self) -> str:
        """Its id."""
        ...

    @property
    def reason(self) -> str:
        """What the device said, or why nothing came."""
        ...

    @property
    def reason_zh(self) -> str:
        """The same in Chinese."""
        ...


class LinkStatus(Protocol):
    """Read-only view of one link (see `drivers.port.LinkStatus`, which monitor may not import)."""

    @property
    def device(self) -> str:
        """Id of the device."""
        ...

    @property
    def state(self) -> str:
        """Of the link: up, down, ..."""
        ...

    @property
    def since_wall_ns(self) -> int:
        """Since when, Unix nanoseconds."""
        ...

    @property
    def attempts(self) -> int:
        """Connection attempts since it was last up."""
        ...

    @property
    def reconnects(self) -> int:
        """How often it came up again."""
        ...

    @property
    def last_error(self) -> str:
        """In words with the cause; empty when it never failed."""
        ...

    @property
    def last_error_zh(self) -> str:
        """The same in Chinese."""
        ...

    @property
    def batches(self) -> int:
        """Read since the start."""
        ...

    @property
    def readings(self) -> int:
        """Rows of these batches."""
        ...

    @property
    def overruns(self) -> int:
        """Scan class periods that could not be kept."""
        ...

    @property
    def round_trip_ms(self) -> float:
        """Of the last poll."""
        ...

    @property
    def bad_points(self) -> int:
        """Points without a usable value."""
        ...

    @property
    def clock_skew_ns(self) -> int | None:
        """The device's clock minus ours; None where it has none."""
        ...

    @property
    def clock_is_off(self) -> bool:
        """Further from ours than the plant allows."""
        ...

    @property
    def readings_per_s(self) -> float:
        """Over the last report period."""
        ...

    @property
    def bad_items(self) -> Sequence[BadItem]:
        """The first of the bad points, each with its reason."""
        ...
