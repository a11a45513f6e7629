"""`rules.toml`: gas_toxic, gas_combustible, gas_open_path, gas_oxygen, gas_fault; set-points against the statutory ceilings."""

import math
from collections.abc import Mapping
from typing import Final

from monitor.plant.gas_ceilings import Ceiling, toxic_ceiling
from monitor.plant.gas_limits import CHEMICAL, gas_limits
from monitor.plant.kinds import members
from monitor.plant.kinds.port import KindReader, ReadRule, Surroundings
from monitor.plant.record import Record
from rules.catalog import Delays
from rules.columns.tags import Tag
from rules.kinds.gas import UNITS, Gas, GasLimit
from rules.kinds.gas_faults import GasFault

BELOW_ZERO_PERCENT: Final = 5.0
"""A detector this much of its range below zero has drifted, unless its table says otherwise (configuration, no standard)."""


def _combustible(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
    limits = gas_limits()
    tag, stage = _detector(record, surroundings, "combustible"), _stage(record)
    ceiling = limits.combustible_percent_lel.of(stage), limits.clauses["combustible"]
    return None if tag is None else _one_sided(record, rule_id, delays, tag, "combustible", stage, ceiling)


def _open_path(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
    limits = gas_limits()
    tag, stage = _detector(record, surroundings, "open_path"), _stage(record)
    ceiling = limits.open_path_lel_m.of(stage), limits.clauses["open_path"]
    return None if tag is None else _one_sided(record, rule_id, delays, tag, "open_path", stage, ceiling)


def _toxic(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
    tag, stage = _detector(record, surroundings, "toxic"), _stage(record)
    if tag is None:
        return None
    own = any(record.is_given(key) for key in CHEMICAL)
    detector = surroundings.site.equipment_records.get(tag.equipment)
    said = record if own or detector is None or not detector.is_given("chemical") else detector
    ceiling = toxic_ceiling(said, tag, stage, gas_limits())
    return None if ceiling is None else _one_sided(record, rule_id, delays, tag, "toxic", stage, ceiling)


def _oxygen(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
    tag, stage, limits = _detector(record, surroundings, "oxygen"), _stage(record, 1), gas_limits()
    if tag is None:
        return None
    clause = limits.clauses["oxygen"]
    lowest, highest = limits.oxygen_low_percent, limits.oxygen_high_percent
    low = record.number("low", default=lowest, minimum=tag.low, maximum=tag.high) or 0.0
    high = record.number("high", default=highest, minimum=tag.low, maximum=tag.high) or 0.0
    too_low, too_high = stage == 1 and low < lowest, stage == 1 and high > highest
    if too_low:
        zh = f"{low:g} %VOL 低于缺氧报警的下限 {lowest:g}（{clause}）"
        record.wrong("low", zh, f"{low:g} %VOL is below the floor {lowest:g} of oxygen deficiency ({clause})")
    if too_high:
        zh = f"{high:g} %VOL 高于富氧报警的上限 {highest:g}（{clause}）"
        record.wrong("high", zh, f"{high:g} %VOL is above the ceiling {highest:g} of oxygen enrichment ({clause})")
    dead_band = members.dead_band_of(record, (high - low) / 2)
    if dead_band is None or too_low or too_high:
        return None
    rule = GasLimit(
        id=rule_id,
        tag=tag.id,
        gas="oxygen",
        stage=stage,
        high=high,
        low=low,
        dead_band=dead_band,
        highest=highest if stage == 1 else math.inf,
        lowest=lowest if stage == 1 else -math.inf,
        clause=clause,
        location=_location(record, tag),
        priority=_priority(record),
        delays=delays,
    )
    return ReadRule(rule=rule, tag=tag.id, dead_band=dead_band, eu=tag.eu, latch_default=True)


def _fault(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
    tag = members.tag_of(record, surroundings)
    fault = members.tag_of(record, surroundings, "fault_tag", discrete=True) if record.is_given("fault_tag") else None
    code = members.tag_of(record, surroundings, "code_tag") if record.is_given("code_tag") else None
    fault_state = record.integer("fault_state", default=1, minimum=0, maximum=1)
    if tag is None:
        return None
    below_zero = _below_zero(record, tag)
    over_range = record.number("over_range", minimum=tag.high)
    healthy = _codes(record)
    if healthy is None or below_zero is None:
        return None
    rule = GasFault(
        id=rule_id,
        tag=tag.id,
        below_zero=below_zero,
        over_range=math.inf if over_range is None else over_range,
        fault_tag=fault.id if fault else "",
        fault_state=1 if fault_state is None else fault_state,
        code_tag=code.id if code else "",
        healthy_codes=healthy,
        delays=delays,
    )
    return ReadRule(rule=rule, tag=tag.id, eu=tag.eu)


def _one_sided(
    record: Record, rule_id: str, delays: Delays, tag: Tag, gas: Gas, stage: int, ceiling: Ceiling
) -> ReadRule | None:
    set_point = record.required_number("set_point", minimum=tag.low, maximum=tag.high)
    most, clause = ceiling
    if set_point > most:
        zh = f"{set_point:g} {tag.eu} 高于第 {stage} 级报警的上限 {most:.4g} {tag.eu}（{clause}）"
        en = f"{set_point:g} {tag.eu} is above the ceiling {most:.4g} {tag.eu} of stage {stage} ({clause})"
        record.wrong("set_point", zh, en)
        return None
    dead_band = members.dead_band_of(record, set_point - tag.low)
    below_zero = _below_zero(record, tag)
    if dead_band is None or below_zero is None:
        return None
    rule = GasLimit(
        id=rule_id,
        tag=tag.id,
        gas=gas,
        stage=stage,
        high=set_point,
        dead_band=dead_band,
        highest=most,
        clause=clause,
        below_zero=below_zero,
        location=_location(record, tag),
        priority=_priority(record),
        delays=delays,
    )
    return ReadRule(rule=rule, tag=tag.id, set_point=set_point, dead_band=dead_band, eu=tag.eu, latch_default=True)


def _detector(record: Record, surroundings: Surroundings, gas: Gas) -> Tag | None:
    tag = members.tag_of(record, surroundings)
    if tag is not None and tag.eu not in UNITS[gas]:
        allowed = " / ".join(UNITS[gas])
        zh = f"{tag.id} 的单位为 {tag.eu or '无'}，应为 {allowed}"
        record.wrong("tag", zh, f"{tag.id} is in {tag.eu or 'no unit'}, must be {allowed}")
        return None
    return tag


def _stage(record: Record, default: int | None = None) -> int:
    stage = record.integer("stage", default=default, minimum=1, maximum=2)
    if stage is None:
        record.wrong("stage", "必填：第 1 级或第 2 级报警", "must be given: stage 1 or 2")
    return 2 if stage == 2 else 1


def _below_zero(record: Record, tag: Tag) -> float | None:
    """`below_zero`, at or under which a detector has drifted."""
    below_zero = record.number("below_zero", default=-BELOW_ZERO_PERCENT / 100 * (tag.high - tag.low))
    if below_zero is None or below_zero >= 0:
        record.wrong("below_zero", "应小于 0", "must be below 0")
        return None
    return below_zero


def _codes(record: Record) -> tuple[float, ...] | None:
    """`healthy_codes`, a list of numbers; [0] where it is not given."""
    value = record.values.get("healthy_codes", [0])
    if not isinstance(value, list) or not value or not all(type(item) in (int, float) for item in value):
        record.wrong("healthy_codes", "应为非空的数字列表，如 [0]", "must be a list of numbers such as [0]")
        return None
    return tuple(float(item) for item in value)


def _location(record: Record, tag: Tag) -> str:
    return record.text("location", required=False, default=tag.equipment or tag.id)


def _priority(record: Record) -> int:
    """As the caller reads it; a mistake in it is reported there."""
    value = record.values.get("priority")
    return value if isinstance(value, int) else 4


_STAGE: Final = ("tag", "stage", "set_point", "dead_band", "location", "below_zero")
READERS: Final[Mapping[str, KindReader]] = {
    "gas_combustible": KindReader(keys=_STAGE, read=_combustible),
    "gas_open_path": KindReader(keys=_STAGE, read=_open_path),
    "gas_toxic": KindReader(keys=(*_STAGE, *CHEMICAL), read=_toxic),
    "gas_oxygen": KindReader(keys=("tag", "stage", "low", "high", "dead_band", "location"), read=_oxygen),
    "gas_fault": KindReader(
        keys=("tag", "below_zero", "over_range", "fault_tag", "fault_state", "code_tag", "healthy_codes"), read=_fault
    ),
}  # fmt: skip
"""Words of the key `kind` that belong to this family."""
