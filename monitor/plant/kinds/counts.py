"""How often something happened in a window: count, chattering input: its tables in `rules.toml`."""

from collections.abc import Mapping
from typing import Final

from monitor.plant.kinds.port import KindReader

READERS: Final[Mapping[str, KindReader]] = {}
