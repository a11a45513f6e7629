"""Where a value stands in a Modbus device and what it is.  Pure.

How a person writes it: `addresses`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from drivers.modbus.wire import IS_BITS, ReadFunction


class Table(StrEnum):
    """The four tables of a Modbus device, by the prefix of an address."""

    COILS = "co"
    DISCRETE_INPUTS = "di"
    HOLDING_REGISTERS = "hr"
    INPUT_REGISTERS = "ir"

    @property
    def function(self) -> ReadFunction:
        """The function code that reads it."""
        return _FUNCTION[self]

    @property
    def is_bits(self) -> bool:
        """Whether an address of it is one bit."""
        return _FUNCTION[self] in IS_BITS


_FUNCTION: Final[Mapping[Table, ReadFunction]] = MappingProxyType(
    {
        Table.COILS: ReadFunction.READ_COILS,
        Table.DISCRETE_INPUTS: ReadFunction.READ_DISCRETE_INPUTS,
        Table.HOLDING_REGISTERS: ReadFunction.READ_HOLDING_REGISTERS,
        Table.INPUT_REGISTERS: ReadFunction.READ_INPUT_REGISTERS,
    }
)

TEXT: Final = "text"
"""The type whose value is 1 while a text stands there; the text itself travels beside."""

MAX_TEXT: Final = 120
"""Registers of the longest text, two characters each."""

WORDS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "bool": 1,
        "int16": 1,
        "uint16": 1,
        "int32": 2,
        "uint32": 2,
        "float32": 2,
        "int64": 4,
        "uint64": 4,
        "float64": 4,
        "bcd16": 1,
        "bcd32": 2,
        TEXT: 0,
    }
)
"""Registers that a value of each type takes; the address of a text says how many it takes."""

WORD_ORDERS: Final = ("ABCD", "CDAB", "BADC", "DCBA")
"""Bytes of a 32-bit value as they stand on the wire, A the most significant; 64 bits follow the same pattern."""


@dataclass(frozen=True, slots=True)
class Place:
    """A zero-based address in a table, with a bit number (0 the least significant) where a single bit is meant."""

    table: Table
    address: int
    bit: int | None = None
    length: int | None = None
    """Registers of a text."""

    def __str__(self) -> str:
        bit = "" if self.bit is None else f".{self.bit}"
        return f"{self.table.value}:{self.address}{bit}" + ("" if self.length is None else f"/{self.length}")


@dataclass(frozen=True, slots=True)
class Span:
    """The consecutive addresses one value takes; it is read whole or not at all."""

    table: Table
    start: int
    count: int

    @property
    def end(self) -> int:
        """The first address behind it."""
        return self.start + self.count


@dataclass(frozen=True, slots=True)
class Range:
    """Consecutive addresses that no request may touch."""

    table: Table
    start: int
    end: int
    """The first address behind it."""

    def touches(self, span: Span) -> bool:
        """Whether a span has an address in it."""
        return self.table is span.table and self.start < span.end and span.start < self.end

    def __str__(self) -> str:
        return f"{self.table.value}:{self.start}" + (f"-{self.end - 1}" if self.end - 1 > self.start else "")


def span_of(place: Place, value_type: str) -> Span:
    """The addresses a checked point takes."""
    return Span(place.table, place.address, place.length or (1 if place.table.is_bits else WORDS[value_type]))
