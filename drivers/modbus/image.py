"""Where the values of a poll stand in its image: the answers end to end, registers in front of bits.  Pure.

A value is a row of words of that image; words in the right order and the byte order of the type decode every word order, a
whole type at a time.  Values that stand side by side, as in most maps, are not even gathered: they are looked at in place.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from drivers.modbus.place import WORDS
from drivers.modbus.plan import Block
from drivers.modbus.points import Point

_CODES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "bool": "u2",
        "int16": "i2",
        "uint16": "u2",
        "int32": "i4",
        "uint32": "u4",
        "float32": "f4",
        "int64": "i8",
        "uint64": "u8",
        "float64": "f8",
        "bcd16": "u2",
        "bcd32": "u4",
    }
)
MARGIN: Final = bytes(8)
"""Lets a point that no block carries point at position 0 of an otherwise empty image."""

_HIGH_BYTE_FIRST: Final = frozenset({"ABCD", "CDAB"})
_AS_ON_THE_WIRE: Final = frozenset({"ABCD", "DCBA"})
"""Orders in which the words of a value stand as its bytes want them."""

Positions = npt.NDArray[np.intp] | slice
Offsets = Sequence[tuple[int, int]]
"""For each point the image position of its block and its distance from the block's start in addresses."""


@dataclass(frozen=True, slots=True)
class Gather:
    """The values of one type and byte order: which points, and the words of the image that hold them."""

    members: Positions
    words: Positions
    """Flat: as many for each value as it has registers."""
    dtype: np.dtype[np.generic]
    is_bcd: bool

    def counts(self, words: npt.NDArray[np.uint16]) -> npt.NDArray[np.generic]:
        """The values out of the words of an image."""
        found = words[self.words] if isinstance(self.words, slice) else words.take(self.words)
        counts: npt.NDArray[np.generic] = found.view(self.dtype)
        return from_bcd(counts) if self.is_bcd else counts


def byte_count(block: Block) -> int:
    """Bytes of values in the answer to a block."""
    return (block.count + 7) // 8 if block.table.is_bits else 2 * block.count


def order_of(blocks: Sequence[Block]) -> list[int]:
    """The blocks in the order of the image: what has registers first, so that every word is aligned."""
    return sorted(range(len(blocks)), key=lambda number: blocks[number].table.is_bits)


def offsets_of(points: Sequence[Point], blocks: Sequence[Block]) -> Offsets:
    """Where each point stands; (0, 0) for one that no block carries."""
    offsets = [(0, 0)] * len(points)
    base = 0
    for number in order_of(blocks):
        for member in blocks[number].members:
            offsets[member] = (base, points[member].place.address - blocks[number].start)
        base += byte_count(blocks[number])
    return offsets


def gathers_of(points: Sequence[Point], offsets: Offsets) -> tuple[Gather, ...]:
    """One gather for each type and byte order that occurs among the values in registers."""
    kinds: dict[tuple[str, bool], list[int]] = {}
    for member, point in enumerate(points):
        if point.type in _CODES and not point.is_bit:
            kinds.setdefault((point.type, point.word_order in _HIGH_BYTE_FIRST), []).append(member)
    return tuple(
        _gather(points, offsets, members, value_type, ">" if high_first else "<")
        for (value_type, high_first), members in kinds.items()
    )


def bit_position(point: Point, base: int, distance: int) -> tuple[int, int]:
    """Image position (byte) and shift of a single bit."""
    if point.place.bit is None:
        return base + distance // 8, distance % 8
    is_high = point.place.bit >= 8
    byte = int(is_high != (point.word_order in _HIGH_BYTE_FIRST))
    return base + 2 * distance + byte, point.place.bit % 8


def from_bcd(counts: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    """Values of packed decimals, four bits a digit; NaN where four bits are no digit."""
    shifts = np.arange(0, 8 * counts.dtype.itemsize, 4)
    digits = counts.astype(np.int64)[:, np.newaxis] >> shifts & 0xF
    value = digits @ (10.0 ** (shifts / 4))
    return np.where((digits > 9).any(axis=1), np.nan, value)


def _gather(
    points: Sequence[Point], offsets: Offsets, members: Sequence[int], value_type: str, byte_order: str
) -> Gather:
    width = WORDS[value_type]
    starts = np.array([offsets[member][0] // 2 + offsets[member][1] for member in members], np.intp)
    forward = np.array([points[member].word_order in _AS_ON_THE_WIRE for member in members], np.bool_)
    order = np.where(forward[:, np.newaxis], np.arange(width), np.arange(width)[::-1])
    words = (starts[:, np.newaxis] + order).ravel()
    dtype = np.dtype(byte_order + _CODES[value_type])
    return Gather(_shortened(np.array(members, np.intp)), _shortened(words), dtype, value_type.startswith("bcd"))


def _shortened(positions: npt.NDArray[np.intp]) -> Positions:
    """A slice where positions follow each other without a hole."""
    first = int(positions[0])
    if np.array_equal(positions, np.arange(first, first + len(positions))):
        return slice(first, first + len(positions))
    return positions
