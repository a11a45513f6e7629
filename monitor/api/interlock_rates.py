"""`/interlocks/rates`: in-service rates by class, unit, source, interlock; whole, or by shift, day, month; as JSON or CSV."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from monitor.api import dto
from monitor.api.context import Here
from monitor.api.period import Period, period
from monitor.api.sheets import CSV_ANSWER, Accept, Column, Language, is_wanted, sheet
from monitor.api.times import rfc3339
from monitor.interlocks.axes import Service
from monitor.interlocks.periods import periods
from monitor.interlocks.rates import Rate, ServiceChanges, rates, spent
from monitor.interlocks.register import Interlock

router = APIRouter(tags=["interlocks"])
By = Literal["plant", "class", "process_unit", "hazard_source", "interlock"]
Each = Literal["whole", "shift", "day", "month"]
_GROUP: Final[Mapping[By, Callable[[Interlock], str]]] = {
    "plant": lambda item: "",
    "class": lambda item: item.interlock_class,
    "process_unit": lambda item: item.process_unit,
    "hazard_source": lambda item: item.hazard_source,
    "interlock": lambda item: item.id,
}
_COLUMNS: Final[tuple[Column, ...]] = (
    ("组", "group"),
    ("起", "from"),
    ("止", "to"),
    ("联锁数", "interlocks"),
    ("投用率 %", "in-service rate %"),
    ("目标 %", "target %"),
    ("投用 h", "in service h"),
    ("已批准旁路 h", "bypassed, authorised h"),
    ("未批准旁路 h", "bypassed without permit h"),
    ("超期旁路 h", "bypassed beyond permit h"),
    ("恢复未校验 h", "restored, not checked h"),
    ("未知 h", "unknown h"),
)
_ORDER: Final = (
    Service.IN_SERVICE,
    Service.BYPASSED_AUTHORISED,
    Service.BYPASSED_UNAUTHORISED,
    Service.BYPASSED_OVERDUE,
    Service.RESTORED_UNCHECKED,
    Service.UNKNOWN,
)


@router.get("/interlocks/rates", response_model=list[dto.InterlockRate], responses=CSV_ANSWER)
async def interlock_rates(
    here: Here,
    asked: Annotated[Period, Depends(period)],
    by: Annotated[By, Query()] = "class",
    each: Annotated[
        Each, Query(description="one rate for the whole period, or one for each shift, day or month")
    ] = "whole",
    accept: Accept = "",
    language: Language = "zh",
) -> list[dto.InterlockRate] | Response:
    """In-service rates (联锁投用率) counted from the journal: unknown is not in service, what nobody watched is unknown."""
    register = here.plant.register
    ids = [item.id for item in register.interlocks]
    changes = await here.journal.service_changes(ids, asked.from_ns, asked.to_ns)
    # beside the loop: a year of shifts is counted a thousand times, and a time zone is a file
    found = await asyncio.to_thread(_counted, here, changes, asked, by, each)
    if is_wanted(accept):
        return sheet(_COLUMNS, [_row(rate) for rate in found], "interlock-rates", english=language == "en")
    return [_present(rate) for rate in found]


def _counted(here: Here, changes: ServiceChanges, asked: Period, by: By, each: Each) -> list[Rate]:
    register = here.plant.register
    found: list[Rate] = []
    for span in _spans(here, asked, each):
        time = spent(changes, len(register.interlocks), *span)
        found += rates(register.interlocks, register.classes, time, _GROUP[by], span)
    return found


def _spans(here: Here, asked: Period, each: Each) -> Sequence[tuple[int, int]]:
    """The periods inside what was asked for; the present is not over, so nothing after now is counted."""
    end_ns = min(asked.to_ns, here.clock.wall_ns())
    if end_ns <= asked.from_ns:
        return ()
    if each == "whole":
        return ((asked.from_ns, end_ns),)
    found = periods(asked.from_ns, end_ns, each, here.plant.timezone, here.plant.shifts)
    return tuple((max(first, asked.from_ns), min(last, end_ns)) for first, last in found)


def _row(rate: Rate) -> list[object]:
    hours = [round(rate.spent_ns[service] / 3.6e12, 4) for service in _ORDER]
    percent = None if rate.percent is None else round(rate.percent, 3)
    return [
        rate.group, rfc3339(rate.from_ns), rfc3339(rate.to_ns), rate.interlocks, percent, rate.target_percent, *hours,
    ]  # fmt: skip


def _present(rate: Rate) -> dto.InterlockRate:
    return dto.InterlockRate(
        group=rate.group,
        start=rfc3339(rate.from_ns),
        end=rfc3339(rate.to_ns),
        interlocks=rate.interlocks,
        percent=rate.percent,
        target_percent=rate.target_percent,
        met=None if rate.percent is None or rate.target_percent is None else rate.percent >= rate.target_percent,
        bypass_hours=rate.bypass_hours,
        hours={service.value: rate.spent_ns[service] / 3.6e12 for service in _ORDER},
    )
