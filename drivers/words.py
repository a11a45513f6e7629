"""What a driver says to people of a device that is not as it should be, in both languages."""

from collections.abc import Iterable
from typing import NamedTuple


class Words(NamedTuple):
    """One text in Chinese and in English; false when there is nothing to say."""

    zh: str = ""
    en: str = ""

    def __bool__(self) -> bool:
        return bool(self.en)

    def __str__(self) -> str:
        return self.en


def joined(parts: Iterable[Words]) -> Words:
    """All that say something, one behind the other."""
    said = [part for part in parts if part]
    return Words("；".join(part.zh for part in said), "; ".join(part.en for part in said))
