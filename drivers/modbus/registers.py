"""Bytes of registers and coils to float64 by numpy gathers, whole polls at a time.  Pure.

The answers of one poll are laid end to end as one image of bytes.  Each value is a row of byte positions in that image,
least significant first, so that one gather and one view decode every word order of a type together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from drivers.errors import MisconfiguredError
from drivers.modbus.place import TEXT, WORDS, Place, Span, mistakes, parse, span_of
from drivers.modbus.plan import Block
from drivers.modbus.texts import TextPlace
from drivers.modbus.wire import Answer, Refusal
from drivers.port import Address
from rules.columns.quality import Quality

_DTYPES: Final[Mapping[str, np.dtype[np.generic]]] = MappingProxyType(
    {
        name: np.dtype(code)
        for name, code in (
            ("bool", "<u2"),
            ("int16", "<i2"),
            ("uint16", "<u2"),
            ("int32", "<i4"),
            ("uint32", "<u4"),
            ("float32", "<f4"),
            ("int64", "<i8"),
            ("uint64", "<u8"),
            ("float64", "<f8"),
            ("bcd16", "<u2"),
            ("bcd32", "<u4"),
        )
    }
)
_IMAGE_MARGIN: Final = bytes(8)
"""Lets a point that no block carries point at position 0 of an otherwise empty image."""


@dataclass(frozen=True, slots=True)
class Point:
    """One tag of a Modbus device, ready to be planned and decoded."""

    tag: str
    row: int
    place: Place
    type: str
    word_order: str
    raw_low: float
    gain: float
    low: float

    @property
    def span(self) -> Span:
        """The addresses it takes."""
        return span_of(self.place, self.type)


def point_of(address: Address) -> Point:
    """Turn what the plant says of a tag into a point.

    :raises MisconfiguredError: it can never be read, with all reasons.
    """
    found = mistakes(address.address, address.type, address.word_order)
    raw_low, gain, low = 0.0, 1.0, 0.0
    if (address.raw_low is None) != (address.raw_high is None):
        found.append("raw_low and raw_high are given together or not at all")
    elif address.raw_low is not None and address.raw_high is not None and address.type not in ("bool", TEXT):
        if address.raw_low == address.raw_high:
            found.append(f"raw_low and raw_high are both {address.raw_low:g}: they must differ")
        else:
            raw_low, low = address.raw_low, address.low
            gain = (address.high - address.low) / (address.raw_high - address.raw_low)
    if found:
        raise MisconfiguredError(f"{address.tag}: {'; '.join(found)}")
    order = address.word_order or "ABCD"
    return Point(address.tag, address.row, parse(address.address), address.type, order, raw_low, gain, low)


@dataclass(frozen=True, slots=True)
class Columns:
    """The readings of one poll, in the order of the points."""

    value: npt.NDArray[np.float64]
    quality: npt.NDArray[np.uint8]
    status: npt.NDArray[np.uint32]
    raw: npt.NDArray[np.float64]
    texts: tuple[tuple[int, str], ...] = ()
    """(point, text) of the points that are texts and were read."""


@dataclass(frozen=True, slots=True)
class _Gather:
    """Where the values of one type stand: `positions` is (members, width) bytes, least significant first."""

    members: npt.NDArray[np.intp]
    positions: npt.NDArray[np.intp]
    dtype: np.dtype[np.generic]
    is_bcd: bool


class Decoder:
    """Decodes the answers to a fixed list of blocks into the columns of a fixed list of points."""

    __slots__ = (
        "_bit_members",
        "_bit_positions",
        "_bit_shifts",
        "_blocks",
        "_flags",
        "_gain",
        "_gathers",
        "_low",
        "_raw_low",
        "_texts",
    )

    def __init__(self, points: Sequence[Point], blocks: Sequence[Block]) -> None:
        self._blocks: tuple[tuple[npt.NDArray[np.intp], bytes], ...] = tuple(
            (np.array(block.members, np.intp), bytes(_byte_count(block))) for block in blocks
        )
        offsets = _offsets(points, blocks)
        self._gathers = _gathers(points, offsets)
        bits = [member for member, point in enumerate(points) if _is_bit(point)]
        located = [_bit_position(points[member], *offsets[member]) for member in bits]
        self._bit_members = np.array(bits, np.intp)
        self._bit_positions = np.array([position for position, _ in located], np.intp)
        self._bit_shifts = np.array([shift for _, shift in located], np.uint8)
        self._flags = np.array(
            [member for member, point in enumerate(points) if point.type == "bool" and not _is_bit(point)], np.intp
        )
        self._texts = tuple(
            _text_place(member, point, *offsets[member]) for member, point in enumerate(points) if point.type == TEXT
        )
        self._raw_low = np.array([point.raw_low for point in points], np.float64)
        self._gain = np.array([point.gain for point in points], np.float64)
        self._low = np.array([point.low for point in points], np.float64)

    def decode(self, answers: Sequence[Answer], refused: npt.NDArray[np.uint32]) -> Columns:
        """Columns of all points from one answer per block, in block order.

        `refused` holds the exception code of each point that no block carries, 0 elsewhere.  A point without a value is
        NaN and BAD with its exception code; NaN and infinity from the device are BAD with status 0.
        """
        status = refused.copy()
        parts: list[bytes] = []
        for (members, zeros), answer in zip(self._blocks, answers, strict=True):
            if isinstance(answer, Refusal):
                status[members] = answer.code
                parts.append(zeros)
            else:
                parts.append(answer)
        parts.append(_IMAGE_MARGIN)
        image = b"".join(parts)
        raw = self._counts(np.frombuffer(image, np.uint8), len(status))
        texts = self._read_texts(image, raw, status) if self._texts else ()
        is_refused = status != 0
        if is_refused.any():
            raw[is_refused] = np.nan
        with np.errstate(over="ignore", invalid="ignore"):
            value = raw - self._raw_low
            value *= self._gain
            value += self._low
        is_usable = np.isfinite(value)
        if is_usable.all():
            return Columns(value, np.full(len(status), np.uint8(Quality.GOOD)), status, raw, texts)
        value[~is_usable] = np.nan
        quality = np.where(is_usable, np.uint8(Quality.GOOD), np.uint8(Quality.BAD))
        return Columns(value, quality, status, raw, texts)

    def _counts(self, image: npt.NDArray[np.uint8], length: int) -> npt.NDArray[np.float64]:
        raw = np.empty(length, np.float64)
        with np.errstate(invalid="ignore"):  # a signalling NaN is a NaN, not a warning
            for gather in self._gathers:
                counts = image.take(gather.positions).view(gather.dtype).ravel()
                raw[gather.members] = _from_bcd(counts) if gather.is_bcd else counts
        if len(self._flags):
            raw[self._flags] = raw[self._flags] != 0.0
        if len(self._bit_members):
            raw[self._bit_members] = (image[self._bit_positions] >> self._bit_shifts) & 1
        return raw

    def _read_texts(
        self, image: bytes, raw: npt.NDArray[np.float64], status: npt.NDArray[np.uint32]
    ) -> tuple[tuple[int, str], ...]:
        """The texts, and 1 or 0 in `raw` for whether there is any."""
        found = [(place.member, place.read(image)) for place in self._texts if not status[place.member]]
        for member, text in found:
            raw[member] = bool(text)
        return tuple(found)


def _from_bcd(counts: npt.NDArray[np.generic]) -> npt.NDArray[np.float64]:
    """Values of packed decimals, four bits a digit; NaN where four bits are no digit."""
    shifts = np.arange(0, 8 * counts.dtype.itemsize, 4)
    digits = counts.astype(np.int64)[:, np.newaxis] >> shifts & 0xF
    value = digits @ (10.0 ** (shifts / 4))
    return np.where((digits > 9).any(axis=1), np.nan, value)


def _is_bit(point: Point) -> bool:
    return point.place.table.is_bits or point.place.bit is not None


def _byte_count(block: Block) -> int:
    return (block.count + 7) // 8 if block.table.is_bits else 2 * block.count


def _offsets(points: Sequence[Point], blocks: Sequence[Block]) -> list[tuple[int, int]]:
    """For each point the image position of its block and its distance from the block's start in addresses."""
    offsets = [(0, 0)] * len(points)
    base = 0
    for block in blocks:
        for member in block.members:
            offsets[member] = (base, points[member].place.address - block.start)
        base += _byte_count(block)
    return offsets


