"""`rules.toml`: count, chattering_input."""

from collections.abc import Mapping
from typing import Final

from monitor.plant.kinds import members
from monitor.plant.kinds.port import KindReader, ReadRule, Surroundings
from monitor.plant.record import Record
from monitor.plant.site import NS
from rules.catalog import Delays
from rules.columns.tags import Tag
from rules.kinds.counts import MINIMUM_COVERAGE, ChatteringInput, Count, Edge
from rules.kinds.occurrences import MOST

EDGES: Final[Mapping[str, Edge]] = {"rise": "rise", "fall": "fall", "change": "change"}
LONGEST_S: Final = 7 * 86400.0
CHATTERING_TIMES: Final = 3
CHATTERING_WINDOW_S: Final = 60.0
"""ISA-18.2: three activations in a minute are the usual criterion for chattering."""


def _count(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
    tag = _any_tag(record, surroundings)
    edge = EDGES[record.choice("edge", tuple(EDGES), default="rise")]
    at_least = record.integer("at_least", minimum=1, maximum=MOST)
    if at_least is None:
        record.wrong("at_least", f"必填，1 到 {MOST} 的整数", f"must be given, a whole number from 1 to {MOST}")
    window_s = record.required_number("window_s", minimum=1, maximum=LONGEST_S)
    coverage = _coverage(record)
    if tag is None or at_least is None or window_s < 1:
        return None
    level = _level(record, tag)
    if (level is None) != tag.discrete or not _reachable(record, tag, at_least, window_s, 1 if edge == "change" else 2):
        return None
    rule = Count(
        id=rule_id,
        tag=tag.id,
        edge=edge,
        at_least=at_least,
        window_ns=int(window_s * NS),
        level=level,
        dead_band=record.number("dead_band", default=0.0, minimum=0) or 0.0,
        minimum_coverage=coverage,
        delays=delays,
    )
    return ReadRule(rule=rule, tag=tag.id, set_point=float(at_least))


def _level(record: Record, tag: Tag) -> float | None:
    """`level`, which an analog tag needs and a discrete one cannot have."""
    if tag.discrete:
        for key in ("level", "dead_band"):
            if record.is_given(key):
                record.wrong(key, f"{tag.id} 为开关量，没有 {key}", f"{tag.id} is discrete and has no {key}")
        return None
    if not record.is_given("level"):
        record.wrong("level", f"必填：{tag.id} 为模拟量", f"must be given: {tag.id} is analog")
        return None
    return record.number("level", minimum=tag.low, maximum=tag.high)


def _chattering_input(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
    tag = _any_tag(record, surroundings)
    at_least = record.integer("at_least", default=CHATTERING_TIMES, minimum=1, maximum=MOST) or CHATTERING_TIMES
    window_s = record.number("window_s", default=CHATTERING_WINDOW_S, minimum=1, maximum=LONGEST_S)
    coverage = _coverage(record)
    if tag is None or window_s is None or window_s < 1:
        return None
    swing = record.number("swing", minimum=0)
    if tag.discrete and swing is not None:
        record.wrong("swing", f"{tag.id} 为开关量，没有 swing", f"{tag.id} is discrete and has no swing")
        return None
    if not tag.discrete and (swing is None or swing <= 0):
        zh = f"必填且大于 0：{tag.id} 为模拟量"
        record.wrong("swing", zh, f"must be given and more than 0: {tag.id} is analog")
        return None
    if not _reachable(record, tag, at_least, window_s, 2):
        return None
    rule = ChatteringInput(
        id=rule_id,
        tag=tag.id,
        at_least=at_least,
        window_ns=int(window_s * NS),
        swing=swing,
        minimum_coverage=coverage,
        delays=delays,
    )
    return ReadRule(rule=rule, tag=tag.id, set_point=float(at_least))


def _any_tag(record: Record, surroundings: Surroundings) -> Tag | None:
    name = record.reference("tag", surroundings.tags, members.TAG)
    return surroundings.tags[name].tag if name in surroundings.tags else None


def _coverage(record: Record) -> float:
    """`coverage`, the share of the window that must have been read good before nothing may be said to have happened."""
    coverage = record.number("coverage", default=MINIMUM_COVERAGE, minimum=0.01, maximum=1)
    return min(max(MINIMUM_COVERAGE if coverage is None else coverage, 0.01), 1.0)


def _reachable(record: Record, tag: Tag, at_least: int, window_s: float, periods_each: int) -> bool:
    """Report a window too short to see it so often at the scan class period of the tag."""
    period_s = tag.scan_period_ns / NS
    needed_s = periods_each * (at_least - 1) * period_s
    if window_s >= needed_s:
        return True
    zh = f"{window_s:g} s 内不可能发生 {at_least} 次：{tag.id} 每 {period_s:g} s 采一次，至少 {needed_s:g} s"
    en = f"{window_s:g} s cannot show it {at_least} times: {tag.id} is read every {period_s:g} s, at least {needed_s:g} s"
    record.wrong("window_s", zh, en)
    return False


READERS: Final[Mapping[str, KindReader]] = {
    "count": KindReader(keys=("tag", "edge", "at_least", "window_s", "level", "dead_band", "coverage"), read=_count),
    "chattering_input": KindReader(keys=("tag", "at_least", "window_s", "swing", "coverage"), read=_chattering_input),
}
