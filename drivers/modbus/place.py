"""Where a value stands in a Modbus device and what it is.  Pure.

Addresses are zero-based (`hr:100`, `ir:`, `co:`, `di:`, bit `hr:100.3`, text of ten registers `hr:100/10`); the 40001 style
is read as what it means.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from drivers.errors import MisconfiguredError
from drivers.modbus.wire import ADDRESSES, IS_BITS, ReadFunction


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

_PREFIXED = re.compile(r"(co|di|hr|ir):([0-9]{1,5})(?:\.([0-9]{1,2})|/([0-9]{1,3}))?", re.ASCII)
_NUMBERED = re.compile(r"([0134])([0-9]{4,5})(?:\.([0-9]{1,2})|/([0-9]{1,3}))?", re.ASCII)
_BY_DIGIT: Final = {
    "0": Table.COILS,
    "1": Table.DISCRETE_INPUTS,
    "3": Table.INPUT_REGISTERS,
    "4": Table.HOLDING_REGISTERS,
}
_FORMS: Final = (
    "write hr:100, ir:100, co:100, di:100 (zero-based), a bit as hr:100.3, a text of ten registers as hr:100/10, or 40101 in "
    "the one-based style"
)
_RANGE = re.compile(r"((?:co|di|hr|ir):[0-9]{1,5})(?:-([0-9]{1,5}))?", re.ASCII)


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


@lru_cache(maxsize=ADDRESSES)  # the addresses of a plant are read again at every attempt to connect
def parse(text: str) -> Place:
    """Read an address as a person writes it.

    :raises MisconfiguredError: it is not an address; the text says what would be right.
    """
    if prefixed := _PREFIXED.fullmatch(text):
        table, address = Table(prefixed[1]), int(prefixed[2])
        bit, length = prefixed[3], prefixed[4]
    elif numbered := _NUMBERED.fullmatch(text):
        table, address = _BY_DIGIT[numbered[1]], int(numbered[2]) - 1
        bit, length = numbered[3], numbered[4]
        if address < 0:
            first = numbered[1] + "1".rjust(len(numbered[2]), "0")
            raise MisconfiguredError(f"address {text!r}: this style counts from {first}, which is {table.value}:0")
    else:
        raise MisconfiguredError(f"address {text!r} is not a Modbus address: {_advice(text)}")
    if address >= ADDRESSES:
        raise MisconfiguredError(
            f"address {text!r} is outside the table: addresses end at {table.value}:{ADDRESSES - 1}"
        )
    if length is not None:
        return _text_place(text, table, address, int(length))
    if bit is None:
        return Place(table, address)
    if table.is_bits:
        raise MisconfiguredError(f"address {text!r}: {table.value} is a bit already, write {table.value}:{address}")
    if int(bit) > 15:
        raise MisconfiguredError(f"address {text!r}: a register has the bits 0 to 15, not {bit}")
    return Place(table, address, int(bit))


def mistakes(address: str, value_type: str, word_order: str) -> list[str]:
    """Everything that is wrong with one point, in words; empty when it can be read."""
    found: list[str] = []
    if value_type not in WORDS:
        found.append(f"type {value_type!r} is unknown: one of {', '.join(WORDS)}")
    if word_order and word_order not in WORD_ORDERS:
        found.append(f"word order {word_order!r} is unknown: one of {', '.join(WORD_ORDERS)}")
    try:
        place = parse(address)
    except MisconfiguredError as error:
        return [*found, str(error)]
    if value_type in WORDS:
        found += _misfits(address, place, value_type, word_order)
    return found


def _misfits(address: str, place: Place, value_type: str, word_order: str) -> list[str]:
    """Why a value of a type cannot stand at a place."""
    if (place.length is not None) != (value_type == TEXT):
        right = f"{address}/10 for ten registers" if value_type == TEXT else "type text"
        return [f"address {address!r}: a text says how many registers it takes: write {right}"]
    if value_type == TEXT:
        orders = ("ABCD", "BADC")
        wrong = word_order and word_order not in orders
        return [f"word order {word_order!r}: a text has ABCD, or BADC with the bytes swapped"] if wrong else []
    if value_type != "bool" and place.table.is_bits:
        return [f"address {address!r} is a single bit: type must be bool, not {value_type}"]
    if value_type != "bool" and place.bit is not None:
        return [f"address {address!r} is a bit of a register: type must be bool, not {value_type}"]
    if place.address + WORDS[value_type] > ADDRESSES:
        last = ADDRESSES - WORDS[value_type]
        return [f"address {address!r}: {value_type} takes {WORDS[value_type]} registers, the last that fits is {last}"]
    return []


def span_of(place: Place, value_type: str) -> Span:
    """The addresses a checked point takes."""
    return Span(place.table, place.address, place.length or (1 if place.table.is_bits else WORDS[value_type]))


def parse_range(text: str) -> Range:
    """Read `hr:100-119` or a single `hr:7`.

    :raises MisconfiguredError: it is not a range; the text says what would be right.
    """
    match = _RANGE.fullmatch(text)
    if match is None:
        raise MisconfiguredError(f"{text!r} is not a range of addresses: write hr:100-119, or hr:100 for a single one")
    first = parse(match[1])
    last = first.address if match[2] is None else int(match[2])
    if not first.address <= last < ADDRESSES:
        raise MisconfiguredError(f"{text!r}: the last address must be from {first.address} to {ADDRESSES - 1}")
    return Range(first.table, first.address, last + 1)


def _text_place(text: str, table: Table, address: int, length: int) -> Place:
    if table.is_bits:
        raise MisconfiguredError(f"address {text!r}: {table.value} is a bit, a text stands in registers")
    most = min(MAX_TEXT, ADDRESSES - address)
    if not 1 <= length <= most:
        raise MisconfiguredError(f"address {text!r}: a text here takes 1 to {most} registers, not {length}")
    return Place(table, address, None, length)


def _advice(text: str) -> str:
    """The closest right spelling, or the list of forms."""
    plain = text.translate({code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}).strip().lower()
    if plain != text and (_PREFIXED.fullmatch(plain) or _NUMBERED.fullmatch(plain)):
        return f"did you mean {plain}?"
    if re.fullmatch(r"[0-9]+", text, re.ASCII):
        return f"a bare number does not say the table; {_FORMS}"
    return _FORMS
