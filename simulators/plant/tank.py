"""One tank with its valves and pump: mass balance, travel times, temperature.  Totals account for every cubic metre."""

from dataclasses import dataclass

from simulators.plant.geometry import Vessel

SECONDS_PER_HOUR = 3600.0
LIMIT_SWITCH = 0.02
"""Valve travel left at which a position switch closes."""


@dataclass(slots=True)
class Valve:
    """An on/off valve that needs time to travel; `position` 0 closed to 1 open."""

    travel_s: float
    position: float = 0.0
    commanded_open: bool = False

    def step(self, dt_s: float) -> None:
        """Move towards the command."""
        reach = dt_s / self.travel_s
        wanted = 1.0 if self.commanded_open else 0.0
        self.position += min(max(wanted - self.position, -reach), reach)

    @property
    def is_open(self) -> bool:
        """The open limit switch is made."""
        return self.position >= 1 - LIMIT_SWITCH

    @property
    def is_closed(self) -> bool:
        """The closed limit switch is made."""
        return self.position <= LIMIT_SWITCH


@dataclass(slots=True)
class Pump:
    """A pump that runs up and down; `speed` 0 to 1."""

    run_up_s: float = 2.0
    speed: float = 0.0
    commanded: bool = False
    bearing_c: float = 22.0

    def step(self, dt_s: float, ambient_c: float) -> None:
        """Run up or down and warm the bearing."""
        reach = dt_s / self.run_up_s
        wanted = 1.0 if self.commanded else 0.0
        self.speed += min(max(wanted - self.speed, -reach), reach)
        self.bearing_c += (ambient_c + 30 * self.speed - self.bearing_c) * min(dt_s / 900.0, 1.0)

    @property
    def is_running(self) -> bool:
        """The contactor is in."""
        return self.commanded


@dataclass(frozen=True, slots=True, kw_only=True)
class TankDesign:
    """What does not change of one tank; `number` is the digits of its tags."""

    number: int
    name: str
    vessel: Vessel
    overflow_m: float
    switch_high_m: float
    switch_low_m: float
    inflow_m3_per_h: float
    outflow_m3_per_h: float
    valve_travel_s: float


class Tank:
    """State of one tank.  `time_lapse` speeds up its mass balance only, so that an incident can be shown."""

    __slots__ = (
        "design", "inflow_m3_per_h", "inlet", "outflow_m3_per_h", "outlet", "pump", "received_m3", "sent_m3",
        "spill_m3_per_s", "spilled_m3", "temperature_c", "time_lapse", "volume_m3",
    )  # fmt: skip

    def __init__(self, design: TankDesign, level_m: float, temperature_c: float) -> None:
        self.design = design
        self.inlet = Valve(design.valve_travel_s)
        self.outlet = Valve(design.valve_travel_s)
        self.pump = Pump(bearing_c=temperature_c)
        self.volume_m3 = design.vessel.volume_m3(level_m)
        self.temperature_c = temperature_c
        self.time_lapse = 1.0
        self.inflow_m3_per_h = 0.0
        self.outflow_m3_per_h = 0.0
        self.received_m3 = 0.0
        self.sent_m3 = 0.0
        self.spilled_m3 = 0.0
        self.spill_m3_per_s = 0.0

    @property
    def level_m(self) -> float:
        """The true level, whatever the gauges say."""
        return self.design.vessel.level_m(self.volume_m3)

    def step(self, dt_s: float, ambient_c: float) -> None:
        """Advance by `dt_s`; volume change = received - sent - spilled, exactly."""
        self.inlet.step(dt_s)
        self.outlet.step(dt_s)
        self.pump.step(dt_s, ambient_c)
        self.temperature_c += (ambient_c - self.temperature_c) * min(dt_s / 36_000.0, 1.0)
        lapse_s = dt_s * self.time_lapse
        received = self.design.inflow_m3_per_h * self.inlet.position * lapse_s / SECONDS_PER_HOUR
        wanted = self.design.outflow_m3_per_h * self.outlet.position * self.pump.speed * lapse_s / SECONDS_PER_HOUR
        sent = min(wanted, self.volume_m3 + received)
        volume = self.volume_m3 + received - sent
        spilled = max(0.0, volume - self.design.vessel.volume_m3(self.design.overflow_m))
        self.volume_m3 = volume - spilled
        self.received_m3 += received
        self.sent_m3 += sent
        self.spilled_m3 += spilled
        self.inflow_m3_per_h = received / lapse_s * SECONDS_PER_HOUR if lapse_s else 0.0
        self.outflow_m3_per_h = sent / lapse_s * SECONDS_PER_HOUR if lapse_s else 0.0
        self.spill_m3_per_s = spilled / lapse_s if lapse_s else 0.0
