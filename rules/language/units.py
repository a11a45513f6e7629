"""Units as products of powers, so that m added to kPa is refused and m3/h times h is m3.  Nothing is ever converted.

A unit the table does not know stands for itself.
"""

from collections.abc import Iterable
from typing import Final

Dimension = tuple[tuple[str, int], ...]
"""(symbol, power) sorted by symbol; () has no unit."""

NONE: Final[Dimension] = ()
_PRODUCTS: Final[dict[str, Dimension]] = {
    "": NONE,
    "1": NONE,
    "m3": (("m", 3),),
    "m3/h": (("h", -1), ("m", 3)),
    "m3/s": (("m", 3), ("s", -1)),
    "L/min": (("L", 1), ("min", -1)),
    "t/h": (("h", -1), ("t", 1)),
    "kg/h": (("h", -1), ("kg", 1)),
    "Nm3/h": (("Nm3", 1), ("h", -1)),
    "kWh": (("h", 1), ("kW", 1)),
    "mm/s": (("mm", 1), ("s", -1)),
    "m/s": (("m", 1), ("s", -1)),
    "W/m2": (("W", 1), ("m", -2)),
    "kg/m3": (("kg", 1), ("m", -3)),
    "mg/m3": (("m", -3), ("mg", 1)),
    "LEL.m": (("LEL", 1), ("m", 1)),
    "uS/cm": (("cm", -1), ("uS", 1)),
}
"""The units of tags that are made of others (monitor/plant/units.py has the list of all)."""
_OFFSET: Final = frozenset({"°C", "pH"})
"""Scales whose zero is not "none of it": a sum and a difference mean something, a product and a ratio do not."""


def dimension(eu: str) -> Dimension:
    """The unit of a tag."""
    return _PRODUCTS.get(eu, ((eu, 1),))


def times(left: Dimension, right: Dimension) -> Dimension:
    """The unit of a product."""
    powers: dict[str, int] = dict(left)
    for symbol, power in right:
        powers[symbol] = powers.get(symbol, 0) + power
    return tuple(sorted((symbol, power) for symbol, power in powers.items() if power))


def inverse(unit: Dimension) -> Dimension:
    """One over the unit."""
    return tuple((symbol, -power) for symbol, power in unit)


def has_offset(unit: Dimension) -> bool:
    """Whether a product or ratio of it means nothing (°C, pH)."""
    return any(symbol in _OFFSET for symbol, _ in unit)


def written(unit: Dimension) -> str:
    """As people write it; 1 where there is none."""
    for eu, made_of in _PRODUCTS.items():
        if eu and made_of == unit:
            return eu
    above = _powers((symbol, power) for symbol, power in unit if power > 0)
    below = _powers((symbol, -power) for symbol, power in unit if power < 0)
    return f"{above or '1'}/{below}" if below else above or "1"


def _powers(parts: Iterable[tuple[str, int]]) -> str:
    return ".".join(symbol if power == 1 else f"{symbol}{power}" for symbol, power in parts)
