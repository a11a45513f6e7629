"""The controller's sequence for one tank: fill, rest, send, rest; by hand only while an operator has it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Phase(StrEnum):
    """What the controller does with a tank."""

    FILL = "fill"
    REST_FULL = "rest_full"
    SEND = "send"
    REST_LOW = "rest_low"
    HAND = "hand"


AFTER: Final[dict[Phase, Phase]] = {
    Phase.FILL: Phase.REST_FULL,
    Phase.REST_FULL: Phase.SEND,
    Phase.SEND: Phase.REST_LOW,
    Phase.REST_LOW: Phase.FILL,
}
"""The automatic sequence; HAND is entered and left by an operator."""

REST_S: Final = 1800.0


@dataclass(slots=True, kw_only=True)
class Sequence:
    """One tank's sequence; it sees the gauge, not the true level."""

    phase: Phase
    fill_to_m: float
    send_to_m: float
    stop_filling_m: float
    """Also by hand the controller closes the inlet above this: its own overfill stop, blind when the gauge sticks."""
    rested_s: float = 0.0
    hand_inlet_open: bool = False
    hand_sending: bool = False

    def step(self, dt_s: float, gauge_m: float) -> None:
        """Go to the next phase when this one is done."""
        self.rested_s += dt_s
        done = {
            Phase.FILL: gauge_m >= self.fill_to_m,
            Phase.SEND: gauge_m <= self.send_to_m,
            Phase.REST_FULL: self.rested_s >= REST_S,
            Phase.REST_LOW: self.rested_s >= REST_S,
            Phase.HAND: False,
        }
        if done[self.phase]:
            self.phase = AFTER[self.phase]
            self.rested_s = 0.0

    def wants_inlet_open(self, gauge_m: float) -> bool:
        """The inlet command before any interlock."""
        wanted = self.hand_inlet_open if self.phase is Phase.HAND else self.phase is Phase.FILL
        return wanted and gauge_m < self.stop_filling_m

    def wants_sending(self) -> bool:
        """The command to open the outlet and run the pump before any interlock."""
        return self.hand_sending if self.phase is Phase.HAND else self.phase is Phase.SEND
