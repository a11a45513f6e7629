"""`/alarms/{id}/explanation`: why an alarm is what it is now, in words and numbers, from the last committed scan."""

import math
from typing import Final, Literal

from fastapi import APIRouter

from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.kinds import KIND_WORDS
from monitor.alarms.transition import Alarm
from monitor.api import dto
from monitor.api.context import Here
from monitor.api.problems import not_found
from monitor.api.times import rfc3339
from monitor.hazards.view import View
from rules.catalog import RuleSet
from rules.explanation import explain_rule
from rules.port import Figure
from rules.verdicts import Verdict

router = APIRouter(tags=["alarms"])
Told = Literal["true", "false", "unknown"]
VERDICT: Final[dict[int, Told]] = {Verdict.TRUE: "true", Verdict.FALSE: "false", Verdict.UNKNOWN: "unknown"}
JUDGED: Final[dict[Told, tuple[str, str]]] = {
    "true": ("现在成立", "it holds now"),
    "false": ("现在不成立", "it does not hold now"),
    "unknown": ("现在无法判断", "it cannot be judged now"),
}


@router.get("/alarms/{alarm_id}/explanation")
def read_explanation(here: Here, alarm_id: str) -> dto.Explanation:
    """Why this alarm's rule is TRUE, FALSE or UNKNOWN now: its condition, its delays, and what is waited for."""
    position = here.presenter.position_of.get(alarm_id)
    if position is None:
        raise not_found("没有这个报警。", "There is no such alarm.")
    view = here.board.view()
    rule_set = here.plant.rule_set
    if rule_set is None or view.memory is None or alarm_id not in rule_set.ids:
        return _generated(here.plant.definitions[position], view.alarms[position], view)
    return _of_rule(rule_set, alarm_id, view)


def _of_rule(rule_set: RuleSet, alarm_id: str, view: View) -> dto.Explanation:
    assert view.memory is not None
    told = explain_rule(rule_set, alarm_id, view.snapshot, view.memory, view.snapshot.mono_ns)
    return dto.Explanation(
        id=alarm_id,
        rule=True,
        at=rfc3339(view.snapshot.wall_ns),
        verdict=VERDICT[told.verdict],
        condition=VERDICT[told.condition],
        text=dto.Text(zh=told.zh, en=told.en),
        delay=dto.Text(zh=told.delay_zh, en=told.delay_en),
        figures=[_figure(figure) for figure in told.figures],
        inputs=list(told.inputs),
        awaiting=list(told.awaiting),
    )


def _figure(figure: Figure) -> dto.ExplanationFigure:
    value = figure.value if math.isfinite(figure.value) else None
    return dto.ExplanationFigure(name=dto.Text(zh=figure.zh, en=figure.en), value=value, eu=figure.eu)


def _generated(definition: AlarmDefinition, alarm: Alarm, view: View) -> dto.Explanation:
    """The service judges these itself, from its links, its channels and its own state."""
    verdict: Told = "unknown" if alarm.unknown else "true" if alarm.condition_true else "false"
    words = KIND_WORDS[definition.kind]
    zh, en = JUDGED[verdict]
    listed = ("：" + "、".join(alarm.detail), ": " + ", ".join(alarm.detail)) if alarm.detail else ("", "")
    return dto.Explanation(
        id=definition.id,
        rule=False,
        at=rfc3339(view.snapshot.wall_ns),
        verdict=verdict,
        condition=verdict,
        text=dto.Text(
            zh=f"由系统自身判断，没有规则：{definition.subject_zh or definition.id}{words.zh}，{zh}{listed[0]}",
            en=f"Judged by the service itself, by no rule: "
            f"{definition.subject_en or definition.id}, {words.en}; {en}{listed[1]}",
        ),
        delay=dto.Text(zh="", en=""),
        figures=[],
        inputs=[],
        awaiting=[],
    )
