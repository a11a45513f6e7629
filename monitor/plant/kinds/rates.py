"""Rate of change over a window: its tables in `rules.toml`."""

from collections.abc import Mapping
from typing import Final

from monitor.plant.kinds import members
from monitor.plant.kinds.port import KindReader, ReadRule, Surroundings
from monitor.plant.record import Record
from monitor.plant.site import NS
from rules.catalog import Delays
from rules.kinds.rate_group import SLOTS
from rules.kinds.rates import MOST_COVERAGE, Direction, RateOfChange

DIRECTIONS: Final[Mapping[str, Direction]] = {"rise": "rise", "fall": "fall", "either": "either"}


def _rate(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
    tag = members.tag_of(record, surroundings)
    direction = DIRECTIONS.get(record.choice("direction", tuple(DIRECTIONS), default="either"), "either")
    limit = record.required_number("limit")
    if record.is_given("limit") and limit <= 0:
        record.wrong("limit", "应大于 0，方向由 direction 指明", "must be more than 0; direction says which way")
    window_s = record.required_number("window_s", minimum=0, maximum=86_400)
    dead_band = record.number("dead_band", default=0.0) or 0.0
    if not 0 <= dead_band < max(limit, 0.0) and limit > 0:
        zh, en = f"应在 0 到 limit（{limit:g}）之间", f"must be 0 or more and below limit ({limit:g})"
        record.wrong("dead_band", zh, en)
    coverage = record.number("minimum_coverage", default=MOST_COVERAGE, minimum=0.01, maximum=MOST_COVERAGE)
    if tag is None:
        return None
    least_s = SLOTS * tag.scan_period_ns / NS
    if record.is_given("window_s") and window_s < least_s:
        zh = f"窗口 {window_s:g} s 太短：{tag.id} 的采样周期为 {tag.scan_period_ns / NS:g} s，至少 {least_s:g} s"
        en = (
            f"{window_s:g} s is too short: {tag.id} is read every {tag.scan_period_ns / NS:g} s, at least {least_s:g} s"
        )
        record.wrong("window_s", zh, en)
    rule = RateOfChange(
        id=rule_id,
        tag=tag.id,
        direction=direction,
        limit=limit,
        window_ns=int(window_s * NS),
        dead_band=dead_band,
        minimum_coverage=MOST_COVERAGE if coverage is None else coverage,
        delays=delays,
    )
    shown = -limit if direction == "fall" else limit
    return ReadRule(
        rule=rule, tag=tag.id, set_point=shown, dead_band=dead_band, eu=f"{tag.eu}/min" if tag.eu else "/min"
    )


READERS: Final[Mapping[str, KindReader]] = {
    "rate": KindReader(keys=("tag", "direction", "limit", "window_s", "dead_band", "minimum_coverage"), read=_rate)
}
