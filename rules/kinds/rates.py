"""Rate of change over a window."""

from collections.abc import Mapping
from typing import Any, Final

from rules.port import Kind, Rule

KINDS: Final[Mapping[type[Rule], Kind[Any]]] = {}
