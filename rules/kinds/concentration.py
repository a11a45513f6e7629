"""Gas concentrations by volume and by mass; an ideal gas, which errs by less than 1 % for vapours at alarm concentrations."""

from typing import Final

GAS_CONSTANT_J_PER_MOL_K: Final = 8.314462618
"""CODATA 2018, exact."""
STANDARD_PRESSURE_KPA: Final = 101.325
ZERO_CELSIUS_K: Final = 273.15


def molar_volume_l_per_mol(temperature_c: float = 20.0, pressure_kpa: float = STANDARD_PRESSURE_KPA) -> float:
    """Litres that one mole of a gas fills: 24.06 at 20 degrees Celsius and 24.47 at 25, both at 101.325 kPa.

    :raises ValueError: the temperature is at or below absolute zero, or the pressure is not above 0.
    """
    kelvin = temperature_c + ZERO_CELSIUS_K
    if not kelvin > 0 or not pressure_kpa > 0:
        raise ValueError(f"no gas at {temperature_c:g} degrees Celsius and {pressure_kpa:g} kPa")
    return GAS_CONSTANT_J_PER_MOL_K * kelvin / pressure_kpa


def ppm_of(mg_per_m3: float, molar_mass_g_per_mol: float, temperature_c: float = 20.0) -> float:
    """Parts per million by volume of a concentration by mass, in air of 101.325 kPa.

    :raises ValueError: the molar mass is not above 0.
    """
    return mg_per_m3 * molar_volume_l_per_mol(temperature_c) / _molar_mass(molar_mass_g_per_mol)


def mg_per_m3_of(ppm: float, molar_mass_g_per_mol: float, temperature_c: float = 20.0) -> float:
    """Concentration by mass of parts per million by volume, in air of 101.325 kPa.

    :raises ValueError: the molar mass is not above 0.
    """
    return ppm * _molar_mass(molar_mass_g_per_mol) / molar_volume_l_per_mol(temperature_c)


def _molar_mass(molar_mass_g_per_mol: float) -> float:
    if not molar_mass_g_per_mol > 0:
        raise ValueError(f"a molar mass is above 0 g/mol, not {molar_mass_g_per_mol:g}")
    return molar_mass_g_per_mol
