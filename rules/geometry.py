"""Tank geometry: liquid volume from level, for one vessel and for columns of them; metres and cubic metres.

Every shape is one formula, V(h) = linear h + cap h^2 (3 R - h) + straight S(h), where S is the area of a circular segment:
an upright cylinder has only the first part, a sphere only the second, a lying cylinder the third and with dished heads the
second too (two equal elliptical heads together are a sphere, stretched along the axis).  A strapping table (容积表) is
interpolated.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Self

import numpy as np
import numpy.typing as npt

from rules.port import column

Shape = Literal["vertical_cylinder", "sphere", "horizontal_cylinder", "table"]
METRES: Final[Mapping[str, float]] = {"m": 1.0, "cm": 0.01, "mm": 0.001}
"""Unit of a level tag -> metres."""
M3_PER_S: Final[Mapping[str, float]] = {"m3/h": 1 / 3600, "m3/s": 1.0, "L/min": 1 / 60_000}
"""Unit of a volume flow tag -> cubic metres a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vessel:
    """Inner geometry of one vessel; what its shape does not need stays 0."""

    shape: Shape
    height_m: float = 0.0
    """Of an upright cylinder; the other shapes have their own."""
    diameter_m: float = 0.0
    length_m: float = 0.0
    """Of a lying cylinder: its straight part."""
    head_depth_m: float = 0.0
    """Of a lying cylinder: how far each head bulges; 0 flat, diameter / 4 elliptical 2:1, diameter / 2 hemispherical."""
    table: tuple[tuple[float, float], ...] = ()
    """(level in m, volume in m3), both ascending."""

    @property
    def top_m(self) -> float:
        """The level at which it is full."""
        if self.shape == "table":
            return self.table[-1][0] if self.table else 0.0
        return self.height_m if self.shape == "vertical_cylinder" else self.diameter_m

    def mistakes(self) -> Iterator[tuple[str, str, str]]:
        """(field, what is wrong with it in zh and en) for all that keeps volumes from being computed."""
        if self.shape == "table":
            yield from self._table_mistakes()
            return
        if not (math.isfinite(self.diameter_m) and self.diameter_m > 0):
            zh, en = (
                f"{self.diameter_m:g} 不是直径；应大于 0",
                f"{self.diameter_m:g} is not a diameter; it must be above 0",
            )
            yield "diameter_m", zh, en
        needed = {"vertical_cylinder": ("height_m", self.height_m), "horizontal_cylinder": ("length_m", self.length_m)}
        if self.shape in needed:
            name, size = needed[self.shape]
            if not (math.isfinite(size) and size > 0):
                yield name, f"{size:g} 不是长度；应大于 0", f"{size:g} is not a length; it must be above 0"
        if self.head_depth_m and not 0 <= self.head_depth_m <= max(self.diameter_m, 0.0) / 2:
            zh = f"{self.head_depth_m:g} 应为 0（平封头）到直径的一半（半球封头）"
            en = f"{self.head_depth_m:g} must be from 0 (flat) to half the diameter (hemispherical)"
            yield "head_depth_m", zh, en

    def _table_mistakes(self) -> Iterator[tuple[str, str, str]]:
        if len(self.table) < 2:
            yield "table", "容积表至少要有两行", "a strapping table needs two rows at least"
        if not all(math.isfinite(number) for row in self.table for number in row):
            yield "table", "含有不是数字的内容", "holds something that is no number"
        elif any(
            after[0] <= before[0] or after[1] <= before[1]
            for before, after in zip(self.table[:-1], self.table[1:], strict=True)
        ):
            yield "table", "液位与容积应逐行增大", "level and volume must grow from row to row"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Vessels:
    """Vessels as columns of length m; where there is none, the "volume" of a value is the value itself."""

    metres: npt.NDArray[np.float64]
    """Of one unit of the value, so that values may be in mm."""
    top: npt.NDArray[np.float64]
    """Highest level in metres; infinite where there is no vessel."""
    bottom: npt.NDArray[np.float64]
    """Lowest one: 0, minus infinite where there is no vessel."""
    linear: npt.NDArray[np.float64]
    cap: npt.NDArray[np.float64]
    straight: npt.NDArray[np.float64]
    radius: npt.NDArray[np.float64]
    tables: tuple[tuple[int, npt.NDArray[np.float64], npt.NDArray[np.float64]], ...]
    """(place, levels, volumes) of the vessels with a strapping table."""

    @classmethod
    def of(cls, vessels: Sequence[Vessel | None], metres: Sequence[float]) -> Self:
        """Columns of vessels without mistakes; `metres`: of one unit of each value."""
        parts = [_coefficients(vessel) for vessel in vessels]
        return cls(
            metres=column([1.0 if vessel is None else scale for vessel, scale in zip(vessels, metres, strict=True)], np.float64),
            top=column([math.inf if vessel is None else vessel.top_m for vessel in vessels], np.float64),
            bottom=column([-math.inf if vessel is None else 0.0 for vessel in vessels], np.float64),
            linear=column([part[0] for part in parts], np.float64),
            cap=column([part[1] for part in parts], np.float64),
            straight=column([part[2] for part in parts], np.float64),
            radius=column([vessel.diameter_m / 2 if vessel is not None else 0.0 for vessel in vessels], np.float64),
            tables=tuple(
                (
                    place,
                    column([level for level, _ in vessel.table], np.float64),
                    column([volume for _, volume in vessel.table], np.float64),
                )
                for place, vessel in enumerate(vessels)
                if vessel is not None and vessel.shape == "table"
            ),
        )  # fmt: skip

    def at(self, places: npt.NDArray[np.intp]) -> "Vessels":
        """The vessels at these places (ascending) only."""
        kept = np.searchsorted(places, [place for place, _, _ in self.tables]).tolist() if self.tables else []
        return Vessels(
            metres=self.metres[places],
            top=self.top[places],
            bottom=self.bottom[places],
            linear=self.linear[places],
            cap=self.cap[places],
            straight=self.straight[places],
            radius=self.radius[places],
            tables=tuple(
                (at, levels, volumes)
                for at, (place, levels, volumes) in zip(kept, self.tables, strict=True)
                if at < places.size and places[at] == place
            ),
        )

    def volume(
        self, value: npt.NDArray[np.float64], places: npt.NDArray[np.intp] | slice = slice(None)
    ) -> npt.NDArray[np.float64]:
        """Volume at each value (shape (m,) or (m, k), or of the vessels at `places` only); NaN stays NaN.

        A level below the bottom is 0, one above the top is full.
        """
        linear, cap, straight, radius, metres, bottom, top = (
            of[places] if value.ndim == 1 else of[places, np.newaxis]
            for of in (self.linear, self.cap, self.straight, self.radius, self.metres, self.bottom, self.top)
        )
        level = np.clip(value * metres, bottom, top)
        volume: npt.NDArray[np.float64] = linear * level + cap * level**2 * (3 * radius - level)
        if bool(self.straight.any()):
            volume += straight * _segment(level, radius)
        for place, levels, volumes in self.tables:
            at = np.flatnonzero(np.arange(self.top.size)[places] == place)
            volume[at] = np.interp(level[at], levels, volumes)
        return volume

    def area(
        self, value: npt.NDArray[np.float64], places: npt.NDArray[np.intp] | slice = slice(None)
    ) -> npt.NDArray[np.float64]:
        """Volume for one unit of the value more, at each value (one of each vessel): the surface, in m2 for values in m.

        At its bottom and top a round vessel has no surface; within a hundredth of its height that of there is taken.
        """
        top, bottom, metres = self.top[places], self.bottom[places], self.metres[places]
        room = np.where(np.isfinite(top), top, 0.0) / 100
        held = np.clip(value * metres, bottom + room, top - room) / metres
        step = np.where(np.isfinite(top), room / 10, 0.5) / metres
        return (self.volume(held + step, places) - self.volume(held - step, places)) / (2 * step)


def _coefficients(vessel: Vessel | None) -> tuple[float, float, float]:
    """(linear, cap, straight) of the formula."""
    if vessel is None:
        return 1.0, 0.0, 0.0
    if vessel.shape == "vertical_cylinder":
        return math.pi / 4 * vessel.diameter_m**2, 0.0, 0.0
    if vessel.shape == "sphere":
        return 0.0, math.pi / 3, 0.0
    if vessel.shape == "horizontal_cylinder":
        return 0.0, math.pi / 3 * vessel.head_depth_m / (vessel.diameter_m / 2), vessel.length_m
    return 0.0, 0.0, 0.0


def _segment(level: npt.NDArray[np.float64], radius: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Area of the part of a circle below `level`; 0 where there is no circle."""
    safe = np.where(radius > 0, radius, 1.0)
    down = np.clip(1 - level / safe, -1.0, 1.0)
    area: npt.NDArray[np.float64] = np.where(radius > 0, safe**2 * (np.arccos(down) - down * np.sqrt(1 - down**2)), 0.0)
    return area
