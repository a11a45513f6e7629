"""`rules.toml`: gas_toxic, gas_combustible, gas_open_path, gas_oxygen, gas_fault; set-points against the statutory ceilings."""

import math
from collections.abc import Mapping
from typing import Final

from monitor.plant.gas_limits import BASES, GasLimits, gas_limits
from monitor.plant.kinds import members
from monitor.plant.kinds.port import KindReader, ReadRule, Surroundings
from monitor.plant.record import Record
from rules.catalog import Delays
from rules.columns.tags import Tag
from rules.kinds.gas import UNITS, Gas, GasLimit
from rules.kinds.gas_faults import GasFault

BELOW_ZERO_PERCENT: Final = 5.0
"""A detector this much of its range below zero has drifted, unless its table says otherwise (configuration, no standard)."""
_Ceiling = tuple[float, str]
"""(most allowed, in the unit of the tag, why)."""


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
    ceiling = _toxic_ceiling(record, tag, stage, gas_limits())
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
    record: Record, rule_id: str, delays: Delays, tag: Tag, gas: Gas, stage: int, ceiling: _Ceiling
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


def _toxic_ceiling(record: Record, tag: Tag, stage: int, limits: GasLimits) -> _Ceiling | None:
    """What a stage may be at most, from the limits of the chemical or from what the table gives."""
    name = record.text("chemical")
    chemical = limits.chemical(name)
    mass = record.number("molar_mass", default=chemical.molar_mass_g_per_mol if chemical else None, minimum=1)
    if mass is None and tag.eu == "ppm":
        zh, en = f"{name!r} 不在气体表中：请填摩尔质量 g/mol", f"{name!r} is not in the table of gases: give g/mol"
        record.wrong("molar_mass", zh, en)
        return None
    if record.flag("range_insufficient"):
        idlh = record.number("idlh_mg_m3", default=chemical.idlh_mg_per_m3 if chemical else None, minimum=0)
        if idlh is None:
            record.wrong("idlh_mg_m3", "气体表中无此值，请填写", "is not in the table of gases: give it")
            return None
        percent, base, word = limits.toxic_percent_idlh.of(stage), idlh, "IDLH"
    else:
        basis = record.choice("oel_basis", ("", *BASES), default="")
        own = record.number("oel_mg_m3", minimum=0)
        found = limits.oel_mg_per_m3(chemical, basis) if chemical else None
        if own is not None:
            found = own, record.text("oel_source")
        if found is None:
            zh = f"气体表（{limits.version}）中 {name!r} 无可用的接触限值：请按现行 GBZ 2.1 填 oel_mg_m3 与 oel_source"
            en = f"the table of gases ({limits.version}) has no such limit of {name!r}: give oel_mg_m3 of the current GBZ 2.1"
            record.wrong("oel_mg_m3", zh, f"{en} and oel_source")
            return None
        percent, base, word = limits.toxic_percent_oel.of(stage), found[0], f"OEL {found[1]}"
    most = limits.in_unit(base * percent / 100, tag.eu, mass or 1.0)
    return most, f"{limits.clauses['toxic']}: {percent:g} % {word}, {base:g} mg/m3"


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
    "gas_toxic": KindReader(
        keys=(
            *_STAGE, "chemical", "molar_mass", "oel_mg_m3", "oel_source", "oel_basis", "idlh_mg_m3", "range_insufficient",
        ),
        read=_toxic,
    ),
    "gas_oxygen": KindReader(keys=("tag", "stage", "low", "high", "dead_band", "location"), read=_oxygen),
    "gas_fault": KindReader(
        keys=("tag", "below_zero", "over_range", "fault_tag", "fault_state", "code_tag", "healthy_codes"), read=_fault
    ),
}  # fmt: skip
"""Words of the key `kind` that belong to this family."""
