"""`/forecasts`: how long until each watched limit, as the minutes-to-limit rules see it after the last committed scan."""

import math
from typing import Annotated

from fastapi import APIRouter, Query

from monitor.api import dto
from monitor.api.context import Here
from monitor.api.explanation import VERDICT
from monitor.api.present import finite
from monitor.api.times import rfc3339
from rules.forecasts import Forecast, forecasts

router = APIRouter(tags=["tags"])


@router.get("/forecasts")
def list_forecasts(
    here: Here, tag: Annotated[str | None, Query(description="of one tag only")] = None
) -> list[dto.Forecast]:
    """What the rules of the kind `minutes_to_limit` know of their tags; empty where the plant has none."""
    view, rule_set = here.board.view(), here.plant.rule_set
    if rule_set is None or view.memory is None:
        return []
    found = forecasts(rule_set, view.snapshot, view.memory, view.snapshot.mono_ns)
    eu = {one.id: one.eu for one in here.plant.tags.tags}
    at = rfc3339(view.snapshot.wall_ns)
    return [_present(one, eu[one.tag], at) for one in found if tag is None or one.tag == tag]


def _present(found: Forecast, eu: str, at: str) -> dto.Forecast:
    return dto.Forecast(
        id=found.rule_id,
        tag=found.tag,
        at=at,
        limit=found.limit,
        eu=eu,
        rising=found.rising,
        required_min=found.required_min,
        verdict=VERDICT[found.verdict],
        trend_per_h=finite(found.trend_per_h),
        known=not math.isnan(found.minutes),
        minutes=finite(found.minutes),
    )
