"""`/figures`: how alarms performed per operator position and period; `/figures/nuisance`: which ones to engineer anew."""

import asyncio
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from monitor.alarms.annunciations import StepColumns
from monitor.alarms.chatter import NuisanceAlarm, Standing, chattering, fleeting, stale
from monitor.alarms.figures import DAY_NS, Distribution, Figures, Judged, figures
from monitor.alarms.lifecycle import IS_TRUE
from monitor.api import dto
from monitor.api.context import Context, Here
from monitor.api.period import Asked, Period, Position, positions_of
from monitor.api.problems import speaks_english
from monitor.api.sheets import CSV_ANSWER, is_wanted, sheet
from monitor.api.times import rfc3339, rfc3339_or_none

router = APIRouter(tags=["performance"])
COLUMNS: Final = (
    ("岗位", "position"),
    ("指标", "figure"),
    ("值", "value"),
    ("单位", "unit"),
    ("可接受", "acceptable"),
    ("可管理", "manageable"),
    ("判定", "verdict"),
    ("依据", "source"),
    ("依据可信度", "certainty"),
)


@router.get("/figures", response_model=dto.FiguresReport, responses=CSV_ANSWER)
async def read_figures(
    here: Here, request: Request, asked: Asked, position: Position = None
) -> dto.FiguresReport | Response:
    """Rates, peak, floods, the ten worst, priorities, times to acknowledge, against their targets; new annunciations only."""
    chosen = positions_of(here, position)
    steps = await here.journal.annunciations(asked.from_ns, asked.to_ns)
    report = await asyncio.to_thread(_report, here, steps, asked, chosen)
    if not is_wanted(request.headers.get("accept", "")):
        return report
    english = speaks_english(request.headers.get("accept-language", ""), here.plant.language)
    rows = [row for item in report.positions for row in _rows(item)]
    return sheet(COLUMNS, rows, f"figures-{here.plant.id}", english=english)


@router.get("/figures/nuisance")
async def read_nuisance(here: Here, asked: Asked, position: Position = None) -> dto.Nuisance:
    """Chattering, fleeting and stale alarms of a period, the worst first."""
    chosen = positions_of(here, position)
    steps = await here.journal.annunciations(asked.from_ns, asked.to_ns)
    return await asyncio.to_thread(_nuisance, here, steps, asked, chosen)


def _heard(here: Context, ids: tuple[str, ...], position: str) -> frozenset[str]:
    """Alarms that are heard at a position; one whose definition is gone is heard at all."""
    presenter = here.presenter
    return frozenset(
        alarm_id
        for alarm_id in ids
        if (definition := presenter.definition_of.get(alarm_id)) is None
        or position in presenter.positions.heard_at(definition)
    )


def _standing(here: Context, position: str) -> tuple[Standing, ...]:
    presenter = here.presenter
    return tuple(
        Standing(id=alarm.id, occurrence=alarm.occurrence, raised_wall_ns=alarm.raised_wall_ns)
        for definition, alarm in zip(here.plant.definitions, here.board.view().alarms, strict=True)
        if alarm.state in IS_TRUE
        and not alarm.suppressions
        and alarm.raised_wall_ns is not None
        and position in presenter.positions.heard_at(definition)
    )


def _report(here: Context, steps: StepColumns, asked: Period, positions: tuple[str, ...]) -> dto.FiguresReport:
    shown = []
    for position in positions:
        mine = steps.of(_heard(here, steps.ids, position))
        found = figures(mine, _standing(here, position), asked.from_ns, asked.to_ns, here.plant.performance)
        shown.append(_present(here, position, found))
    return dto.FiguresReport(begin=rfc3339(asked.from_ns), end=rfc3339(asked.to_ns), positions=shown)


def _present(here: Context, position: str, found: Figures) -> dto.Figures:
    return dto.Figures(
        position=position,
        days=(found.to_ns - found.from_ns) / DAY_NS,
        enough=found.enough,
        annunciations=found.annunciations,
        per_10_min=_distribution(found.per_10_min),
        per_hour=_distribution(found.per_hour),
        hourly=list(found.hourly),
        peak_10_min=found.peak_10_min,
        peak_at=rfc3339_or_none(found.peak_ns),
        floods=found.floods,
        flood_s=found.flood_ns / 1e9,
        flood_fraction=found.flood_ns / (found.to_ns - found.from_ns),
        top=[
            dto.TopAlarm(id=name, subject=_subject(here, name), count=count, share=count / found.annunciations)
            for name, count in found.top
        ],
        priorities={str(priority): count for priority, count in found.priorities.items()},
        chattering=found.chattering,
        fleeting=found.fleeting,
        stale=found.stale,
        acknowledge_s=_distribution(found.acknowledge_s),
        unacknowledged=found.unacknowledged,
        shelved=found.shelved,
        suppressed=found.suppressed,
        out_of_service=found.out_of_service,
        judged=[_judged(item) for item in found.judged],
    )


