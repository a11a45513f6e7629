"""Level from volume for the two vessel shapes of the farm; metres and cubic metres."""

import math
from dataclasses import dataclass
from typing import Protocol

BISECTIONS = 60


class Vessel(Protocol):
    """A vessel that holds liquid."""

    @property
    def height_m(self) -> float:
        """Inner height."""
        ...

    def volume_m3(self, level_m: float) -> float:
        """Liquid volume at a level."""
        ...

    def level_m(self, volume_m3: float) -> float:
        """Level at a liquid volume."""
        ...


@dataclass(frozen=True, slots=True)
class Cylinder:
    """An upright cylinder: an atmospheric tank."""

    diameter_m: float
    height_m: float

    def volume_m3(self, level_m: float) -> float:
        """Liquid volume at a level, both clamped to the vessel."""
        return math.pi / 4 * self.diameter_m**2 * min(max(level_m, 0.0), self.height_m)

    def level_m(self, volume_m3: float) -> float:
        """Level at a liquid volume, both clamped to the vessel."""
        return min(max(volume_m3 / (math.pi / 4 * self.diameter_m**2), 0.0), self.height_m)


@dataclass(frozen=True, slots=True)
class Sphere:
    """A sphere: liquid in it is a spherical cap."""

    diameter_m: float

    @property
    def height_m(self) -> float:
        """Inner height."""
        return self.diameter_m

    def volume_m3(self, level_m: float) -> float:
        """Liquid volume at a level: pi h^2 (3r - h) / 3, clamped to the vessel."""
        level = min(max(level_m, 0.0), self.diameter_m)
        return math.pi * level**2 * (1.5 * self.diameter_m - level) / 3

    def level_m(self, volume_m3: float) -> float:
        """Level at a liquid volume by bisection: the cap volume grows with the level without exception."""
        low, high = 0.0, self.diameter_m
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            if self.volume_m3(middle) < volume_m3:
                low = middle
            else:
                high = middle
        return (low + high) / 2
