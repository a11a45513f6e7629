"""Gas detectors: two stages, toxic before combustible, detector fault distinct."""

from collections.abc import Mapping
from typing import Any, Final

from rules.port import Kind, Rule

KINDS: Final[Mapping[type[Rule], Kind[Any]]] = {}
