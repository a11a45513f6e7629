"""From addresses to the fewest block reads.  Pure.

Addresses are zero-based (`hr:100`, `ir:`, `co:`, `di:`, bit `hr:100.3`); the 40001 style is read as what it means.
A value of several registers is always inside one block: it is never torn over two requests.
"""

import re
from collections.abc import Mapping, Sequence
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
    }
)
"""Registers that a value of each type takes."""

WORD_ORDERS: Final = ("ABCD", "CDAB", "BADC", "DCBA")
"""Bytes of a 32-bit value as they stand on the wire, A the most significant; 64 bits follow the same pattern."""

_PREFIXED = re.compile(r"(co|di|hr|ir):([0-9]{1,5})(?:\.([0-9]{1,2}))?", re.ASCII)
_NUMBERED = re.compile(r"([0134])([0-9]{4,5})(?:\.([0-9]{1,2}))?", re.ASCII)
_BY_DIGIT: Final = {
    "0": Table.COILS,
    "1": Table.DISCRETE_INPUTS,
    "3": Table.INPUT_REGISTERS,
    "4": Table.HOLDING_REGISTERS,
}
_FORMS: Final = "write hr:100, ir:100, co:100, di:100 (zero-based), a bit as hr:100.3, or 40101 in the one-based style"


@dataclass(frozen=True, slots=True)
class Place:
    """A zero-based address in a table, with a bit number (0 the least significant) where a single bit is meant."""

    table: Table
    address: int
    bit: int | None = None

    def __str__(self) -> str:
        return f"{self.table.value}:{self.address}" + ("" if self.bit is None else f".{self.bit}")


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
class Block:
    """One read request, and which of the planned spans (by position) its answer carries."""

    table: Table
    start: int
    count: int
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How large a block may grow and how many unused addresses it may read over."""

    max_registers: int = 120
    max_coils: int = 1000
    max_gap: int = 16
    max_gap_coils: int = 128


@lru_cache(maxsize=ADDRESSES)  # the addresses of a plant are read again at every attempt to connect
def parse(text: str) -> Place:
    """Read an address as a person writes it.

    :raises MisconfiguredError: it is not an address; the text says what would be right.
    """
    if prefixed := _PREFIXED.fullmatch(text):
        table, address = Table(prefixed[1]), int(prefixed[2])
        bit = prefixed[3]
    elif numbered := _NUMBERED.fullmatch(text):
        table, address = _BY_DIGIT[numbered[1]], int(numbered[2]) - 1
        bit = numbered[3]
        if address < 0:
            first = numbered[1] + "1".rjust(len(numbered[2]), "0")
            raise MisconfiguredError(f"address {text!r}: this style counts from {first}, which is {table.value}:0")
    else:
        raise MisconfiguredError(f"address {text!r} is not a Modbus address: {_advice(text)}")
    if address >= ADDRESSES:
        raise MisconfiguredError(
            f"address {text!r} is outside the table: addresses end at {table.value}:{ADDRESSES - 1}"
        )
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
    if value_type not in WORDS:
        return found
    if value_type != "bool" and place.table.is_bits:
        found.append(f"address {address!r} is a single bit: type must be bool, not {value_type}")
    elif value_type != "bool" and place.bit is not None:
        found.append(f"address {address!r} is a bit of a register: type must be bool, not {value_type}")
    elif place.address + WORDS[value_type] > ADDRESSES:
        last = ADDRESSES - WORDS[value_type]
        found.append(
            f"address {address!r}: {value_type} takes {WORDS[value_type]} registers, the last that fits is {last}"
        )
    return found


def span_of(place: Place, value_type: str) -> Span:
    """The addresses a checked point takes."""
    return Span(place.table, place.address, 1 if place.table.is_bits else WORDS[value_type])


def coalesce(spans: Sequence[Span], limits: Limits) -> tuple[Block, ...]:
    """Cover every span by exactly one block, with as few blocks as the limits allow.

    Left to right, each block starts at the first span not yet covered and takes all that fit; for intervals on a line
    this greedy choice is the minimum.
    """
    order = sorted(range(len(spans)), key=lambda member: (spans[member].table, spans[member].start, spans[member].end))
    blocks: list[Block] = []
    members: list[int] = []
    end = 0
    for member in order:
        span = spans[member]
        if members and not _fits(spans[members[0]], end, span, limits):
            blocks.append(_block(spans, members))
            members = []
        end = max(end, span.end) if members else span.end
        members.append(member)
    if members:
        blocks.append(_block(spans, members))
    return tuple(blocks)


def split(block: Block, spans: Sequence[Span]) -> tuple[Block, Block] | None:
    """Cut a refused block in two to find what was refused; None when it holds a single span and is the culprit itself.

    Members are in order of their start; spans that are equal stay together, because they fail together.
    """
    places = sorted({(spans[member].start, spans[member].end) for member in block.members})
    if len(places) == 1:
        return None
    first_of_right = places[len(places) // 2]
    left = [member for member in block.members if (spans[member].start, spans[member].end) < first_of_right]
    right = [member for member in block.members if (spans[member].start, spans[member].end) >= first_of_right]
    return _block(spans, left), _block(spans, right)


def _fits(first: Span, end: int, span: Span, limits: Limits) -> bool:
    bits = first.table.is_bits
    gap, most = (limits.max_gap_coils, limits.max_coils) if bits else (limits.max_gap, limits.max_registers)
    return span.table == first.table and span.start - end <= gap and span.end - first.start <= most


def _block(spans: Sequence[Span], members: Sequence[int]) -> Block:
    start = min(spans[member].start for member in members)
    end = max(spans[member].end for member in members)
    return Block(spans[members[0]].table, start, end - start, tuple(members))


def _advice(text: str) -> str:
    """The closest right spelling, or the list of forms."""
    plain = text.translate({code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}).strip().lower()
    if plain != text and (_PREFIXED.fullmatch(plain) or _NUMBERED.fullmatch(plain)):
        return f"did you mean {plain}?"
    if re.fullmatch(r"[0-9]+", text, re.ASCII):
        return f"a bare number does not say the table; {_FORMS}"
    return _FORMS