@cache
def _significance(word_order: str, width: int) -> npt.NDArray[np.intp]:
    """Wire positions of the bytes of a value, least significant first."""
    words = range(0, width, 2) if word_order in {"CDAB", "DCBA"} else range(width - 2, -1, -2)
    low_first = word_order in {"BADC", "DCBA"}
    positions = np.array([word + byte for word in words for byte in ((0, 1) if low_first else (1, 0))], np.intp)
    positions.flags.writeable = False  # shared by all callers
    return positions


def _gathers(points: Sequence[Point], offsets: Sequence[tuple[int, int]]) -> tuple[_Gather, ...]:
    gathers = []
    for value_type, dtype in _DTYPES.items():
        members = [member for member, point in enumerate(points) if point.type == value_type and not _is_bit(point)]
        if members:
            width = 2 * WORDS[value_type]
            starts = np.array([offsets[member][0] + 2 * offsets[member][1] for member in members], np.intp)
            order = np.stack([_significance(points[member].word_order, width) for member in members])
            positions = starts[:, np.newaxis] + order
            gathers.append(_Gather(np.array(members, np.intp), positions, dtype, value_type.startswith("bcd")))
    return tuple(gathers)


def _text_place(member: int, point: Point, base: int, distance: int) -> TextPlace:
    begin = base + 2 * distance
    return TextPlace(member, begin, begin + 2 * point.span.count, point.word_order == "BADC")


def _bit_position(point: Point, base: int, distance: int) -> tuple[int, int]:
    """Image position and shift of a single bit."""
    if point.place.bit is None:
        return base + distance // 8, distance % 8
    byte = _significance(point.word_order, 2)[point.place.bit // 8]
    return base + 2 * distance + int(byte), point.place.bit % 8
