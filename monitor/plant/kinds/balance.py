"""`rules.toml`: mass_balance."""

from collections.abc import Mapping
from typing import Final

from monitor.plant.kinds.port import KindReader, ReadRule, Surroundings
from monitor.plant.kinds.vessels import EQUIPMENT, coverage_of, names_of, seconds_ns, window_ns_of
from monitor.plant.record import Record
from rules.catalog import Delays
from rules.geometry import Vessel
from rules.kinds.balance import MassBalance

WINDOW_S: Final = 3600.0


def _mass_balance(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
    levels = _tanks(record, surroundings)
    inflows, outflows = (names_of(record, key, surroundings.tags) for key in ("inflow", "outflow"))
    tolerance_m3 = record.required_number("tolerance_m3", minimum=0)
    percent = record.number("tolerance_percent", default=0.0, minimum=0, maximum=100) or 0.0
    if levels is None:
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


READERS: Final[Mapping[str, KindReader]] = {
    "mass_balance": KindReader(
        keys=(
            "tanks", "inflow", "outflow", "window_s", "tolerance_m3", "tolerance_percent", "maximum_gap_s", "coverage",
        ),
        read=_mass_balance,
    ),
}  # fmt: skip
