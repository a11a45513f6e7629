"""Engineering units a plant may use; a versioned list, no conversion: set-points are in the tag's unit."""

from typing import Final

VERSION: Final = "2026-11"

UNITS: Final[frozenset[str]] = frozenset(
    {
        "",  # dimensionless: discrete states
        "m", "mm", "cm",
        "Pa", "kPa", "MPa", "bar",
        "°C", "K",
        "m3", "L", "t", "kg",
        "m3/h", "L/min", "t/h", "kg/h", "Nm3/h", "m3/s",
        "%", "%LEL", "%VOL", "ppm", "mg/m3", "LEL.m",
        "A", "mA", "V", "kW", "kWh", "Hz", "rpm", "mm/s", "um",
        "m/s", "W/m2", "kg/m3", "pH", "uS/cm",
        "s", "min", "h", "1",
    }
)  # fmt: skip

ALIASES: Final[dict[str, str]] = {
    "℃": "°C", "degC": "°C", "Mpa": "MPa", "MPA": "MPa", "Kpa": "kPa", "KPa": "kPa", "KPA": "kPa", "M": "m", "MM": "mm",
    "m³/h": "m3/h", "m^3/h": "m3/h", "M3/H": "m3/h", "m³": "m3", "mg/m³": "mg/m3", "LEL%": "%LEL", "％": "%", "μm": "um",
    "μS/cm": "uS/cm", "Ppm": "ppm", "PPM": "ppm", "kpa": "kPa", "mpa": "MPa", "W/m²": "W/m2", "T": "t", "T/h": "t/h",
}  # fmt: skip
"""What people type -> how it is written here; named in the mistake, not silently taken."""

NAMES: Final[dict[str, str]] = {
    "metre": "m", "metres": "m", "meter": "m", "meters": "m", "米": "m", "毫米": "mm", "厘米": "cm", "帕": "Pa", "千帕": "kPa",
    "兆帕": "MPa", "摄氏度": "°C", "c": "°C", "°": "°C", "吨": "t", "千克": "kg", "公斤": "kg", "立方米": "m3",
    "立方米/小时": "m3/h", "cmh": "m3/h", "方/时": "m3/h", "百分比": "%", "安": "A", "毫安": "mA", "伏": "V", "千瓦": "kW",
    "转/分": "rpm",
}  # fmt: skip
"""Names in lower case -> the unit that is likely meant; only said in the mistake."""
