"""Mistakes that rules over windows and vessels share."""

from collections.abc import Iterator, Sequence
from typing import Final

from rules.columns.tags import Tag
from rules.errors import RuleError, no_share
from rules.geometry import METRES, Vessel

_NS: Final = 1_000_000_000


def vessel_errors(rule_id: str, vessel: Vessel | None, tag: Tag) -> Iterator[RuleError]:
    """A vessel that has no volumes, or a level that is not in a unit of length."""
    if vessel is None:
        return
    for field, zh, en in vessel.mistakes():
        yield RuleError(rule_id, field, zh, en)
    if tag.eu not in METRES:
        zh = f"罐体几何要求液位单位为 {', '.join(METRES)}；{tag.id} 为 {tag.eu or '无'}"
        en = f"the geometry of a vessel needs its level in {', '.join(METRES)}; {tag.id} is in {tag.eu or 'no unit'}"
        yield RuleError(rule_id, "tag", zh, en)


def settle_errors(rule_id: str, settle_ns: int) -> Iterator[RuleError]:
    """A time to settle below nothing."""
    if settle_ns < 0:
        yield RuleError(rule_id, "settle_s", "稳定时间应为 0 或以上", "a time to settle is 0 or more")


def window_errors(
    rule_id: str, window_ns: int, minimum_coverage: float, readings: int, tags: Sequence[Tag]
) -> Iterator[RuleError]:
    """A window too short for its readings, a coverage that is no share."""
    slowest = max(tags, key=lambda tag: tag.scan_period_ns)
    if window_ns < max(1, readings * slowest.scan_period_ns):
        every_s, least_s = slowest.scan_period_ns / _NS, readings * slowest.scan_period_ns / _NS
        zh = f"{window_ns / _NS:g} s 太短：{slowest.id} 每 {every_s:g} s 读一次，至少 {least_s:g} s"
        en = f"{window_ns / _NS:g} s is too short: {slowest.id} is read every {every_s:g} s, at least {least_s:g} s"
        yield RuleError(rule_id, "window_s", zh, en)
    if not 0 < minimum_coverage <= 1:
        yield no_share(rule_id, "coverage", minimum_coverage)
