"""`causes` and the time base of a flow, which load_cut and stop share."""

import math
from typing import TypedDict

from monitor.plant.kinds import members
from monitor.plant.kinds.port import Surroundings
from monitor.plant.record import Record
from monitor.plant.site import NS
from rules.columns.tags import Tag
from rules.kinds.first_out import MOST_CAUSES, Cause

_BASES = {"/h": 3600, "/min": 60, "/s": 1}
KEYS = ("causes", "cause_before_s", "clock_skew_s", "per_s")


class Lost(TypedDict):
    """How what is lost is counted, and what may be the cause: fields of `rules.kinds.outage_rules.OutageRule`."""

    per_ns: int
    quantity_eu: str
    causes: tuple[Cause, ...]
    cause_before_ns: int
    skew_ns: int


def lost_of(record: Record, tag: Tag, causes: tuple[Cause, ...]) -> Lost:
    """The time base of the flow and the times of its causes."""
    per_ns, quantity_eu = quantity_of(record, tag)
    return Lost(
        per_ns=per_ns,
        quantity_eu=quantity_eu,
        causes=causes,
        cause_before_ns=members.span_ns(record, "cause_before_s", 600),
        skew_ns=members.span_ns(record, "clock_skew_s", 1),
    )


def causes_of(record: Record, surroundings: Surroundings) -> tuple[Cause, ...] | None:
    """`causes = [{ tag = "P-101.RUN", state = 0 }, { tag = "PT-101", low = 0.2 }]`; None when one is wrong."""
    if "causes" not in record.values:
        return ()
    found = [_cause(item, surroundings) for item in record.records("causes")]
    causes = tuple(cause for cause in found if cause is not None)
    if len(causes) < len(found) or not found:
        return None
    if len({cause.tag for cause in causes}) < len(causes):
        record.wrong("causes", "位号重复", "a tag stands twice")
        return None
    if len(causes) > MOST_CAUSES:
        record.wrong("causes", f"最多 {MOST_CAUSES} 个", f"at most {MOST_CAUSES}")
        return None
    return causes


def _cause(record: Record, surroundings: Surroundings) -> Cause | None:
    record.only(("tag", "low", "high", "state"))
    name = record.reference("tag", surroundings.tags, members.TAG)
    if name not in surroundings.tags:
        return None
    state, low, high = record.integer("state", minimum=0, maximum=1), record.number("low"), record.number("high")
    if surroundings.tags[name].tag.discrete:
        if state is None or low is not None or high is not None:
            zh = f"{name} 为开关量：须给 state（0 或 1），不能给 low、high"
            record.wrong("state", zh, f"{name} is discrete: give state (0 or 1), not low or high")
            return None
        return Cause(tag=name, state=1 if state else 0)
    if state is not None or (low is None and high is None) or (low is not None and high is not None and low >= high):
        zh = f"{name} 为模拟量：须给 low 或 high（low 小于 high），不能给 state"
        record.wrong("low", zh, f"{name} is analog: give low or high (low below high), not state")
        return None
    return Cause(tag=name, low=-math.inf if low is None else low, high=math.inf if high is None else high)


def quantity_of(record: Record, tag: Tag) -> tuple[int, str]:
    """(time base of a flow in nanoseconds, unit of what flows): of m3/h an hour and m3; `per_s` where the unit has none."""
    for ending, seconds in _BASES.items():
        if tag.eu.endswith(ending):
            return seconds * NS, tag.eu.removesuffix(ending)
    per_s = record.number("per_s", minimum=0.001)
    if per_s is None:
        zh = f"{tag.id} 的单位 {tag.eu or '（无）'} 不是流量：请用 per_s 给出时间基（秒）"
        record.wrong(
            "per_s", zh, f"{tag.id} is in {tag.eu or 'no unit'}, which is no flow: give its time base in seconds"
        )
        return 3600 * NS, tag.eu
    return int(per_s * NS), tag.eu
