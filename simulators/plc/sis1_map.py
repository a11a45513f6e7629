"""Points of SIS-1 (Modbus TCP, high word first, read-only tables): switches, trips, bypasses, trip points, gas detectors.

Written by hand from the (fictional) safety project, not from tags.csv: a test compares the two.
"""

from typing import Final

from simulators.plc.points import ModbusPoint, Scale

UNIT_ID: Final = 1
LOW_WORD_FIRST: Final = False

DISCRETE_INPUTS: Final[dict[int, tuple[str, ...]]] = {
    0: ("LSHH-101", "LSHH-102", "LSHH-103", "LSHH-104", "LSHH-105", "LSHH-106", "LSHH-107", "LSHH-108"),
    8: ("LSHH-201", "LSHH-202", "LSHH-203", "LSHH-204"),
    12: ("LSLL-201", "LSLL-202", "LSLL-203", "LSLL-204"),
    16: ("SIS-101.TRIP", "SIS-102.TRIP", "SIS-103.TRIP", "SIS-104.TRIP"),
    20: ("SIS-105.TRIP", "SIS-106.TRIP", "SIS-107.TRIP", "SIS-108.TRIP"),
    24: ("SIS-201.TRIP", "SIS-202.TRIP", "SIS-203.TRIP", "SIS-204.TRIP"),
    28: ("SIS-211.TRIP", "SIS-212.TRIP", "SIS-213.TRIP", "SIS-214.TRIP"),
    32: ("ESD-1.TRIP", "ESD-2.TRIP"),
    40: ("BPS-101", "BPS-102", "BPS-103", "BPS-104", "BPS-105", "BPS-106", "BPS-107", "BPS-108"),
    48: ("BPS-201", "BPS-202", "BPS-203", "BPS-204"),
    52: ("BPS-211", "BPS-212", "BPS-213", "BPS-214"),
    56: ("BPS-901", "BPS-902"),
    64: ("GT-201.FAULT", "GT-202.FAULT", "GT-203.FAULT", "GT-204.FAULT", "GT-205.FAULT", "GT-206.FAULT"),
    72: ("GT-101.FAULT", "GT-102.FAULT", "GT-103.FAULT", "GT-104.FAULT"),
    80: ("AT-101.FAULT", "AT-102.FAULT"),
    88: ("ESD-1.BUTTON", "ESD-2.BUTTON", "SIS-1.FAULT", "SIS-1.POWER-FAIL"),
}
"""First address of a run -> the tags from there on."""

FLOATS: Final[dict[int, tuple[str, ...]]] = {
    0: ("PT-201C", "PT-202C", "PT-203C", "PT-204C"),
    10: ("GT-201", "GT-202", "GT-203", "GT-204", "GT-205", "GT-206"),
    30: ("GT-101", "GT-102", "GT-103", "GT-104"),
    50: ("AT-101", "AT-102"),
    100: ("SIS-101.SP", "SIS-102.SP", "SIS-103.SP", "SIS-104.SP"),
    108: ("SIS-105.SP", "SIS-106.SP", "SIS-107.SP", "SIS-108.SP"),
    116: ("SIS-201.SP", "SIS-202.SP", "SIS-203.SP", "SIS-204.SP"),
    124: ("SIS-211.SP", "SIS-212.SP", "SIS-213.SP", "SIS-214.SP"),
    132: ("PT-201C.SP", "PT-202C.SP", "PT-203C.SP", "PT-204C.SP"),
}
"""First input register of a run of float32 -> the tags from there on."""

POINTS: Final[tuple[ModbusPoint, ...]] = (
    *(
        ModbusPoint(tag=tag, table="di", address=first + k, encoding="bit")
        for first, tags in DISCRETE_INPUTS.items()
        for k, tag in enumerate(tags)
    ),
    *(
        ModbusPoint(tag=tag, table="ir", address=first + 2 * k, encoding="float32")
        for first, tags in FLOATS.items()
        for k, tag in enumerate(tags)
    ),
    ModbusPoint(tag="SIS-1.HEARTBEAT", table="ir", address=60, encoding="uint16"),
    ModbusPoint(
        tag="TT-901", table="ir", address=61, encoding="int16", scale=Scale(raw_low=0, raw_high=1000, low=0, high=100)
    ),
    ModbusPoint(
        tag="ET-901", table="ir", address=62, encoding="int16", scale=Scale(raw_low=0, raw_high=32_000, low=0, high=32)
    ),
)