def _distribution(found: Distribution) -> dto.Distribution:
    return dto.Distribution(
        count=found.count, mean=found.mean, p50=found.p50, p90=found.p90, p99=found.p99, maximum=found.maximum
    )


def _judged(item: Judged) -> dto.JudgedFigure:
    return dto.JudgedFigure(
        figure=item.figure,
        value=item.value,
        unit=item.unit,
        acceptable=item.target.acceptable,
        manageable=item.target.manageable,
        verdict=item.verdict,
        source=item.target.source,
        certainty=item.target.certainty,
    )


def _subject(here: Context, alarm_id: str) -> dto.Text:
    definition = here.presenter.definition_of.get(alarm_id)
    if definition is None:
        return dto.Text(zh=alarm_id, en=alarm_id)
    return dto.Text(zh=definition.subject_zh or alarm_id, en=definition.subject_en or alarm_id)


def _rows(item: dto.Figures) -> list[tuple[object, ...]]:
    """The judged figures first, then what has no target."""
    rows: list[tuple[object, ...]] = [
        (
            item.position,
            one.figure,
            one.value,
            one.unit,
            one.acceptable,
            one.manageable,
            one.verdict,
            one.source,
            one.certainty,
        )
        for one in item.judged
    ]
    plain: list[tuple[str, object, str]] = [
        ("annunciations", item.annunciations, "1"),
        ("floods", item.floods, "1"),
        ("flood_s", item.flood_s, "s"),
        *((f"per_10_min_{name}", value, "1/10min") for name, value in item.per_10_min.model_dump().items()),
        *((f"per_hour_{name}", value, "1/h") for name, value in item.per_hour.model_dump().items()),
        *((f"priority_{priority}", count, "1") for priority, count in item.priorities.items()),
        *((f"acknowledge_s_{name}", value, "s") for name, value in item.acknowledge_s.model_dump().items()),
        ("unacknowledged", item.unacknowledged, "1"),
        ("shelved", item.shelved, "1"),
        ("suppressed", item.suppressed, "1"),
        ("out_of_service", item.out_of_service, "1"),
        *((f"top: {one.id}", one.count, "1") for one in item.top),
    ]
    return rows + [(item.position, name, value, unit, None, None, None, None, None) for name, value, unit in plain]


def _nuisance(here: Context, steps: StepColumns, asked: Period, positions: tuple[str, ...]) -> dto.Nuisance:
    limits = here.plant.performance.nuisance
    within = steps.only((steps.wall_ns >= asked.from_ns) & (steps.wall_ns < asked.to_ns))
    found: dict[str, list[dto.NuisanceAlarm]] = {"chattering": [], "fleeting": [], "stale": []}
    for position in positions:
        heard = _heard(here, steps.ids, position)
        standing = _standing(here, position)
        mine = within.of(heard)
        listed = (
            *chattering(mine, limits),
            *fleeting(mine, limits),
            *stale(steps.of(heard), standing, limits, asked.from_ns, asked.to_ns),
        )
        stands = frozenset(item.id for item in standing)
        for item in listed:
            found[item.kind].append(_nuisance_alarm(here, position, item, item.id in stands))
    return dto.Nuisance(
        begin=rfc3339(asked.from_ns),
        end=rfc3339(asked.to_ns),
        criteria=dto.NuisanceCriteria(
            chattering_count=limits.chattering_count,
            chattering_within_s=limits.chattering_within_ns / 1e9,
            fleeting_within_s=limits.fleeting_within_ns / 1e9,
            fleeting_alone_s=limits.fleeting_alone_ns / 1e9,
            stale_after_s=limits.stale_after_ns / 1e9,
        ),
        **found,
    )


def _nuisance_alarm(here: Context, position: str, item: NuisanceAlarm, stands: bool) -> dto.NuisanceAlarm:
    definition = here.presenter.definition_of.get(item.id)
    return dto.NuisanceAlarm(
        id=item.id,
        position=position,
        subject=_subject(here, item.id),
        priority=4 if definition is None else definition.priority,
        count=item.count,
        worst=item.worst,
        first_at=rfc3339(item.first_ns),
        last_at=rfc3339(item.last_ns),
        standing=stands,
    )
