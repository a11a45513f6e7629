"""What can be said of the signal itself: uncertain, never seen, out of its band, forced."""

from collections.abc import Mapping
from typing import Any, Final

from rules.port import Kind, Rule

KINDS: Final[Mapping[type[Rule], Kind[Any]]] = {}
