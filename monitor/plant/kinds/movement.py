"""`rules.toml`: stuck, unplanned_movement, leak."""

from collections.abc import Mapping
from typing import Final

from monitor.plant.kinds.conditions import read_condition
from monitor.plant.kinds.members import tag_of
from monitor.plant.kinds.port import KindReader, ReadRule, Surroundings
from monitor.plant.kinds.vessels import coverage_of, names_of, seconds_ns, vessel_of, window_ns_of
from monitor.plant.record import Record
from rules.catalog import Delays
from rules.kinds.movement import Leak, Stuck, UnplannedMovement

STUCK_WINDOW_S: Final = 600.0
UNPLANNED_WINDOW_S: Final = 1800.0
LEAK_WINDOW_S: Final = 4 * 3600.0
SETTLE_S: Final = 300.0
FLAT_TIMES: Final = 3.0
"""By how much more than flat it must move, where `minimum_change` is not given."""


def _stuck(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
    tag = tag_of(record, surroundings)
    inflows, outflows = (names_of(record, key, surroundings.tags) for key in ("inflow", "outflow"))
    neighbour = tag_of(record, surroundings, "neighbour") if record.is_given("neighbour") else None
    condition = read_condition(record, "while", surroundings, required=False)
    if tag is None or (condition is None and record.is_given("while")):
        return None
    flat_within = record.number("flat_within", default=tag.resolution, minimum=0) or 0.0
    least = record.number("minimum_change", default=FLAT_TIMES * flat_within, minimum=0) or 0.0
    neighbour_vessel = vessel_of(record, neighbour, surroundings) if neighbour is not None else None
    if neighbour is not None and record.is_given("equipment"):  # which names the tank of `tag`
        own = surroundings.site.equipment.get(neighbour.equipment)
        neighbour_vessel = own.vessel if own is not None else None
    rule = Stuck(
        id=rule_id,
        tag=tag.id,
        window_ns=window_ns_of(record, STUCK_WINDOW_S),
        flat_within=flat_within,
        minimum_change=least,
        condition=condition,
        inflows=inflows,
        outflows=outflows,
        vessel=vessel_of(record, tag, surroundings) if inflows or outflows or neighbour_vessel is not None else None,
        neighbour=neighbour.id if neighbour is not None else None,
        neighbour_vessel=neighbour_vessel,
        minimum_coverage=coverage_of(record),
        delays=delays,
    )
    return ReadRule(rule=rule, tag=tag.id, set_point=least, eu=tag.eu)


def _unplanned(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
    tag = tag_of(record, surroundings)
    most = record.required_number("maximum_change", minimum=0)
    condition = read_condition(record, "unless", surroundings, required=False)
    if tag is None or (condition is None and record.is_given("unless")):
        return None
    rule = UnplannedMovement(
        id=rule_id,
        tag=tag.id,
        window_ns=window_ns_of(record, UNPLANNED_WINDOW_S),
        maximum_change=most,
        condition=condition,
        settle_ns=seconds_ns(record, "settle_s", SETTLE_S),
        minimum_coverage=coverage_of(record),
        delays=delays,
    )
    return ReadRule(rule=rule, tag=tag.id, set_point=most, eu=tag.eu)


def _leak(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
    tag = tag_of(record, surroundings)
    most = record.required_number("maximum_loss_per_h", minimum=0)
    condition = read_condition(record, "while", surroundings)
    warm = tag_of(record, surroundings, "temperature") if record.is_given("temperature") else None
    expansion = record.number("expansion_per_k", default=0.0, minimum=0) or 0.0
    tolerance = record.number("temperature_tolerance_k", default=0.0, minimum=0) or 0.0
    if tag is None or condition is None:
        return None
    vessel = vessel_of(record, tag, surroundings)
    rule = Leak(
        id=rule_id,
        tag=tag.id,
        window_ns=window_ns_of(record, LEAK_WINDOW_S),
        maximum_loss_per_h=most,
        condition=condition,
        vessel=vessel,
        temperature=warm.id if warm is not None else None,
        expansion_per_k=expansion,
        temperature_tolerance_k=tolerance,
        settle_ns=seconds_ns(record, "settle_s", SETTLE_S),
        minimum_coverage=coverage_of(record),
        delays=delays,
    )
    return ReadRule(rule=rule, tag=tag.id, set_point=most, eu=f"{tag.eu if vessel is None else 'm3'}/h")


READERS: Final[Mapping[str, KindReader]] = {
    "stuck": KindReader(
        keys=(
            "tag", "window_s", "flat_within", "minimum_change", "while", "inflow", "outflow", "neighbour", "coverage",
        ),
        read=_stuck,
    ),
    "unplanned_movement": KindReader(
        keys=("tag", "window_s", "maximum_change", "unless", "settle_s", "coverage"), read=_unplanned
    ),
    "leak": KindReader(
        keys=(
            "tag", "window_s", "maximum_loss_per_h", "while", "temperature", "expansion_per_k", "temperature_tolerance_k",
            "settle_s", "coverage",
        ),
        read=_leak,
    ),
}  # fmt: skip
