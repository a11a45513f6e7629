"""Whether an alarm may be shelved, and which shelves end because it got worse.  Pure."""

from collections.abc import Sequence
from typing import Final

from monitor.alarms.classes import HOUR_NS, AlarmClassRules, ShelvingLimits
from monitor.alarms.commands import CommandRefusedError, Shelve
from monitor.alarms.definition import AlarmDefinition, AlarmKind
from monitor.alarms.lifecycle import Suppression
from monitor.alarms.transition import Alarm, SuppressionRecord

MILDER: Final[dict[AlarmKind, AlarmKind]] = {"HH": "H", "LL": "L"}
"""A level that becomes TRUE ends the shelf of the level before it on the same tag."""
MINUTE_NS: Final = HOUR_NS // 60


def is_shelved(alarm: Alarm) -> bool:
    """Whether a shelf stands."""
    return shelf_of(alarm) is not None


def shelf_of(alarm: Alarm) -> SuppressionRecord | None:
    """The shelf that stands, None when there is none."""
    return next((item for item in alarm.suppressions if item.suppression is Suppression.SHELVED), None)


def refuse_shelve(
    command: Shelve,
    definition: AlarmDefinition,
    rules: AlarmClassRules,
    limits: ShelvingLimits,
    shelved: Sequence[Alarm],
) -> None:
    """Let the alarm be shelved or say why not; `shelved` are all other alarms that are shelved now.

    :raises CommandRefusedError: the class, the time, the number or the risk does not allow it.
    """
    if not rules.may_be_shelved:
        raise CommandRefusedError(
            f"{rules.id} 类报警不允许搁置；如需停用，请由另一人授权办理停用并指定临时措施",
            f"alarms of class {rules.id} may not be shelved; to stop it, have it removed from service, "
            "authorised by a second person and with something that watches in its place",
        )
    if not 0 < command.duration_ns <= rules.longest_shelve_ns:
        longest_zh, longest_en = _duration(rules.longest_shelve_ns)
        raise CommandRefusedError(
            f"{rules.id} 类报警一次最长搁置 {longest_zh}，请缩短时间",
            f"alarms of class {rules.id} may be shelved for {longest_en} at most; choose a shorter time",
        )
    if len(shelved) >= limits.most_at_once:
        raise CommandRefusedError(
            f"全厂已搁置 {len(shelved)} 个报警，达到上限；请先解除不再需要的搁置",
            f"{len(shelved)} alarms are shelved, which is the most allowed; unshelve what is no longer needed first",
        )
    standing = sum(limits.weight(alarm.priority) for alarm in shelved)
    asked = limits.weight(definition.priority)
    if standing + asked > limits.most_risk:
        raise CommandRefusedError(
            f"搁置风险合计将为 {standing + asked:g}，超过上限 {limits.most_risk:g}；请先解除优先级较高的搁置",
            f"the risk of all that is shelved would be {standing + asked:g}, above {limits.most_risk:g}; "
            "unshelve an alarm of high priority first",
        )


def worsened_by(definitions: Sequence[AlarmDefinition]) -> dict[int, tuple[int, ...]]:
    """Place of a more severe limit alarm -> places of the level before it on the same tag."""
    places: dict[tuple[str, AlarmKind], list[int]] = {}
    for place, definition in enumerate(definitions):
        if definition.tag is not None:
            places.setdefault((definition.tag, definition.kind), []).append(place)
    return {
        place: tuple(places.get((definition.tag, MILDER[definition.kind]), ()))
        for place, definition in enumerate(definitions)
        if definition.tag is not None and definition.kind in MILDER
    }


def _duration(duration_ns: int) -> tuple[str, str]:
    if duration_ns >= HOUR_NS:
        return f"{duration_ns / HOUR_NS:g} 小时", f"{duration_ns / HOUR_NS:g} h"
    return f"{duration_ns / MINUTE_NS:g} 分钟", f"{duration_ns / MINUTE_NS:g} min"
