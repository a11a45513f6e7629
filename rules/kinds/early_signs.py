"""Early signs: a slow shift (CUSUM), a change of variance, a load cut, a stop."""

from collections.abc import Mapping
from typing import Any, Final

from rules.port import Kind, Rule

KINDS: Final[Mapping[type[Rule], Kind[Any]]] = {}
