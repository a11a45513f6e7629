"""Gas at the detectors: each sees the releases near it, thinned by wind, with the lag of its sensor."""

from collections.abc import Mapping
from dataclasses import dataclass

SENSOR_LAG_S = 3.0
FULL_SCALE = 100.0


@dataclass(slots=True)
class Detector:
    """One detector; `nearness` gives the part of a release (kg/s) of each place that reaches it at 1 m/s wind."""

    tag: str
    nearness: Mapping[str, float]
    units_per_kg_s: float
    full_scale: float = FULL_SCALE
    reading: float = 0.0

    def step(self, dt_s: float, release_kg_per_s: Mapping[str, float], wind_m_per_s: float) -> None:
        """Follow the cloud with the sensor's lag, up to full scale."""
        arriving = sum(share * release_kg_per_s.get(place, 0.0) for place, share in self.nearness.items())
        wanted = min(arriving * self.units_per_kg_s / max(wind_m_per_s, 0.5), self.full_scale)
        self.reading += (wanted - self.reading) * min(dt_s / SENSOR_LAG_S, 1.0)
