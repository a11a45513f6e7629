"""Several instruments of one quantity: do they agree, which one lies, m-out-of-n voting."""

from collections.abc import Mapping
from typing import Any, Final

from rules.port import Kind, Rule

KINDS: Final[Mapping[type[Rule], Kind[Any]]] = {}
