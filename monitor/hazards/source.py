"""Hazard sources, process units and equipment as `plant.toml` describes them (GB 18218, Order 40, 应急厅〔2021〕12号)."""

from dataclasses import dataclass

from rules.geometry import Vessel


@dataclass(frozen=True, slots=True, kw_only=True)
class Chemical:
    """One chemical of a hazard source with its present design quantity and critical quantity in tonnes."""

    name_zh: str
    name_en: str
    cas: str
    quantity_t: float
    critical_quantity_t: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HazardSource:
    """A major hazard source (重大危险源) with its given level (1 to 4, 1 highest) and three responsible persons."""

    id: str
    name_zh: str
    name_en: str
    level: int
    chemicals: tuple[Chemical, ...]
    principal_responsible: str
    """主要负责人, a person id."""
    technical_responsible: str
    """技术负责人, a person id."""
    operation_responsible: str
    """操作负责人, a person id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessUnit:
    """A part of a hazard source that is operated as one."""

    id: str
    name_zh: str
    name_en: str
    hazard_source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """A tank, pump, valve ...; the tag references are what the tank overview draws (None where it has none)."""

    id: str
    name_zh: str
    name_en: str
    kind: str
    """atmospheric_tank, sphere, pump, valve, detector, other."""
    process_unit: str
    height_m: float | None = None
    overflow_height_m: float | None = None
    fill_rate_m_per_h: float | None = None
    vessel: Vessel | None = None
    """Geometry, where volumes can be computed."""
    level_tag: str | None = None
    second_level_tag: str | None = None
    level_switch_tag: str | None = None
    pressure_tag: str | None = None
    temperature_tag: str | None = None
    inflow_tag: str | None = None
    outflow_tag: str | None = None
    inlet_valve_tag: str | None = None
    outlet_valve_tag: str | None = None
