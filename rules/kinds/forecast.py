"""Minutes to limit: when a value reaches its limit if it goes on like this."""

from collections.abc import Mapping
from typing import Any, Final

from rules.port import Kind, Rule

KINDS: Final[Mapping[type[Rule], Kind[Any]]] = {}
