"""Everything that is wrong with a plant folder, each with its place; collected, never the first one only."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Mistake:
    """One thing wrong at one place; both texts say what would be right."""

    file: str
    line: int
    """From 1; 0 where the whole file is meant."""
    column: str
    """Column name of a sheet or key of a table; empty where the whole line is meant."""
    zh: str
    en: str
    severity: Severity = "error"

    def text(self, language: str) -> str:
        """Say it the way compilers do, so that editors jump to it: `file:line: column: message`."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        words = self.zh if language == "zh" else self.en
        head = {"zh": "警告: ", "en": "warning: "}[language] if self.severity == "warning" else ""
        return f"{place}: {head}{self.column + ': ' if self.column else ''}{words}"


Report = Callable[[Mistake], None]


class PlantRefusedError(Exception):
    """The plant folder has mistakes; `mistakes` holds all of them in file and line order."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        self.mistakes = mistakes
        super().__init__("; ".join(mistake.text("en") for mistake in mistakes))
