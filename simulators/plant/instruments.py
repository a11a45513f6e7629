"""What the instruments show: true values with a little noise, stuck where they stick; contacts as 0 and 1."""

from typing import TYPE_CHECKING, Final

import numpy as np

from simulators.plant.design import METHANOL, SPHERES

if TYPE_CHECKING:
    from simulators.plant.plant import Plant

COUNTER_MODULUS: Final = 65_536

NOISE: Final[dict[str, float]] = {
    "m": 0.001, "MPa": 0.001, "kPa": 0.01, "degC": 0.03, "m3/h": 0.3, "A": 0.4, "mm/s": 0.05, "%LEL": 0.1, "ppm": 0.3,
    "m/s": 0.1, "%": 0.4, "V": 0.02,
}  # fmt: skip
"""One standard deviation of the noise of an instrument, by what it measures."""

FLOOR: Final[dict[str, float]] = {
    "m": 0.0, "m3/h": 0.0, "A": 0.0, "mm/s": 0.0, "%LEL": 0.0, "ppm": 0.0, "m/s": 0.0, "MPa": 0.0
}  # fmt: skip
"""Quantities that no instrument shows below zero."""

Measured = dict[str, tuple[float, str]]
"""Tag -> (true value, what it measures)."""


def read_instruments(plant: "Plant") -> dict[str, float]:
    """Every tag of the farm as shown now; draws the same number of noise samples on every call."""
    measured = _spheres(plant) | _methanol(plant) | _site(plant) | _safety_measured(plant)
    draw = plant.noise.standard_normal(len(measured))
    sigma = np.array([NOISE[quantity] for _, quantity in measured.values()])
    true = np.array([value for value, _ in measured.values()])
    floor = np.array([FLOOR.get(quantity, -np.inf) for _, quantity in measured.values()])
    shown = np.maximum(true + draw * sigma, floor)
    readings = dict(zip(measured, shown.tolist(), strict=True))
    readings |= _counters(plant) | _contacts(plant)
    readings |= {f"{name}.SP": trip_point_m for name, trip_point_m in plant.trip_points_m.items()}
    readings |= {f"{gauge}.SP": trip_mpa for gauge, trip_mpa in plant.trip_pressures_mpa.items()}
    readings |= {tag: value for tag, value in plant.stuck.items() if tag in readings}
    return readings


def _tank(plant: "Plant", number: int) -> Measured:
    tank = plant.tanks[number]
    return {
        f"LT-{number}A": (tank.level_m, "m"),
        f"LT-{number}B": (tank.level_m, "m"),
        f"FT-{number}I": (tank.inflow_m3_per_h, "m3/h"),
        f"FT-{number}O": (tank.outflow_m3_per_h, "m3/h"),
    }


def _spheres(plant: "Plant") -> Measured:
    measured: Measured = {}
    for number in SPHERES:
        tank, pressure = plant.tanks[number], plant.sphere_pressure_mpa(number)
        speed = tank.pump.speed
        measured |= _tank(plant, number)
        measured[f"PT-{number}A"] = measured[f"PT-{number}B"] = (pressure, "MPa")
        measured[f"TT-{number}A"] = (tank.temperature_c, "degC")
        measured[f"TT-{number}B"] = (tank.temperature_c + 0.6, "degC")
        measured[f"IT-{number}"] = (speed * (70 + 0.5 * tank.outflow_m3_per_h), "A")
        measured[f"VT-{number}"] = (2.4 * speed, "mm/s")
        measured[f"TT-{number}P"] = (tank.pump.bearing_c, "degC")
        measured[f"PT-{number}P"] = (pressure + 0.8 * speed, "MPa")
    for name, running in (("C201A", _receiving(plant, SPHERES)), ("C201B", False)):
        on = float(running)
        measured[f"IT-{name}"] = (150.0 * on, "A")
        measured[f"PT-{name}"] = (0.5 + 0.9 * on, "MPa")
        measured[f"TT-{name}"] = (plant.ambient_c() + 48.0 * on, "degC")
    inflow = sum(plant.tanks[n].inflow_m3_per_h for n in SPHERES)
    measured["FT-200"] = (inflow, "m3/h")
    measured["PT-200"] = (0.9 + 0.0005 * inflow, "MPa")
    return measured


