"""The geometry of a tank in `[[equipment]]` of `plant.toml`."""

from typing import Final

from monitor.plant.record import Record
from rules.geometry import Shape, Vessel

SHAPES: Final[tuple[Shape, ...]] = ("vertical_cylinder", "sphere", "horizontal_cylinder", "table")
SHAPE_OF_KIND: Final[dict[str, Shape]] = {"atmospheric_tank": "vertical_cylinder", "sphere": "sphere"}
"""What is meant where `shape` is not given."""
GEOMETRY: Final = ("shape", "diameter_m", "length_m", "head_depth_m", "strapping")
"""Keys beside `height_m`."""


def read_vessel(record: Record, kind: str, height_m: float | None) -> Vessel | None:
    """The geometry that a table gives; None where it gives none.  A sphere needs its height only."""
    sphere_by_height = kind == "sphere" and height_m is not None and not record.is_given("shape")
    if not sphere_by_height and not any(record.is_given(key) for key in GEOMETRY):
        return None
    shape = _shape(record, kind)
    if shape is None:
        return None
    diameter_m = record.number("diameter_m", default=height_m if shape == "sphere" else 0.0, minimum=0) or 0.0
    vessel = Vessel(
        shape=shape,
        height_m=(height_m or 0.0) if shape == "vertical_cylinder" else 0.0,
        diameter_m=diameter_m if shape != "table" else 0.0,
        length_m=record.number("length_m", default=0.0, minimum=0) or 0.0,
        head_depth_m=record.number("head_depth_m", default=0.0, minimum=0) or 0.0,
        table=_strapping(record),
    )
    mistakes = list(vessel.mistakes())
    for field, zh, en in mistakes:
        key = "strapping" if field == "table" else field
        record.wrong(key, f"罐体几何有误：{zh}", f"geometry of the vessel: {en}")
    return None if mistakes else vessel


def _shape(record: Record, kind: str) -> Shape | None:
    if not record.is_given("shape"):
        if record.is_given("strapping"):
            return "table"
        if kind not in SHAPE_OF_KIND:
            listed = ", ".join(SHAPES)
            record.wrong("shape", f"必填：{listed} 之一", f"must be given, one of {listed}")
            return None
        return SHAPE_OF_KIND[kind]
    named = record.choice("shape", SHAPES)
    return next(shape for shape in SHAPES if shape == named)


def _strapping(record: Record) -> tuple[tuple[float, float], ...]:
    """`strapping`: [[level in m, volume in m3], ...]."""
    rows = record.values.get("strapping", [])
    good = isinstance(rows, list) and all(
        isinstance(row, list)
        and len(row) == 2
        and all(isinstance(number, int | float) and not isinstance(number, bool) for number in row)
        for row in rows
    )
    if not good or not isinstance(rows, list):
        zh, en = "应为 [[液位 m, 容积 m3], ...]", "must be [[level in m, volume in m3], ...]"
        record.wrong("strapping", zh, en)
        return ()
    return tuple((float(level), float(volume)) for level, volume in rows)
