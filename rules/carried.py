"""What one evaluation leaves for the next beside the memory: derived, never stored."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Carried:
    """Of one rule set and its last snapshot; without it everything is judged anew and told as changed."""
