"""Statutory ceilings of gas detectors, for their stages in `rules.toml` and for their plain H and HH rows alike."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from monitor.hazards.source import Equipment
from monitor.plant.alarms import AlarmRow
from monitor.plant.gas_limits import BASES, GasLimits, gas_limits
from monitor.plant.record import Record
from monitor.plant.tags import TagRow
from rules.columns.tags import Tag
from rules.guard import Bound, Side, set_point_of
from rules.kinds.gas import UNITS, GasLimit

STAGE_OF: Final[Mapping[str, int]] = {"H": 1, "L": 1, "HH": 2, "LL": 2}
"""The stage that a plain row of a detector is."""
Ceiling = tuple[float, str]
"""(most allowed, in the unit of the tag, why)."""
GasBounds = Mapping[tuple[str, str], Sequence[Bound]]
"""What plain rows must stay inside of, by (tag, kind)."""


def toxic_ceiling(record: Record, tag: Tag, stage: int, limits: GasLimits) -> Ceiling | None:
    """What a stage may be at most, from the limits of the chemical or from what the table gives; None with a mistake."""
    name = record.text("chemical")
    if not name:
        return None
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


def gas_bounds(
    rows: Sequence[AlarmRow],
    tags: Mapping[str, TagRow],
    equipment: Mapping[str, Equipment],
    records: Mapping[str, Record],
) -> GasBounds:
    """What the plain rows of gas detectors must stay inside of.

    From the unit (%LEL, LEL.m), from what `[[equipment]]` (its `records`) says the detector detects, and from the gas rules of
    the same tag.  A toxic detector with plain rows of which nobody says what it detects is a warning.
    """
    found: dict[tuple[str, str], list[Bound]] = defaultdict(list)
    for tag in (row.tag for row in tags.values() if not row.tag.discrete):
        for kind, bound in (*_by_unit(tag), *_by_chemical(tag, equipment, records)):
            found[tag.id, kind].append(bound)
    for rule in (row.rule for row in rows):
        if isinstance(rule, GasLimit):
            high, low = ("H", "L") if rule.stage == 1 else ("HH", "LL")
            found[rule.tag, high].append(_bound(rule.clause, rule.highest, "high"))
            found[rule.tag, low].append(_bound(rule.clause, rule.lowest, "low"))
    for row in rows:
        _warn_unknown(row, tags, equipment, found)
    return found


def _by_unit(tag: Tag) -> Iterator[tuple[str, Bound]]:
    """The stages of a combustible gas, whatever its detector."""
    limits = gas_limits()
    for eu, gas, stages in (
        ("%LEL", "combustible", limits.combustible_percent_lel),
        ("LEL.m", "open_path", limits.open_path_lel_m),
    ):
        if tag.eu == eu:
            for kind in ("H", "HH"):
                yield kind, _bound(limits.clauses[gas], stages.of(STAGE_OF[kind]), "high")


def _by_chemical(
    tag: Tag, equipment: Mapping[str, Equipment], records: Mapping[str, Record]
) -> Iterator[tuple[str, Bound]]:
    """The stages of a toxic gas, or of oxygen, that the equipment of a tag detects."""
    record, limits = records.get(tag.equipment), gas_limits()
    if record is None or not _is_detector(tag, equipment) or not record.is_given("chemical"):
        return
    if tag.eu in UNITS["oxygen"] and record.text("chemical").casefold() in limits.oxygen_names:
        yield "H", _bound(limits.clauses["oxygen"], limits.oxygen_high_percent, "high")
        yield "L", _bound(limits.clauses["oxygen"], limits.oxygen_low_percent, "low")
    if tag.eu in UNITS["toxic"]:
        for kind in ("H", "HH"):
            ceiling = toxic_ceiling(record, tag, STAGE_OF[kind], limits)
            if ceiling is not None:
                yield kind, _bound(ceiling[1], ceiling[0], "high")


def _bound(clause: str, value: float, side: Side) -> Bound:
    return Bound(name_zh=f" {clause} 规定的", name_en=f"{clause}:", value=value, side=side, or_equal=True)


def _is_detector(tag: Tag, equipment: Mapping[str, Equipment]) -> bool:
    return tag.equipment in equipment and equipment[tag.equipment].kind == "detector"


def _warn_unknown(
    row: AlarmRow, tags: Mapping[str, TagRow], equipment: Mapping[str, Equipment], found: GasBounds
) -> None:
    set_point = set_point_of(row.rule)
    if set_point is None or set_point.side == "low" or set_point.tag not in tags:
        return
    tag = tags[set_point.tag].tag
    if tag.eu in UNITS["toxic"] and _is_detector(tag, equipment) and (tag.id, set_point.kind) not in found:
        zh = f"未按 {gas_limits().clauses['toxic']} 核对：请在 plant.toml 的设备 {tag.equipment} 填 chemical（探测的气体）"
        en = (
            f"not checked against {gas_limits().clauses['toxic']}: "
            f"say what {tag.equipment} detects (chemical in its [[equipment]] of plant.toml)"
        )
        row.record.wrong("set_point", zh, en, "warning")
