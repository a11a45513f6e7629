"""How long to wait before the next attempt; pure: the caller brings the jitter."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Doubling waits with full jitter between a floor and a growing ceiling, both in seconds."""

    floor_s: float
    ceiling_s: float

    def wait_s(self, failures: int, jitter: float) -> float:
        """Seconds to wait after so many failures in a row (1 after the first), drawn by `jitter` in [0, 1).

        :raises ValueError: no failure yet, or a jitter outside [0, 1].
        """
        if failures < 1 or not 0.0 <= jitter <= 1.0:
            raise ValueError(f"failures {failures} must be 1 or more, jitter {jitter} within [0, 1]")
        doublings = min(failures, 32)  # 2**32 floors are beyond any ceiling; keeps the float finite
        top_s = min(self.ceiling_s, self.floor_s * 2.0**doublings)
        return self.floor_s + jitter * (top_s - self.floor_s)


LOST: Final = Backoff(floor_s=0.2, ceiling_s=2.0)
"""The device does not answer: it may be back at any moment."""

REFUSED: Final = Backoff(floor_s=30.0, ceiling_s=300.0)
"""The device refuses us: hammering it locks accounts, a person must act."""

NOT_YET_ALLOWED: Final = Backoff(floor_s=5.0, ceiling_s=15.0)
"""We refuse the device, or have nothing to show it: nobody's account is locked by asking again."""

MISCONFIGURED_S: Final = 300.0
"""Our own settings are impossible; nothing changes before a person edits them, yet never give up for good."""
