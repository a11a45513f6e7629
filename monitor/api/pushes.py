"""`/pushes`: what was sent where, and what came of it."""

from typing import Annotated

from fastapi import APIRouter, Query

from monitor.api import dto
from monitor.api.context import Here
from monitor.api.parameters import AlarmId
from monitor.api.times import rfc3339, rfc3339_or_none
from monitor.notify.row import OutboxRow

router = APIRouter(tags=["notification"])


@router.get("/pushes")
async def list_pushes(
    here: Here, alarm_id: AlarmId = None, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> list[dto.Push]:
    """Outbox rows, newest first; `id` picks one alarm."""
    return [present_push(row) for row in await here.journal.pushes(id=alarm_id, limit=limit)]


def present_push(row: OutboxRow) -> dto.Push:
    """One outbox row with its times."""
    return dto.Push(
        seq=row.seq,
        id=row.id,
        occurrence=row.occurrence,
        transition=row.transition,
        channel=row.channel,
        purpose=row.purpose.value,
        priority=row.priority,
        status=row.status.value,
        attempts=row.attempts,
        last_error=row.last_error,
        queued_at=rfc3339(row.queued_wall_ns),
        due_at=rfc3339(row.due_wall_ns),
        sent_at=rfc3339_or_none(row.sent_wall_ns),
        accepted_at=rfc3339_or_none(row.accepted_wall_ns),
    )
