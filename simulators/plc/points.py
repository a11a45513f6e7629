"""One point on a simulated controller: where it lives, how it is encoded, and what a client reads after encoding."""

import math
import struct
from dataclasses import dataclass
from typing import Literal

Table = Literal["co", "di", "hr", "ir"]
Encoding = Literal["bit", "int16", "uint16", "uint32", "float32"]
Variant = Literal["bool", "int16", "uint16", "float", "double"]

NE43_BROKEN = -32_768
"""Count that an analog input card shows for a broken wire."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Linear scale of a 16-bit analog input: counts raw_low..raw_high mean low..high."""

    raw_low: int
    raw_high: int
    low: float
    high: float

    def counts(self, value: float) -> int:
        """Counts of a value, inside the range of the card."""
        part = (value - self.low) / (self.high - self.low)
        return min(max(round(self.raw_low + part * (self.raw_high - self.raw_low)), self.raw_low), self.raw_high)

    def value(self, counts: int) -> float:
        """The value that counts mean."""
        return self.low + (counts - self.raw_low) / (self.raw_high - self.raw_low) * (self.high - self.low)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModbusPoint:
    """A point in the tables of a Modbus device; addresses are zero-based."""

    tag: str
    table: Table
    address: int
    encoding: Encoding
    bit: int | None = None
    """Bit of a register, 0 the lowest; None for a whole register or a table of bits."""
    scale: Scale | None = None

    def words(self, value: float, *, low_word_first: bool) -> list[int]:
        """The registers of a value that is not a bit."""
        if self.encoding == "float32":
            packed = struct.unpack(">HH", struct.pack(">f", value))
        elif self.encoding == "uint32":
            packed = struct.unpack(">HH", struct.pack(">I", int(value)))
        elif self.scale is not None:
            counts = NE43_BROKEN if math.isnan(value) else self.scale.counts(value)
            return [counts & 0xFFFF]
        else:
            return [int(value) & 0xFFFF]
        return list(reversed(packed)) if low_word_first else list(packed)

    def served(self, value: float) -> float:
        """What a client that decodes rightly reads."""
        if self.encoding == "float32":
            return float(struct.unpack(">f", struct.pack(">f", value))[0])
        if self.scale is not None:
            return math.nan if math.isnan(value) else self.scale.value(self.scale.counts(value))
        return float(int(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class OpcUaPoint:
    """A variable of the OPC UA server; `node` is its string identifier, folders separated by dots before the tag's name."""

    tag: str
    node: str
    variant: Variant

    def served(self, value: float) -> float:
        """What a client reads."""
        if self.variant == "float":
            return float(struct.unpack(">f", struct.pack(">f", value))[0])
        return value if self.variant == "double" else float(round(value))


Point = ModbusPoint | OpcUaPoint


def is_discrete(point: Point) -> bool:
    """The point is a contact, valve position or other two-state signal."""
    return point.variant == "bool" if isinstance(point, OpcUaPoint) else point.encoding == "bit"
