"""What is looked for in the journal, beside time and alarm id."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalSearch:
    """Every field that is given must fit."""

    tag: str | None = None
    hazard_source: str | None = None
    trigger: str | None = None
    """Of a transition: `raised`, `acknowledged` ..."""
    state: str | None = None
    """The state that a transition led to."""
    person: str | None = None
    """Id of the person who acted."""
    kind: str | None = None
    """`transition` or the kind of an entry."""
    text: str | None = None
    """Part of the message in either language, of the comment, or of the person's name; a-z like A-Z."""


EVERYTHING: Final = JournalSearch()
