"""What a person asks of an alarm, and the answers the board can give."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge:
    """A named person has seen this occurrence."""

    id: str
    occurrence: int
    person: str
    person_name: str
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """A named person ends a latched alarm whose condition is gone and which is acknowledged."""

    id: str
    occurrence: int
    person: str
    person_name: str
    comment: str = ""


Command = Acknowledge | Reset


class CommandRefusedError(Exception):
    """The board refuses; `message_zh`, `message_en` say what to do instead."""

    def __init__(self, message_zh: str, message_en: str) -> None:
        self.message_zh = message_zh
        self.message_en = message_en
        super().__init__(message_en)


class NoSuchAlarmError(CommandRefusedError):
    """No definition has this id."""


class ConflictError(CommandRefusedError):
    """The occurrence is not the current one, or somebody was first; the message says who."""
