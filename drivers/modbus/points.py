"""One tag of a Modbus device as the driver sees it: place, type, word order, scale.  Pure."""

from dataclasses import dataclass

from drivers.modbus.addresses import mistakes, parse
from drivers.modbus.place import TEXT, Place, Span, span_of
from drivers.objections import Objection, refused
from drivers.port import Address


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
    def is_bit(self) -> bool:
        """Whether it is a single bit: of a table of bits, or of a register."""
        return self.place.table.is_bits or self.place.bit is not None

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
        zh = "raw_low 与 raw_high 要么都填，要么都不填"
        found.append(Objection("raw_low", zh, "raw_low and raw_high are given together or not at all"))
    elif address.raw_low is not None and address.raw_high is not None and address.type not in ("bool", TEXT):
        if address.raw_low == address.raw_high:
            zh = f"raw_low 与 raw_high 都是 {address.raw_low:g}，应当不同"
            found.append(
                Objection("raw_high", zh, f"raw_low and raw_high are both {address.raw_low:g}: they must differ")
            )
        else:
            raw_low, low = address.raw_low, address.low
            gain = (address.high - address.low) / (address.raw_high - address.raw_low)
    if found:
        raise refused(found, address.tag)
    order = address.word_order or "ABCD"
    return Point(address.tag, address.row, parse(address.address), address.type, order, raw_low, gain, low)