def _methanol(plant: "Plant") -> Measured:
    measured: Measured = {}
    for number in METHANOL:
        tank = plant.tanks[number]
        net = tank.inflow_m3_per_h - tank.outflow_m3_per_h
        measured |= _tank(plant, number)
        measured[f"TT-{number}"] = (tank.temperature_c, "degC")
        measured[f"PT-{number}"] = (0.8 + 0.3 * net / tank.design.inflow_m3_per_h, "kPa")
        measured[f"IT-{number}"] = (tank.pump.speed * (45 + 0.3 * tank.outflow_m3_per_h), "A")
    inflow = sum(plant.tanks[n].inflow_m3_per_h for n in METHANOL)
    measured["FT-100"] = (inflow, "m3/h")
    measured["PT-100"] = (0.35 + 0.0003 * inflow, "MPa")
    measured["TT-100"] = (plant.ambient_c(), "degC")
    return measured


def _site(plant: "Plant") -> Measured:
    return {
        "TT-001": (plant.ambient_c(), "degC"),
        "ST-001": (plant.wind_m_per_s(), "m/s"),
        "MT-001": (65.0, "%"),
        "PT-003": (0.95, "MPa"),
        "LT-003": (4.2, "m"),
        "FT-003": (plant.fire_water_m3_per_h, "m3/h"),
    }


def _safety_measured(plant: "Plant") -> Measured:
    measured: Measured = {f"PT-{n}C": (plant.sphere_pressure_mpa(n), "MPa") for n in SPHERES}
    for detector in plant.detectors:
        measured[detector.tag] = (detector.reading, "ppm" if detector.tag.startswith("AT") else "%LEL")
    measured["TT-901"] = (27.0, "degC")
    measured["ET-901"] = (24.1, "V")
    return measured


def _counters(plant: "Plant") -> dict[str, float]:
    beat = float(int(plant.elapsed_s) % COUNTER_MODULUS)
    received = sum(plant.tanks[n].received_m3 for n in METHANOL)
    return {"PLC-1.HEARTBEAT": beat, "PLC-2.HEARTBEAT": beat, "SIS-1.HEARTBEAT": beat, "FQ-100": float(int(received))}


def _contacts(plant: "Plant") -> dict[str, float]:
    contacts: dict[str, bool] = dict(plant.field_inputs)
    for number, tank in plant.tanks.items():
        contacts[f"XV-{number}I.OPEN"] = tank.inlet.is_open
        contacts[f"XV-{number}I.CLOSED"] = tank.inlet.is_closed
        contacts[f"XV-{number}O.OPEN"] = tank.outlet.is_open
        contacts[f"XV-{number}O.CLOSED"] = tank.outlet.is_closed
        contacts[f"P-{number}.RUN"] = tank.pump.is_running
        contacts[f"LSHH-{number}"] = plant.switch_high[number]
    for number in SPHERES:
        contacts[f"LSLL-{number}"] = plant.switch_low[number]
        contacts[f"XV-{number}S.OPEN"] = plant.deluge_open(number)
    for name, tripped in plant.safety.tripped.items():
        contacts[f"{name}.TRIP"] = tripped
    contacts["C-201A.RUN"] = _receiving(plant, SPHERES)
    contacts["C-201B.RUN"] = False
    contacts["P-003A.RUN"] = plant.fire_water_m3_per_h > 1
    contacts["P-003B.RUN"] = False
    return {tag: float(state) for tag, state in contacts.items()}


def _receiving(plant: "Plant", tanks: tuple[int, ...]) -> bool:
    return any(not plant.tanks[n].inlet.is_closed for n in tanks)
