"""When an alarm does something by itself: a suppression ends, it is annunciated again, it rises in priority.  Pure."""

from dataclasses import replace
from typing import Final

from monitor.alarms.classes import AlarmClassRules
from monitor.alarms.lifecycle import State, Suppression, Trigger
from monitor.alarms.steps import Step, end, unanswered
from monitor.alarms.transition import Alarm, SuppressionRecord

NEVER_NS: Final = 2**63 - 1
UNANSWERED: Final = ("无人确认", "nobody acknowledged it")
EXPIRED: Final = ("到期", "its time is over")


def clamped(alarm: Alarm, rules: AlarmClassRules, wall_ns: int) -> Alarm:
    """The restored row whose shelf ends in no more than its own duration and than the class allows now (design section 4).

    A suppression of the plant that has a longest time lasts no longer than this either.
    """
    if not any(_lasts(record) for record in alarm.suppressions):
        return alarm
    longest_ns = rules.longest_shelve_ns if rules.may_be_shelved else 0
    return replace(alarm, suppressions=tuple(_clamped(item, longest_ns, wall_ns) for item in alarm.suppressions))


def _clamped(record: SuppressionRecord, longest_ns: int, wall_ns: int) -> SuppressionRecord:
    if not _lasts(record) or record.until_wall_ns is None:
        return record
    since_ns = min(record.since_wall_ns, wall_ns)  # the clock was set back meanwhile
    duration_ns = record.until_wall_ns - record.since_wall_ns
    if record.suppression is Suppression.SHELVED:
        duration_ns = min(duration_ns, longest_ns)
    return replace(record, since_wall_ns=since_ns, until_wall_ns=since_ns + duration_ns)


def shifted(alarm: Alarm, step_ns: int) -> Alarm:
    """The row after the wall clock stepped: a shelf and a plant's suppression keep their durations, others their date."""
    return replace(
        alarm,
        suppressions=tuple(
            replace(item, since_wall_ns=item.since_wall_ns + step_ns, until_wall_ns=item.until_wall_ns + step_ns)
            if _lasts(item) and item.until_wall_ns is not None
            else item
            for item in alarm.suppressions
        ),
    )


def _lasts(record: SuppressionRecord) -> bool:
    """Whether its end is a duration, not a date."""
    return record.suppression is Suppression.SHELVED or bool(record.source)


def due_ns(alarm: Alarm, rules: AlarmClassRules, wall_ns: int) -> int:
    """Wall time of the next step that time alone brings; at the latest the whole duration from now."""
    if alarm.suppressions:
        return min(
            (item.until_wall_ns for item in alarm.suppressions if item.until_wall_ns is not None), default=NEVER_NS
        )
    if alarm.state is State.ACKNOWLEDGED:
        return _after(alarm.acknowledged_wall_ns, rules.re_alarm_after_ns, wall_ns)
    if alarm.state is State.UNACKNOWLEDGED and alarm.priority > 1:
        return _after(alarm.changed_wall_ns, rules.raise_priority_after_ns, wall_ns)
    return NEVER_NS


def _after(since_wall_ns: int | None, duration_ns: int | None, wall_ns: int) -> int:
    if since_wall_ns is None or duration_ns is None:
        return NEVER_NS
    return min(since_wall_ns, wall_ns) + duration_ns


def elapsed(alarm: Alarm) -> Step:
    """The step of an alarm whose time has come; of several suppressions the one that ended first."""
    if alarm.suppressions:
        record = min(
            alarm.suppressions, key=lambda item: NEVER_NS if item.until_wall_ns is None else item.until_wall_ns
        )
        return end(alarm, record, EXPIRED)
    if alarm.state is State.ACKNOWLEDGED:
        return Step(alarm=unanswered(alarm), trigger=Trigger.RE_ALARMED)
    return Step(alarm=replace(alarm, priority=alarm.priority - 1), trigger=Trigger.PRIORITY_RAISED, why=UNANSWERED)
