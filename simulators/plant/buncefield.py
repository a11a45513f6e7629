"""The incident after Buncefield 2005: a tank is filled, its gauge sticks, its interlock is bypassed, the switch trips.

A table of stages; each begins with hands on the plant and ends when the plant has answered.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from simulators.plant.controller import Phase
from simulators.plant.plant import Plant

TANK: Final = 101
FILL_S: Final = 11.0
"""Real seconds from the start of filling to the switch, by time lapse of this tank's mass balance."""
STICKS_BELOW_M: Final = 9.2
DRAIN_TO_M: Final = 8.4
DRAIN_S: Final = 6.0
PATIENCE_S: Final = 25.0
"""How long the field waits for somebody to answer before it acts by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage: what happens when it begins, and when it is over (told the plant, its age, whether somebody answered)."""

    name: str
    begin: Callable[[Plant], None]
    is_over: Callable[[Plant, float, bool], bool]


def _fill(plant: Plant) -> None:
    tank, sequence = plant.tanks[TANK], plant.sequences[TANK]
    plant.field_inputs[f"LT-{TANK}B.OOS"] = True
    plant.stick(f"LT-{TANK}B")
    sequence.phase, sequence.hand_inlet_open, sequence.hand_sending = Phase.HAND, True, False
    target_m3 = tank.design.vessel.volume_m3(tank.design.switch_high_m)
    missing_m3 = max(target_m3 - tank.volume_m3, 1.0)
    tank.time_lapse = missing_m3 / (tank.design.inflow_m3_per_h / 3600 * (FILL_S - tank.design.valve_travel_s / 2))


def _stick(plant: Plant) -> None:
    plant.stick(f"LT-{TANK}A")


def _bypass(plant: Plant) -> None:
    plant.field_inputs[f"BPS-{TANK}"] = True


def _slow_down(plant: Plant) -> None:
    plant.tanks[TANK].time_lapse = 30.0


def _end_bypass(plant: Plant) -> None:
    plant.field_inputs[f"BPS-{TANK}"] = False
    plant.sequences[TANK].hand_inlet_open = False


def _drain(plant: Plant) -> None:
    tank = plant.tanks[TANK]
    surplus_m3 = max(tank.volume_m3 - tank.design.vessel.volume_m3(DRAIN_TO_M), 1.0)
    tank.time_lapse = surplus_m3 / (tank.design.outflow_m3_per_h / 3600 * DRAIN_S)
    plant.sequences[TANK].hand_sending = True


def _stop(plant: Plant) -> None:
    plant.tanks[TANK].time_lapse = 1.0
    plant.sequences[TANK].hand_sending = False


def _repair(plant: Plant) -> None:
    plant.stuck.pop(f"LT-{TANK}A", None)
    plant.stuck.pop(f"LT-{TANK}B", None)
    plant.field_inputs[f"LT-{TANK}B.OOS"] = False
    plant.resets.add(f"SIS-{TANK}")


def _back_to_automatic(plant: Plant) -> None:
    sequence = plant.sequences[TANK]
    sequence.phase, sequence.rested_s = Phase.REST_FULL, 0.0


def _nothing(plant: Plant) -> None:
    del plant


STAGES: Final[tuple[Stage, ...]] = (
    Stage(
        name="filling",
        begin=_fill,
        # the gauge must stick before the controller's own overfill stop would see the level
        is_over=lambda plant, age_s, answered: age_s >= 3.0 or plant.tanks[TANK].level_m >= STICKS_BELOW_M,
    ),
    Stage(name="gauge_stuck", begin=_stick, is_over=lambda plant, age_s, answered: age_s >= 2.0),
    Stage(name="bypassed", begin=_bypass, is_over=lambda plant, age_s, answered: plant.switch_high[TANK]),
    Stage(
        name="switch_tripped", begin=_slow_down, is_over=lambda plant, age_s, answered: answered or age_s >= PATIENCE_S
    ),
    Stage(
        name="bypass_ended",
        begin=_end_bypass,
        is_over=lambda plant, age_s, answered: (
            plant.safety.tripped[f"SIS-{TANK}"] and plant.tanks[TANK].inlet.is_closed
        ),
    ),
    Stage(
        name="draining",
        begin=_drain,
        is_over=lambda plant, age_s, answered: plant.tanks[TANK].level_m <= DRAIN_TO_M,
    ),
    Stage(name="drained", begin=_stop, is_over=lambda plant, age_s, answered: plant.tanks[TANK].outlet.is_closed),
    Stage(name="repaired", begin=_repair, is_over=lambda plant, age_s, answered: age_s >= 1.0),
    Stage(name="back_to_automatic", begin=_back_to_automatic, is_over=lambda plant, age_s, answered: True),
    Stage(name="over", begin=_nothing, is_over=lambda plant, age_s, answered: False),
)


class Buncefield:
    """One playing of the incident; call `advance` before every step of the plant."""

    __slots__ = ("_age_s", "_stage", "answered")

    def __init__(self) -> None:
        self._stage = -1
        self._age_s = 0.0
        self.answered = False
        """Somebody answered the switch alarm; counts only after the switch tripped."""

    @property
    def stage(self) -> str:
        """Name of the present stage; "waiting" before the first."""
        return STAGES[self._stage].name if self._stage >= 0 else "waiting"

    @property
    def is_over(self) -> bool:
        """The last stage has begun."""
        return self._stage == len(STAGES) - 1

    def advance(self, plant: Plant, dt_s: float) -> str | None:
        """Let `dt_s` real seconds pass; begin the next stage when this one is over and return its name."""
        self._age_s += dt_s
        if self._stage >= 0 and not STAGES[self._stage].is_over(plant, self._age_s, self.answered):
            return None
        self._stage += 1
        self._age_s = 0.0
        STAGES[self._stage].begin(plant)
        return STAGES[self._stage].name

    def answer(self) -> bool:
        """An operator answers; returns False when nothing waits for an answer yet."""
        if self.stage == "switch_tripped":
            self.answered = True
        return self.answered
