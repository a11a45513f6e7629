"""Limits whose set-point comes from another tag or from the operating mode: its tables in `rules.toml`."""

from collections.abc import Mapping
from typing import Final

from monitor.plant.kinds.port import KindReader

READERS: Final[Mapping[str, KindReader]] = {}
