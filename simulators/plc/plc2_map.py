"""Points of PLC-2 (Modbus TCP, low word first): methanol tanks and pumps, unloading header, fire water.

Written by hand from the (fictional) register list, not from tags.csv: a test compares the two.
"""

from typing import Final

from simulators.plc.points import Encoding, ModbusPoint, Scale

UNIT_ID: Final = 1
LOW_WORD_FIRST: Final = True

FIRST_TANK: Final = 101
TANKS: Final = 8

# holding register of the first tank, step to the next one
LEVEL_A: Final = (0, 2)
TEMPERATURE: Final = (20, 2)
INFLOW: Final = (40, 2)
OUTFLOW: Final = (60, 2)
LEVEL_B: Final = (80, 1)
VAPOUR_PRESSURE: Final = (90, 1)
PUMP_CURRENT: Final = (100, 1)

COILS_PER_TANK: Final = 8
COILS: Final = (
    "XV-{n}I.OPEN",
    "XV-{n}I.CLOSED",
    "XV-{n}O.OPEN",
    "XV-{n}O.CLOSED",
    "P-{n}.RUN",
    "P-{n}.FAULT",
    "LT-{n}B.OOS",
)

ANALOG_CARD_LEVEL: Final = Scale(raw_low=0, raw_high=27_648, low=0.0, high=12.0)
ANALOG_CARD_VAPOUR: Final = Scale(raw_low=0, raw_high=27_648, low=-1.0, high=4.0)
ANALOG_CARD_CURRENT: Final = Scale(raw_low=0, raw_high=10_000, low=0.0, high=150.0)


def _holding(tag: str, address: int, encoding: Encoding, scale: Scale | None = None) -> ModbusPoint:
    return ModbusPoint(tag=tag, table="hr", address=address, encoding=encoding, scale=scale)


def _tank(k: int) -> list[ModbusPoint]:
    n = FIRST_TANK + k

    def at(place: tuple[int, int]) -> int:
        return place[0] + place[1] * k

    return [
        _holding(f"LT-{n}A", at(LEVEL_A), "float32"),
        _holding(f"TT-{n}", at(TEMPERATURE), "float32"),
        _holding(f"FT-{n}I", at(INFLOW), "float32"),
        _holding(f"FT-{n}O", at(OUTFLOW), "float32"),
        _holding(f"LT-{n}B", at(LEVEL_B), "int16", ANALOG_CARD_LEVEL),
        _holding(f"PT-{n}", at(VAPOUR_PRESSURE), "int16", ANALOG_CARD_VAPOUR),
        _holding(f"IT-{n}", at(PUMP_CURRENT), "int16", ANALOG_CARD_CURRENT),
        *(
            ModbusPoint(tag=name.format(n=n), table="co", address=COILS_PER_TANK * k + j, encoding="bit")
            for j, name in enumerate(COILS)
        ),
    ]


_SHARED: Final = (
    _holding("FT-100", 110, "float32"),
    _holding("PT-100", 112, "float32"),
    _holding("TT-100", 114, "float32"),
    _holding("FQ-100", 116, "uint32"),
    _holding("PT-003", 120, "int16", Scale(raw_low=0, raw_high=27_648, low=0.0, high=1.6)),
    _holding("LT-003", 121, "int16", Scale(raw_low=0, raw_high=27_648, low=0.0, high=5.0)),
    _holding("FT-003", 122, "float32"),
    _holding("PLC-2.HEARTBEAT", 130, "uint16"),
    ModbusPoint(tag="PLC-2.BATTERY", table="hr", address=131, bit=0, encoding="bit"),
    ModbusPoint(tag="PLC-2.FORCED", table="hr", address=131, bit=3, encoding="bit"),
    ModbusPoint(tag="XV-201S.OPEN", table="co", address=64, encoding="bit"),
    ModbusPoint(tag="XV-202S.OPEN", table="co", address=65, encoding="bit"),
    ModbusPoint(tag="XV-203S.OPEN", table="co", address=66, encoding="bit"),
    ModbusPoint(tag="XV-204S.OPEN", table="co", address=67, encoding="bit"),
    ModbusPoint(tag="P-003A.RUN", table="co", address=68, encoding="bit"),
    ModbusPoint(tag="P-003A.FAULT", table="co", address=69, encoding="bit"),
    ModbusPoint(tag="P-003B.RUN", table="co", address=70, encoding="bit"),
    ModbusPoint(tag="P-003B.FAULT", table="co", address=71, encoding="bit"),
)

POINTS: Final[tuple[ModbusPoint, ...]] = (*(point for k in range(TANKS) for point in _tank(k)), *_SHARED)
