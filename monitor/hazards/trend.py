"""One tag over time, as columns of equal length."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendColumns:
    """History of one tag as columns of equal length."""

    time_ns: list[int] = field(default_factory=list)
    """Received wall time of the last sample of each bucket, ascending."""
    value: list[float | None] = field(default_factory=list)
    """Last usable value of the bucket; None where nothing usable was stored."""
    minimum: list[float | None] = field(default_factory=list)
    maximum: list[float | None] = field(default_factory=list)
    quality: list[int] = field(default_factory=list)
    """Worst quality of the bucket."""
    oldest_ns: int | None = None
    """Oldest moment that history still holds of any tag."""
