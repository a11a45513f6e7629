"""Rate of change over a window: its tables in `rules.toml`."""

from collections.abc import Mapping
from typing import Final

from monitor.plant.kinds import members
from monitor.plant.kinds.port import KindReader, ReadRule, Surroundings
from monitor.plant.record import Record
from monitor.plant.site import NS
from rules.catalog import Delays
from rules.columns.tags import Tag
from rules.kinds.rate_group import SLOTS
from rules.kinds.rates import MOST_COVERAGE, Direction, RateOfChange

LONGEST_S: Final = 86_400
DIRECTIONS: Final[Mapping[str, Direction]] = {"rise": "rise", "fall": "fall", "either": "either"}


def _rate(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
    tag = members.tag_of(record, surroundings)
    direction = DIRECTIONS.get(record.choice("direction", tuple(DIRECTIONS), default="either"))
    limit = _limit(record)
    dead_band = None if limit is None else members.dead_band_of(record, limit)
    window_s = record.required_number("window_s", minimum=0, maximum=LONGEST_S)
    coverage = record.number("coverage", default=MOST_COVERAGE, minimum=0.01, maximum=MOST_COVERAGE)
    if tag is None or direction is None or limit is None or dead_band is None or coverage is None:
        return None
    if not _is_long_enough(record, window_s, tag) or not 0.01 <= coverage <= MOST_COVERAGE:
        return None
    rule = RateOfChange(
        id=rule_id,
        tag=tag.id,
        direction=direction,
        limit=limit,
        window_ns=int(window_s * NS),
        dead_band=dead_band,
        minimum_coverage=coverage,
        delays=delays,
    )
    shown = -limit if direction == "fall" else limit
    return ReadRule(rule=rule, tag=tag.id, set_point=shown, dead_band=dead_band, eu=f"{tag.eu}/min")


def _limit(record: Record) -> float | None:
    limit = record.required_number("limit")
    if limit > 0:
        return limit
    if record.is_given("limit"):
        record.wrong("limit", "应大于 0，方向由 direction 指明", "must be more than 0; direction says which way")
    return None


def _is_long_enough(record: Record, window_s: float, tag: Tag) -> bool:
    every_s = tag.scan_period_ns / NS
    if SLOTS * every_s <= window_s <= LONGEST_S:
        return True
    if record.is_given("window_s") and window_s <= LONGEST_S:
        zh = f"窗口 {window_s:g} s 太短：{tag.id} 的采样周期为 {every_s:g} s，至少 {SLOTS * every_s:g} s"
        en = f"{window_s:g} s is too short: {tag.id} is read every {every_s:g} s, at least {SLOTS * every_s:g} s"
        record.wrong("window_s", zh, en)
    return False


READERS: Final[Mapping[str, KindReader]] = {
    "rate": KindReader(keys=("tag", "direction", "limit", "window_s", "dead_band", "coverage"), read=_rate)
}
