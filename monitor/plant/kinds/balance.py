"""`rules.toml`: mass_balance."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from monitor.plant.kinds.port import KindReader, ReadRule, Surroundings
from monitor.plant.kinds.vessels import EQUIPMENT, coverage_of, names_of, seconds_ns, window_ns_of
from monitor.plant.record import Record
from rules.catalog import Delays
from rules.geometry import Vessel
from rules.kinds.balance import MassBalance
from rules.kinds.expansion import NOWHERE

WINDOW_S: Final = 3600.0


def _mass_balance(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
    levels = _tanks(record, surroundings)
    inflows, outflows = (names_of(record, key, surroundings.tags) for key in ("inflow", "outflow"))
    tolerance_m3 = record.required_number("tolerance_m3", minimum=0)
    percent = record.number("tolerance_percent", default=0.0, minimum=0, maximum=100) or 0.0
    warm = _temperatures(record, surroundings, inflows, outflows)
    if levels is None or warm is None:
        return None
    rule = MassBalance(
        id=rule_id,
        levels=levels,
        inflows=inflows,
        outflows=outflows,
        window_ns=window_ns_of(record, WINDOW_S),
        tolerance_m3=tolerance_m3,
        tolerance_share=percent / 100,
        maximum_gap_ns=seconds_ns(record, "maximum_gap_s", 0.0),
        minimum_coverage=coverage_of(record),
        temperatures=warm.tanks,
        flow_temperatures=warm.flows,
        expansion_per_k=warm.expansion_per_k,
        expansion_source=warm.source,
        delays=delays,
    )
    return ReadRule(rule=rule, set_point=tolerance_m3, eu="m3")


def _tanks(record: Record, surroundings: Surroundings) -> tuple[tuple[str, Vessel], ...] | None:
    """(level tag, geometry) of each piece of equipment in `tanks`; None where one is wrong."""
    names = record.texts("tanks")
    if not names:
        if not record.is_given("tanks"):
            record.wrong("tanks", "必填：设备编号列表", "must be given: a list of equipment ids")
        return None
    found = []
    for name in names:
        if not record.must_know("tanks", name, surroundings.site.equipment, EQUIPMENT):
            continue
        tank = surroundings.site.equipment[name]
        if tank.level_tag is None or tank.level_tag not in surroundings.tags:
            record.wrong("tanks", f"{name} 没有 level_tag", f"{name} has no level_tag")
        elif tank.vessel is None:
            zh = f"{name} 没有几何尺寸（plant.toml 的 diameter_m 等）"
            record.wrong("tanks", zh, f"{name} has no geometry (diameter_m ... in plant.toml)")
        else:
            found.append((tank.level_tag, tank.vessel))
    return tuple(found) if len(found) == len(names) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Warm:
    """What brings volumes to one temperature."""

    tanks: tuple[str, ...] = ()
    flows: tuple[str, ...] = ()
    expansion_per_k: float = 0.0
    source: str = ""


def _temperatures(
    record: Record, surroundings: Surroundings, inflows: Sequence[str], outflows: Sequence[str]
) -> _Warm | None:
    """The `temperature_tag` of each tank and the temperatures of the meters, where the expansion is given; else nothing."""
    if not record.is_given("expansion_per_k"):
        for key in ("inflow_temperature", "outflow_temperature", "expansion_source"):
            if record.is_given(key):
                zh, en = "只与 expansion_per_k 一起用", "is of use only with expansion_per_k"
                record.wrong(key, zh, en)
        return _Warm()
    expansion, source = record.required_number("expansion_per_k", minimum=0), record.text("expansion_source")
    tanks = []
    for name in record.texts("tanks"):
        tank = surroundings.site.equipment.get(name)
        if tank is not None and (tank.temperature_tag is None or tank.temperature_tag not in surroundings.tags):
            record.wrong("tanks", f"{name} 没有 temperature_tag", f"{name} has no temperature_tag")
            return None
        if tank is not None and tank.temperature_tag is not None:
            tanks.append(tank.temperature_tag)
    flows: list[str] = []
    for key, meters in (("inflow_temperature", inflows), ("outflow_temperature", outflows)):
        tags = names_of(record, key, surroundings.tags) if record.is_given(key) else (NOWHERE,) * len(meters)
        if len(tags) != len(meters):
            zh, en = f"应为 {len(meters)} 个位号，每表一个", f"must be {len(meters)} tags, one for each meter"
            record.wrong(key, zh, en)
            return None
        flows += tags
    measured = tuple(flows) if any(tag != NOWHERE for tag in flows) else ()
    return _Warm(tanks=tuple(tanks), flows=measured, expansion_per_k=expansion, source=source)


READERS: Final[Mapping[str, KindReader]] = {
    "mass_balance": KindReader(
        keys=(
            "tanks", "inflow", "outflow", "window_s", "tolerance_m3", "tolerance_percent", "maximum_gap_s", "coverage",
            "expansion_per_k", "expansion_source", "inflow_temperature", "outflow_temperature",
        ),
        read=_mass_balance,
    ),
}  # fmt: skip
