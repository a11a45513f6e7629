"""Fields that rules over several instruments share."""

import math

from monitor.plant.kinds.port import Surroundings
from monitor.plant.record import Record
from monitor.plant.site import NS
from rules.columns.tags import Tag

TAG = ("位号", "tag")


def tags_of(
    record: Record, key: str, surroundings: Surroundings, between: tuple[int, int], *, discrete: bool | None = False
) -> tuple[Tag, ...]:
    """The tags that a list names, all analog or all discrete (None: either); empty when any is wrong."""
    names, (fewest, most) = record.texts(key), between
    if record.is_given(key) and not isinstance(record.values[key], list):
        return ()
    if not fewest <= len(names) <= most:
        zh = f"应列出 {fewest} 到 {most} 个位号，现为 {len(names)} 个"
        record.wrong(key, zh, f"must list {fewest} to {most} tags, lists {len(names)}")
        return ()
    good = True
    for place, name in enumerate(names):
        if name in names[:place]:
            record.wrong(key, f"位号 {name} 重复", f"tag {name} stands twice")
            good = False
        elif not record.must_know(key, name, surroundings.tags, TAG):
            good = False
        elif discrete is not None and surroundings.tags[name].tag.discrete != discrete:
            zh = f"位号 {name} 应为{'开关量' if discrete else '模拟量'}"
            record.wrong(key, zh, f"tag {name} must be {'discrete' if discrete else 'analog'}")
            good = False
    return tuple(surroundings.tags[name].tag for name in names) if good else ()


def tag_of(record: Record, surroundings: Surroundings, key: str = "tag", *, discrete: bool = False) -> Tag | None:
    """The one tag that a key names, analog or discrete; None when it is wrong."""
    name = record.reference(key, surroundings.tags, TAG)
    if name not in surroundings.tags:
        return None
    tag = surroundings.tags[name].tag
    if tag.discrete != discrete:
        zh = f"位号 {name} 应为{'开关量' if discrete else '模拟量'}"
        record.wrong(key, zh, f"tag {name} must be {'discrete' if discrete else 'analog'}")
        return None
    return tag


def same_unit(record: Record, key: str, tags: tuple[Tag, ...]) -> bool:
    """Report instruments that do not share one unit."""
    for tag in tags[1:]:
        if tag.eu != tags[0].eu:
            zh = f"{tag.id} 的单位为 {tag.eu or '无'}，{tags[0].id} 为 {tags[0].eu or '无'}：须相同"
            en = f"{tag.id} is in {tag.eu or 'no unit'}, {tags[0].id} in {tags[0].eu or 'no unit'}: one unit is needed"
            record.wrong(key, zh, en)
            return False
    return True


def tolerance_of(record: Record, tags: tuple[Tag, ...]) -> float | None:
    """`tolerance` in the unit of the tags, or `tolerance_percent` of the narrowest range; exactly one of them."""
    absolute, percent = record.is_given("tolerance"), record.is_given("tolerance_percent")
    if absolute == percent:
        zh = "tolerance（工程单位）与 tolerance_percent（量程百分数）须且只能给一个"
        record.wrong("tolerance", zh, "give tolerance (in the unit) or tolerance_percent (of the range), exactly one")
        return None
    if absolute:
        tolerance = record.required_number("tolerance")
    else:
        tolerance = record.required_number("tolerance_percent") / 100 * min(tag.high - tag.low for tag in tags)
    if tolerance <= 0:
        record.wrong("tolerance" if absolute else "tolerance_percent", "应大于 0", "must be more than 0")
        return None
    return tolerance


def dead_band_of(record: Record, less_than: float) -> float | None:
    """`dead_band`, less than what it acts on; 0 where it is not given."""
    dead_band = record.number("dead_band", default=0.0, minimum=0) or 0.0
    if dead_band >= less_than:
        zh, en = (
            f"{dead_band:g} 应小于 {less_than:g}，否则无法恢复",
            f"{dead_band:g} must be less than {less_than:g} to return",
        )
        record.wrong("dead_band", zh, en)
        return None
    return dead_band


def span_ns(record: Record, key: str, default_s: float, minimum_s: float = 0.0, maximum_s: float = math.inf) -> int:
    """A time in seconds, as nanoseconds."""
    found = record.number(key, default=default_s, minimum=minimum_s, maximum=maximum_s)
    return int((default_s if found is None else found) * NS)


def window_of(record: Record, key: str, default_s: float, tags: tuple[Tag, ...], slots: int) -> int | None:
    """A window in nanoseconds; every one of its slots must be long enough for one reading."""
    window_ns = span_ns(record, key, default_s)
    least_ns = max(tag.scan_period_ns for tag in tags) * slots
    if window_ns < least_ns:
        zh = f"{window_ns / NS:g} s 太短：{slots} 个采样周期为 {least_ns / NS:g} s"
        record.wrong(key, zh, f"{window_ns / NS:g} s is too short: {slots} scan class periods are {least_ns / NS:g} s")
        return None
    return window_ns


def coverage_of(record: Record) -> float:
    """`coverage`, the share of the window that must be known; 0.5 where it is not given."""
    coverage = record.number("coverage", default=0.5, minimum=0.01, maximum=1)
    return min(max(0.5 if coverage is None else coverage, 0.01), 1.0)
