"""The whole farm: physics, controllers and safety system stepped together; `read` gives every tag as instruments see it."""

import math
from typing import Final

import numpy as np

from simulators.plant import design
from simulators.plant.instruments import read_instruments
from simulators.plant.lpg import gauge_pressure_mpa
from simulators.plant.sis import SafetySystem
from simulators.plant.tank import Tank

OVERPRESSURE_MPA: Final = 1.7
"""Approved trip point of the overpressure inputs."""
SWITCH_HYSTERESIS_M: Final = 0.05
METHANOL_KG_PER_M3: Final = 790.0
FLASHING: Final = 0.05
"""Part of spilled methanol that evaporates near the tank."""
DELUGE_AT_MPA: Final = 1.4


class Plant:
    """State of the farm.  Deterministic: same generator state and same calls, same values."""

    def __init__(self, noise: np.random.Generator) -> None:
        self.noise = noise
        self.elapsed_s = 0.0
        self.tanks: dict[int, Tank] = {
            n: Tank(design.tank_design(n), design.START_LEVEL_M[n], 22.0) for n in design.ALL_TANKS
        }
        self.sequences = {n: design.sequence(n) for n in design.ALL_TANKS}
        self.detectors = design.detectors()
        self.safety = SafetySystem(design.safety_functions())
        self.field_inputs: dict[str, bool] = design.field_inputs()
        self.releases_kg_per_s: dict[str, float] = {}
        """Leaks by place, set from outside; spills add to them."""
        self.stuck: dict[str, float] = {}
        """Tags whose instrument shows this value whatever the process does."""
        self.resets: set[str] = set()
        """Safety functions whose reset button is pressed for the next step."""
        self.trip_points_m: dict[str, float] = design.trip_points()
        """Safety function -> level at which its switch acts."""
        self.trip_pressures_mpa: dict[str, float] = {f"PT-{n}C": OVERPRESSURE_MPA for n in design.SPHERES}
        """Gauge -> pressure at which the safety system trips its sphere."""
        self.switch_high: dict[int, bool] = dict.fromkeys(design.ALL_TANKS, False)
        self.switch_low: dict[int, bool] = dict.fromkeys(design.SPHERES, False)
        self.fire_water_m3_per_h = 0.0
        self._readings = read_instruments(self)

    def step(self, dt_s: float) -> None:
        """Advance by `dt_s` seconds: controllers and safety system see the readings of the step before.

        :raises ValueError: dt_s is not positive.
        """
        if not dt_s > 0:
            raise ValueError(f"dt_s is {dt_s}, must be above 0")
        self.elapsed_s += dt_s
        self._control(dt_s)
        ambient_c = self.ambient_c()
        for tank in self.tanks.values():
            tank.step(dt_s, ambient_c)
        self._switches()
        release = self.release_kg_per_s()
        for detector in self.detectors:
            detector.step(dt_s, release, self.wind_m_per_s())
        deluge = sum(self.deluge_open(n) for n in design.SPHERES)
        self.fire_water_m3_per_h += (300.0 * deluge - self.fire_water_m3_per_h) * min(dt_s / 5.0, 1.0)
        self._readings = read_instruments(self)

    def read(self) -> dict[str, float]:
        """Every tag as the instruments showed it at the end of the last step; discretes as 0.0 and 1.0."""
        return dict(self._readings)

    def stick(self, tag: str) -> None:
        """Let one instrument stick at what it shows now.

        :raises KeyError: no such tag.
        """
        self.stuck[tag] = self._readings[tag]

    def ambient_c(self) -> float:
        """Air temperature over the day."""
        return 22.0 + 6.0 * math.sin(2 * math.pi * self.elapsed_s / 86_400)

    def wind_m_per_s(self) -> float:
        """Wind without its gusts."""
        return 3.0 + math.sin(self.elapsed_s / 300)

    def sphere_pressure_mpa(self, number: int) -> float:
        """True gauge pressure of a sphere."""
        return gauge_pressure_mpa(self.tanks[number].temperature_c)

    def deluge_open(self, number: int) -> bool:
        """The deluge valve of a sphere is open."""
        return self.sphere_pressure_mpa(number) > DELUGE_AT_MPA

    def release_kg_per_s(self) -> dict[str, float]:
        """All releases by place: leaks set from outside and what spills over."""
        release = dict(self.releases_kg_per_s)
        for tank in self.tanks.values():
            if tank.spill_m3_per_s > 0:
                spilled = tank.spill_m3_per_s * METHANOL_KG_PER_M3 * FLASHING * 10
                release[tank.design.name] = release.get(tank.design.name, 0.0) + spilled
        return release

    def _control(self, dt_s: float) -> None:
        demands = {f"LSHH-{n}": self.switch_high[n] for n in design.ALL_TANKS}
        demands |= {f"LSLL-{n}": self.switch_low[n] for n in design.SPHERES}
        demands |= {
            f"PSHH-{n}": self._readings[f"PT-{n}C"] >= self.trip_pressures_mpa[f"PT-{n}C"] for n in design.SPHERES
        }
        demands |= {name: not self.field_inputs[f"{name}.BUTTON"] for name in ("ESD-1", "ESD-2")}
        self.safety.step(demands, self.field_inputs, frozenset(self.resets))
        self.resets.clear()
        no_inlet, no_outlet = self.safety.inlets_closed(), self.safety.outlets_closed()
        no_pump = self.safety.pumps_stopped()
        for number, tank in self.tanks.items():
            sequence, gauge_m = self.sequences[number], self._readings[f"LT-{number}A"]
            sequence.step(dt_s, gauge_m)
            sending = sequence.wants_sending()
            tank.inlet.commanded_open = sequence.wants_inlet_open(gauge_m) and number not in no_inlet
            tank.outlet.commanded_open = sending and number not in no_outlet
            tank.pump.commanded = sending and number not in no_pump and not self.field_inputs[f"P-{number}.FAULT"]

    def _switches(self) -> None:
        for number, tank in self.tanks.items():
            level_m, trip_m = tank.level_m, self.trip_points_m[f"SIS-{number}"]
            held = self.switch_high[number]
            self.switch_high[number] = level_m >= (trip_m - SWITCH_HYSTERESIS_M if held else trip_m)
        for number in design.SPHERES:
            tank, held = self.tanks[number], self.switch_low[number]
            trip_m = self.trip_points_m[f"SIS-{number + 10}"]
            self.switch_low[number] = tank.level_m <= (trip_m + SWITCH_HYSTERESIS_M if held else trip_m)
