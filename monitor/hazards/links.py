"""What a screen and the link alarm need to know of a device's link; the drivers' own record satisfies it."""

from collections.abc import Sequence
from typing import Protocol


class BadItem(Protocol):
    """One tag of a device that has no usable value, and why."""

    @property
    def tag(self) -> str: ...  # noqa: D102
    @property
    def reason(self) -> str: ...  # noqa: D102


class LinkStatus(Protocol):
    """Read-only view of one link (see `drivers.port.LinkStatus`, which monitor may not import)."""

    @property
    def device(self) -> str: ...  # noqa: D102
    @property
    def state(self) -> str: ...  # noqa: D102
    @property
    def since_wall_ns(self) -> int: ...  # noqa: D102
    @property
    def attempts(self) -> int: ...  # noqa: D102
    @property
    def reconnects(self) -> int: ...  # noqa: D102
    @property
    def last_error(self) -> str: ...  # noqa: D102
    @property
    def batches(self) -> int: ...  # noqa: D102
    @property
    def readings(self) -> int: ...  # noqa: D102
    @property
    def overruns(self) -> int: ...  # noqa: D102
    @property
    def round_trip_ms(self) -> float: ...  # noqa: D102
    @property
    def bad_points(self) -> int: ...  # noqa: D102
    @property
    def clock_skew_ns(self) -> int | None: ...  # noqa: D102
    @property
    def readings_per_s(self) -> float: ...  # noqa: D102
    @property
    def bad_items(self) -> Sequence[BadItem]: ...  # noqa: D102
