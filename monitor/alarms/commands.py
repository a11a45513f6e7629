"""What a person asks of an alarm or a horn, and the answers the board can give."""

from dataclasses import dataclass

from monitor.alarms.lifecycle import Suppression


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """What a named person says to do with one thing: an alarm or a permit, by its id."""

    id: str
    person: str
    person_name: str
    comment: str
    """The reason, or what was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge(Instruction):
    """A named person has seen this occurrence."""

    occurrence: int
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset(Instruction):
    """A named person ends a latched alarm whose condition is gone and which is acknowledged."""

    occurrence: int
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelve(Instruction):
    """A named person shelves an alarm, before or during it; `occurrence` is what they saw (0: never raised)."""

    occurrence: int
    duration_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveFromService(Instruction):
    """A named person takes an alarm out of service, authorised by another, with something that watches in its place."""

    occurrence: int
    until_wall_ns: int
    authorised_by: str
    """The second person's id; whoever gives the command has made sure that it is this person."""
    interim: str
    authorised_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressByDesign(Instruction):
    """Logic of the plant (a permit, an operating mode) suppresses an alarm; `person` names who is behind it.

    Suppressions of several sources stand beside each other; one of the same source takes the place of the one before.
    """

    occurrence: int | None = None
    until_wall_ns: int | None = None
    source: str = ""
    condition: str = ""
    comment_en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSuppression(Instruction):
    """Unshelve, return to service, or end a suppression by design; hides nothing, so the occurrence may be left out."""

    suppression: Suppression
    comment: str = ""
    occurrence: int | None = None
    source: str = ""
    """Of a suppression by design: which one of them ends."""
    why: tuple[str, str] = ("", "")
    """Reason (zh, en) of an end that nobody asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisePriority(Instruction):
    """Logic of the plant makes a standing alarm more urgent: a barrier is out and the value goes on."""

    occurrence: int
    priority: int
    why: tuple[str, str]
    """Reason (zh, en)."""
    person: str = ""
    person_name: str = ""
    comment: str = ""


Command = RaisePriority | Acknowledge | Reset | Shelve | RemoveFromService | SuppressByDesign | EndSuppression


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A named person silences the horn of one operator position; what comes later sounds again."""

    position: str
    person: str
    person_name: str


class CommandRefusedError(Exception):
    """The board refuses; `message_zh`, `message_en` say what to do instead."""

    def __init__(self, message_zh: str, message_en: str) -> None:
        self.message_zh = message_zh
        self.message_en = message_en
        super().__init__(message_en)


class NoSuchAlarmError(CommandRefusedError):
    """No definition, or no position, has this id."""


class ConflictError(CommandRefusedError):
    """The occurrence is not the current one, or somebody was first; the message says who."""
