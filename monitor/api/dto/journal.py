"""`/journal`, `/pushes`: what was decided, and what was sent."""

from typing import Literal

from monitor.api.dto.base import Dto, Text


class JournalRow(Dto):
    """One journal row; `body` is what was stored."""

    seq: int
    time: str
    kind: str
    id: str | None
    occurrence: int | None
    transition: int | None
    person: str | None
    person_name: str | None
    message: Text
    body: dict[str, object]


class JournalPage(Dto):
    """Rows newest first; `next` is the `after` of the next page, None at the end."""

    rows: list[JournalRow]
    next: str | None


class Push(Dto):
    """One outbox row with its times: what was sent where, and what came of it."""

    seq: int
    id: str
    occurrence: int
    transition: int
    channel: str
    purpose: str
    priority: int
    status: Literal["waiting", "in_flight", "accepted", "refused", "superseded"]
    attempts: int
    last_error: str
    queued_at: str
    due_at: str
    sent_at: str | None
    accepted_at: str | None
