"""Gas detectors: two stages, toxic before combustible, detector fault distinct: its tables in `rules.toml`."""

from collections.abc import Mapping
from typing import Final

from monitor.plant.kinds.port import KindReader

READERS: Final[Mapping[str, KindReader]] = {}
