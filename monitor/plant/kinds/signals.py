"""What can be said of the signal itself: uncertain, never seen, out of its band, forced: its tables in `rules.toml`."""

from collections.abc import Mapping
from typing import Final

from monitor.plant.kinds.port import KindReader

READERS: Final[Mapping[str, KindReader]] = {}
