"""Answers of a poll to columns of readings, by numpy, whole polls at a time.  Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from drivers.modbus.image import MARGIN, bit_position, byte_count, gathers_of, offsets_of, order_of
from drivers.modbus.place import TEXT
from drivers.modbus.plan import Block
from drivers.modbus.points import Point
from drivers.modbus.texts import TextPlace
from drivers.modbus.wire import Answer, Refusal
from rules.columns.quality import Quality


@dataclass(frozen=True, slots=True)
class Columns:
    """The readings of one poll, in the order of the points; columns may be shared between polls, so none is written to."""

    value: npt.NDArray[np.float64]
    quality: npt.NDArray[np.uint8]
    status: npt.NDArray[np.uint32]
    raw: npt.NDArray[np.float64]
    texts: tuple[tuple[int, str], ...] = ()
    """(point, text) of the points that are texts and were read."""


class Decoder:
    """Decodes the answers to a fixed list of blocks into the columns of a fixed list of points."""

    __slots__ = (
        "_all_good",
        "_bit_members",
        "_bit_positions",
        "_bit_shifts",
        "_blocks",
        "_flags",
        "_gain",
        "_gathers",
        "_is_scaled",
        "_low",
        "_order",
        "_raw_low",
        "_texts",
    )

    def __init__(self, points: Sequence[Point], blocks: Sequence[Block]) -> None:
        self._blocks: tuple[tuple[npt.NDArray[np.intp], bytes], ...] = tuple(
            (np.array(block.members, np.intp), bytes(byte_count(block))) for block in blocks
        )
        order = order_of(blocks)
        self._order = order if order != sorted(order) else None
        offsets = offsets_of(points, blocks)
        self._gathers = gathers_of(points, offsets)
        bits = [member for member, point in enumerate(points) if point.is_bit]
        located = [bit_position(points[member], *offsets[member]) for member in bits]
        self._bit_members = np.array(bits, np.intp)
        self._bit_positions = np.array([position for position, _ in located], np.intp)
        self._bit_shifts = np.array([shift for _, shift in located], np.uint8)
        self._flags = np.array(
            [member for member, point in enumerate(points) if point.type == "bool" and not point.is_bit], np.intp
        )
        self._texts = tuple(
            _text_place(member, point, *offsets[member]) for member, point in enumerate(points) if point.type == TEXT
        )
        self._raw_low = np.array([point.raw_low for point in points], np.float64)
        self._gain = np.array([point.gain for point in points], np.float64)
        self._low = np.array([point.low for point in points], np.float64)
        self._is_scaled = bool(self._raw_low.any() or self._low.any() or (self._gain != 1.0).any())
        self._all_good = np.full(len(points), np.uint8(Quality.GOOD))
        self._all_good.flags.writeable = False

    def decode(self, answers: Sequence[Answer], refused: npt.NDArray[np.uint32]) -> Columns:
        """Columns of all points from one answer per block, in block order.

        `refused` holds the exception code of each point that no block carries, 0 elsewhere.  A point without a value is
        NaN and BAD with its exception code; NaN and infinity from the device are BAD with status 0.
        """
        parts, status = self._parts(answers, refused)
        image = b"".join(parts if self._order is None else [parts[number] for number in self._order]) + MARGIN
        with np.errstate(over="ignore", invalid="ignore"):  # a signalling NaN is a NaN, not a warning
            raw = self._counts(image, len(refused))
            texts = self._read_texts(image, raw, status) if self._texts else ()
            if np.count_nonzero(status):
                raw[status != 0] = np.nan
            value = raw
            if self._is_scaled:
                value = raw - self._raw_low
                value *= self._gain
                value += self._low
            is_usable = np.isfinite(value)
        if np.count_nonzero(is_usable) == len(value):
            return Columns(value, self._all_good, status, raw, texts)
        value = np.where(is_usable, value, np.nan)
        quality = np.where(is_usable, np.uint8(Quality.GOOD), np.uint8(Quality.BAD))
        return Columns(value, quality, status, raw, texts)

    def _parts(
        self, answers: Sequence[Answer], refused: npt.NDArray[np.uint32]
    ) -> tuple[list[bytes], npt.NDArray[np.uint32]]:
        """The bytes of each block, zeros where it was refused, and the status of each point."""
        if len(answers) != len(self._blocks):
            raise ValueError(f"{len(answers)} answers to {len(self._blocks)} blocks")
        parts = [answer for answer in answers if type(answer) is bytes]
        if len(parts) == len(answers):
            return parts, refused
        status, parts = refused.copy(), []
        for (members, zeros), answer in zip(self._blocks, answers, strict=True):
            if isinstance(answer, Refusal):
                status[members] = answer.code
                parts.append(zeros)
            else:
                parts.append(answer)
        return parts, status

    def _counts(self, image: bytes, length: int) -> npt.NDArray[np.float64]:
        raw = np.empty(length, np.float64)
        words = np.frombuffer(image, np.uint16, len(image) // 2)
        for gather in self._gathers:
            raw[gather.members] = gather.counts(words)
        if len(self._flags):
            raw[self._flags] = raw[self._flags] != 0.0
        if len(self._bit_members):
            bits = np.frombuffer(image, np.uint8)
            raw[self._bit_members] = (bits[self._bit_positions] >> self._bit_shifts) & 1
        return raw

    def _read_texts(
        self, image: bytes, raw: npt.NDArray[np.float64], status: npt.NDArray[np.uint32]
    ) -> tuple[tuple[int, str], ...]:
        """The texts, and 1 or 0 in `raw` for whether there is any."""
        found = [(place.member, place.read(image)) for place in self._texts if not status[place.member]]
        for member, text in found:
            raw[member] = bool(text)
        return tuple(found)


def _text_place(member: int, point: Point, base: int, distance: int) -> TextPlace:
    begin = base + 2 * distance
    return TextPlace(member, begin, begin + 2 * point.span.count, point.word_order == "BADC")
