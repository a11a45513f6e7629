"""`/definitions`: the master alarm database as approved and as it runs, and what is recorded about each definition."""

from collections.abc import Sequence
from typing import Final, Literal

import orjson
from fastapi import APIRouter, Depends

from monitor.alarms.drift import approval_of
from monitor.alarms.record import JournalRow
from monitor.api import dto
from monitor.api.caller import require
from monitor.api.context import Context, Here
from monitor.api.problems import not_found
from monitor.api.times import rfc3339, rfc3339_or_none

router = APIRouter(tags=["performance"])
MOST_APPROVALS: Final = 200
MOST_STEPS: Final = 200
NOTICED: Final[dict[str, Literal["changed_when_active", "removed_when_active"]]] = {
    "definition_changed": "changed_when_active",
    "definition_removed": "removed_when_active",
}


@router.get("/definitions/drift")
def read_drift(here: Here) -> dto.Drift:
    """What runs otherwise than approved, and whether the files do; the target is nothing."""
    drift = here.board.view().drift
    if drift is None:
        return dto.Drift(
            state="unknown",
            drift=0,
            files_differ=False,
            approved_at=None,
            approved_by=None,
            approved_by_name=None,
            reason="",
            approved_fingerprint=None,
            running_fingerprint="",
            folder_fingerprint="",
            definitions=[],
        )
    approval = drift.approval
    return dto.Drift(
        state=drift.state,
        drift=len(drift.definitions),
        files_differ=drift.files_differ,
        approved_at=rfc3339_or_none(approval.wall_ns if approval else None),
        approved_by=approval.person if approval else None,
        approved_by_name=approval.person_name if approval else None,
        reason=approval.reason if approval else "",
        approved_fingerprint=approval.fingerprint if approval else None,
        running_fingerprint=drift.running_fingerprint,
        folder_fingerprint=drift.folder_fingerprint,
        definitions=[
            dto.DefinitionDrift(
                id=item.id, drift=item.drift, approved_hash=item.approved_hash, running_hash=item.running_hash
            )
            for item in drift.definitions
        ],
    )


@router.get("/definitions/{alarm_id}/history", dependencies=[Depends(require("journal.read"))])
async def read_history(here: Here, alarm_id: str) -> dto.DefinitionHistory:
    """What is recorded about one definition: approvals that changed it, and active alarms that a change closed."""
    approvals = await here.journal.entries("definition", MOST_APPROVALS)
    noticed = await here.journal.definition_steps(alarm_id, MOST_STEPS)
    running = _running_hash(here, alarm_id)
    steps = _approved(alarm_id, approvals)
    if running is None and not steps and not noticed:
        raise not_found("没有这个报警定义。", "There is no such alarm definition.")
    steps += [_noticed(row) for row in noticed]
    drift = here.board.view().drift
    approved = None if drift is None or drift.approval is None else drift.approval.hashes.get(alarm_id)
    return dto.DefinitionHistory(
        id=alarm_id,
        running_hash=running,
        approved_hash=approved,
        steps=sorted(steps, key=lambda step: -step.seq),
    )


def _running_hash(here: Context, alarm_id: str) -> str | None:
    position = here.presenter.position_of.get(alarm_id)
    return None if position is None else here.board.view().alarms[position].definition_hash


def _approved(alarm_id: str, rows: Sequence[JournalRow]) -> list[dto.DefinitionStep]:
    """Approvals in which this definition was another one than in the approval before."""
    steps: list[dto.DefinitionStep] = []
    before: str | None = None
    for row in reversed(rows):
        body = orjson.loads(row.body)
        approval = approval_of(row.seq, body)
        if approval is None:
            continue
        found = approval.hashes.get(alarm_id)
        if found != before:
            message = dto.Text(zh=str(body["message_zh"]), en=str(body["message_en"]))
            steps.append(
                dto.DefinitionStep(
                    seq=row.seq,
                    at=rfc3339(row.wall_ns),
                    step="approved",
                    hash=found,
                    person=approval.person,
                    person_name=approval.person_name,
                    message=message,
                )
            )
        before = found
    return steps


def _noticed(row: JournalRow) -> dto.DefinitionStep:
    body = orjson.loads(row.body)
    return dto.DefinitionStep(
        seq=row.seq,
        at=rfc3339(row.wall_ns),
        step=NOTICED[body["trigger"]],
        hash=body["definition_hash"],
        person=None,
        person_name=None,
        message=dto.Text(zh=str(body["message_zh"]), en=str(body["message_en"])),
    )
