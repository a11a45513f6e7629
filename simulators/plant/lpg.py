"""Vapour pressure over liquefied petroleum gas from its temperature (Antoine, propane and n-butane, Raoult)."""

MMHG_IN_MPA = 133.322e-6
ATMOSPHERE_MPA = 0.101325
PROPANE_FRACTION = 0.5


def gauge_pressure_mpa(temperature_c: float) -> float:
    """Gauge pressure of the half propane, half butane mixture at a temperature in degrees Celsius."""
    propane_mmhg: float = 10 ** (6.80398 - 803.81 / (246.99 + temperature_c))
    butane_mmhg: float = 10 ** (6.80896 - 935.86 / (238.73 + temperature_c))
    mixture = PROPANE_FRACTION * propane_mmhg + (1 - PROPANE_FRACTION) * butane_mmhg
    return mixture * MMHG_IN_MPA - ATMOSPHERE_MPA
