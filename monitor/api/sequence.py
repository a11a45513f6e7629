"""`/sequence`: the sequence-of-events sheet, by the time at which things happened, as far as that can be known."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from monitor.alarms.sequence import Interval, in_order, interval
from monitor.api import dto
from monitor.api.caller import require
from monitor.api.context import Context, Here
from monitor.api.exports import csv_file, csv_lines, cut_words
from monitor.api.period import Asked, Period
from monitor.api.present import finite
from monitor.api.problems import speaks_english
from monitor.api.sheets import CSV_ANSWER, heads, is_wanted
from monitor.api.times import rfc3339

router = APIRouter(tags=["performance"], dependencies=[Depends(require("journal.read"))])
MOST_EVENTS: Final = 5000
OWN_RESOLUTION_NS: Final = 250_000_000
"""What the service judges of itself is judged at the latest this long after it turned (one scan)."""
COLUMNS: Final = (
    ("序号", "seq"),
    ("时间(UTC)", "time (UTC)"),
    ("最早", "earliest"),
    ("最晚", "latest"),
    ("时间来源", "time from"),
    ("分辨力(ms)", "resolution (ms)"),
    ("可能首出", "may be first out"),
    ("与其后几行次序不定", "undecided with next"),
    ("不定范围(ms)", "undecided within (ms)"),
    ("报警编号", "alarm id"),
    ("发生次", "occurrence"),
    ("触发", "trigger"),
    ("优先级", "priority"),
    ("位号", "tag"),
    ("设备", "device"),
    ("值", "value"),
    ("单位", "unit"),
    ("判定时间", "decided"),
    ("内容(中文)", "message (zh)"),
    ("内容(英文)", "message (en)"),
)


@router.get("/sequence", response_model=dto.Sequence, responses=CSV_ANSWER)
async def read_sequence(here: Here, request: Request, asked: Asked) -> dto.Sequence | Response:
    """Alarms that came and went, in the order in which they happened, with what of that order is not certain."""
    bodies = await here.journal.turns(asked.from_ns, asked.to_ns, MOST_EVENTS)
    found = await asyncio.to_thread(_sequence, here, bodies, asked)
    if not is_wanted(request.headers.get("accept", "")):
        return found
    english = speaks_english(request.headers.get("accept-language", ""), here.plant.language)
    content = heads(COLUMNS, english=english) + csv_lines(_row(event) for event in found.events)
    if not found.complete:
        rest = f"from={rfc3339(bodies[MOST_EVENTS]['decided_wall_ns'])}"
        content += csv_lines([[cut_words(rest, english=english)]])
    return csv_file(content, f"sequence-{here.plant.id}.csv", MOST_EVENTS)


def _sequence(here: Context, bodies: Sequence[dict[str, Any]], asked: Period) -> dto.Sequence:
    chosen = bodies[:MOST_EVENTS]
    skew_of = {device: abs(link.clock_skew_ns or 0) for device, link in here.board.view().links.items()}
    when = [_interval(here, body, skew_of) for body in chosen]
    order = in_order([found for found, _ in when])
    events = [
        _event(
            here,
            chosen[place],
            *when[place],
            first_out=bool(order.first_out[row]),
            undecided=(int(order.undecided_with_next[row]), int(order.undecided_within_ns[row])),
        )
        for row, place in enumerate(order.place.tolist())
    ]
    return dto.Sequence(
        begin=rfc3339(asked.from_ns),
        end=rfc3339(asked.to_ns),
        complete=len(bodies) <= MOST_EVENTS,
        events=events,
    )


def _interval(here: Context, body: dict[str, Any], skew_of: Mapping[str, int]) -> tuple[Interval, int]:
    """When it turned, and the resolution of that time in ns: the scan class period, and by how much the device's clock errs."""
    plant = here.plant
    row = plant.tags.row_of.get(body["tag"] or "")
    resolution_ns = OWN_RESOLUTION_NS if row is None else plant.tags.tags[row].scan_period_ns
    if body["source_time_ns"] is not None:
        resolution_ns += skew_of.get(body["device"] or "", 0)
    definition = here.presenter.definition_of.get(body["id"])
    delay_ns = 0
    if definition is not None:
        delay_ns = definition.on_delay_ns if body["trigger"] == "raised" else definition.off_delay_ns
    found = interval(
        source_ns=body["source_time_ns"],
        received_ns=body["received_wall_ns"],
        decided_ns=body["decided_wall_ns"],
        delay_ns=delay_ns,
        resolution_ns=resolution_ns,
    )
    return found, resolution_ns


def _event(
    here: Context,
    body: dict[str, Any],
    when: Interval,
    resolution_ns: int,
    *,
    first_out: bool,
    undecided: tuple[int, int],
) -> dto.SequenceEvent:
    definition = here.presenter.definition_of.get(body["id"])
    subject = dto.Text(zh=body["id"], en=body["id"])
    if definition is not None and definition.subject_zh:
        subject = dto.Text(zh=definition.subject_zh, en=definition.subject_en or definition.subject_zh)
    return dto.SequenceEvent(
        seq=body["seq"],
        id=body["id"],
        occurrence=body["occurrence"],
        trigger=body["trigger"],
        priority=body["priority"],
        subject=subject,
        message=dto.Text(zh=body["message_zh"], en=body["message_en"]),
        tag=body["tag"],
        device=body["device"],
        value=finite(body["value"]),
        eu=body["eu"],
        at=rfc3339(when.at_ns),
        earliest=rfc3339(when.earliest_ns),
        latest=rfc3339(when.latest_ns),
        time_from=when.time_from,
        resolution_ms=resolution_ns / 1e6,
        decided_at=rfc3339(body["decided_wall_ns"]),
        first_out=first_out,
        undecided_with_next=undecided[0],
        undecided_within_ms=undecided[1] / 1e6,
    )


def _row(event: dto.SequenceEvent) -> tuple[object, ...]:
    return (
        event.seq,
        event.at,
        event.earliest,
        event.latest,
        event.time_from,
        event.resolution_ms,
        event.first_out,
        event.undecided_with_next,
        event.undecided_within_ms,
        event.id,
        event.occurrence,
        event.trigger,
        event.priority,
        event.tag,
        event.device,
        event.value,
        event.eu,
        event.decided_at,
        event.message.zh,
        event.message.en,
    )
