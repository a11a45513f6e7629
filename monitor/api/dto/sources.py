"""`/sources`, `/equipment`: hazard sources, their people, chemicals and equipment."""

from monitor.api.dto.base import Dto, Text


class Person(Dto):
    """A responsible person as shown."""

    id: str
    name: Text
    mobile: str


class Chemical(Dto):
    """One chemical of a hazard source."""

    name: Text
    cas: str
    quantity_t: float
    critical_quantity_t: float


class BypassSince(Dto):
    """An interlock of the source that is bypassed now."""

    interlock: str
    name: Text
    since: str | None


class Source(Dto):
    """One major hazard source with what is wrong in it now."""

    id: str
    name: Text
    level: int
    chemicals: list[Chemical]
    principal_responsible: Person
    technical_responsible: Person
    operation_responsible: Person
    points: int
    blind_points: list[str]
    alarms_by_priority: dict[str, int]
    """"1" to "4" -> active alarms."""
    bypassed: list[BypassSince]
    interlocks: int


class Equipment(Dto):
    """One piece of equipment with the tags the overview draws."""

    id: str
    name: Text
    kind: str
    process_unit: str
    hazard_source: str
    height_m: float | None
    overflow_height_m: float | None
    fill_rate_m_per_h: float | None
    level_tag: str | None
    second_level_tag: str | None
    level_switch_tag: str | None
    pressure_tag: str | None
    temperature_tag: str | None
    inflow_tag: str | None
    outflow_tag: str | None
    inlet_valve_tag: str | None
    outlet_valve_tag: str | None
