"""One row of the outbox: something that must leave, written in the same transaction as what caused it."""

from dataclasses import dataclass
from enum import StrEnum


class Purpose(StrEnum):
    """Why a row exists."""

    RAISE = "raise"
    RETURN = "return"
    ACKNOWLEDGE = "acknowledge"
    REPEAT = "repeat"
    """Still unacknowledged; due later, superseded by the acknowledgement."""
    EVENT = "event"
    """A transition as an MQTT event."""


class Status(StrEnum):
    """What became of a row."""

    WAITING = "waiting"
    IN_FLIGHT = "in_flight"
    """Given to the channel, no answer yet; after a crash it goes out again with the same key."""
    ACCEPTED = "accepted"
    """The channel took it.  Not the same as: a human answered."""
    REFUSED = "refused"
    """The channel refuses this row for good (too long after cutting, malformed); shown as refused."""
    SUPERSEDED = "superseded"
    """No longer wanted: acknowledged meanwhile.  Rows merged into one message are all ACCEPTED with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """Key: plant, id, occurrence, transition, channel, purpose, attempt_group (0; n for the n-th repeat)."""

    plant: str
    id: str
    occurrence: int
    transition: int
    channel: str
    purpose: Purpose
    repeat: int
    priority: int
    queued_wall_ns: int
    due_wall_ns: int
    body: str
    """Canonical JSON of all the words and numbers the message needs; rendered when it is sent."""
    seq: int = 0
    """Row number given by the store; 0 before it is stored."""
    status: Status = Status.WAITING
    attempts: int = 0
    last_error: str = ""
    sent_wall_ns: int | None = None
    accepted_wall_ns: int | None = None

    @property
    def key(self) -> str:
        """The idempotency key that travels with the message: the same on every attempt."""
        return f"{self.plant}/{self.id}/{self.occurrence}/{self.transition}/{self.channel}/{self.purpose}/{self.repeat}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Supersede:
    """Take back waiting rows of one occurrence (an acknowledgement ends its repeats)."""

    id: str
    occurrence: int
    purposes: tuple[Purpose, ...]
