"""Several instruments of one quantity: do they agree, which one lies, m-out-of-n voting: its tables in `rules.toml`."""

from collections.abc import Mapping
from typing import Final

from monitor.plant.kinds.port import KindReader

READERS: Final[Mapping[str, KindReader]] = {}
