"""Early signs: a slow shift (CUSUM), a change of variance, a load cut, a stop: its tables in `rules.toml`."""

from collections.abc import Mapping
from typing import Final

from monitor.plant.kinds.port import KindReader

READERS: Final[Mapping[str, KindReader]] = {}
