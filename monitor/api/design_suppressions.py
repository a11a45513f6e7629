"""`/suppressions`: what logic of the plant keeps silent by design now, why, and what is TRUE beneath it."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query

from monitor.alarms.design_suppression import NOT_LOST
from monitor.alarms.lifecycle import Trigger
from monitor.alarms.message import message
from monitor.alarms.timers import NEVER_NS
from monitor.api import dto
from monitor.api.context import Context, Here
from monitor.api.present import finite
from monitor.api.times import rfc3339
from monitor.hazards.view import View
from rules.verdicts import Verdict

router = APIRouter(tags=["alarms"])
Told = Literal["true", "false", "unknown"]
VERDICT: Final[dict[int, Told]] = {Verdict.TRUE: "true", Verdict.FALSE: "false", Verdict.UNKNOWN: "unknown"}


@router.get("/suppressions")
def list_suppressions(
    here: Here, state: Annotated[Literal["standing", "all"], Query()] = "standing"
) -> list[dto.DesignSuppression]:
    """What logic of the plant keeps silent now, why, and what is TRUE beneath; `all`: every suppression configured."""
    view = here.board.view()
    standing = enumerate(view.suppressed.now)
    return [_suppression(here, view, at) for at, now in standing if now.stands or state == "all"]


def _suppression(here: Context, view: View, at: int) -> dto.DesignSuppression:
    item, now = view.suppressed.all[at], view.suppressed.now[at]
    zh, en = _explanation(here, view, at)
    alarms = [_alarm(here, view, name) for name in item.alarms]
    return dto.DesignSuppression(
        id=item.id,
        kind=item.kind,
        condition=item.condition,
        parent=item.parent,
        reason=dto.Text(zh=item.reason_zh, en=item.reason_en),
        stands=now.stands,
        verdict=VERDICT[now.truth],
        since=rfc3339(now.since_wall_ns) if now.stands else None,
        until=rfc3339(now.until_wall_ns) if now.stands and now.until_wall_ns != NEVER_NS else None,
        ending=now.stands and now.lost_mono_ns != NOT_LOST,
        barred=now.barred,
        explanation=dto.Text(zh=zh, en=en),
        true_below=sum(alarm.is_true for alarm in alarms),
        alarms=alarms,
    )


def _explanation(here: Context, view: View, at: int) -> tuple[str, str]:
    """Of a condition its own words; of a parent what its alarm says, and whether anybody hears it."""
    item, now = view.suppressed.all[at], view.suppressed.now[at]
    if item.parent is None:
        return view.suppressed.explain(at)
    position = here.presenter.position_of[item.parent]
    parent = view.alarms[position]
    if not parent.condition_true:
        return f"{item.parent} 未成立", f"{item.parent} is not TRUE"
    told = message(here.plant.definitions[position], Trigger.RAISED, parent.value, parent.limit, parent.detail)
    if item.kind != "device" and now.truth == Verdict.FALSE:
        silent = "上级报警自身无声，不再抑制下级", "it is silent itself, so it keeps nothing silent"
        return f"{told.zh}；{silent[0]}", f"{told.en}; {silent[1]}"
    return told.zh, told.en


def _alarm(here: Context, view: View, name: str) -> dto.SuppressedAlarm:
    position = here.presenter.position_of[name]
    alarm, definition = view.alarms[position], here.plant.definitions[position]
    return dto.SuppressedAlarm(
        id=name,
        subject=dto.Text(zh=definition.subject_zh, en=definition.subject_en),
        kind=definition.kind,
        priority=alarm.priority,
        underlying_state=alarm.state.value,
        is_true=alarm.condition_true,
        unknown=alarm.unknown,
        value=finite(alarm.value),
        limit=finite(alarm.limit),
        eu=definition.eu,
    )
