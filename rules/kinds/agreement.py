"""Several instruments of one quantity: do they agree, which one lies, m-out-of-n voting."""

from collections.abc import Mapping
from typing import Any, Final

from rules.kinds import disagreement, drift, voting
from rules.port import Kind, Rule

KINDS: Final[Mapping[type[Rule], Kind[Any]]] = {**disagreement.KINDS, **drift.KINDS, **voting.KINDS}
