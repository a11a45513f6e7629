"""A device in memory and a scalar reference: what the arrays are compared with.  Written without the code under test."""

import math
import struct
from dataclasses import dataclass, field

from hypothesis import strategies as st

FUNCTIONS = {"co": 1, "di": 2, "hr": 3, "ir": 4}
FORMATS = {
    "int16": ">h",
    "uint16": ">H",
    "int32": ">i",
    "uint32": ">I",
    "int64": ">q",
    "uint64": ">Q",
    "float32": ">f",
    "float64": ">d",
    "bcd16": ">H",
    "bcd32": ">I",
}
"""How `struct` reads the bytes of a type, put in order; packed decimals are written as hexadecimal digits then."""


@dataclass(frozen=True, kw_only=True)
class TagAddress:
    """As the plant gives it to a driver."""

    tag: str
    row: int
    address: str
    type: str = "uint16"
    word_order: str = ""
    raw_low: float | None = None
    raw_high: float | None = None
    low: float = 0.0
    high: float = 100.0
    scan_period_ns: int = 200_000_000
    signal: str = ""


@dataclass
class Device:
    """Four tables of 65536 addresses; `forbidden` (table, address) are answered with exception 02."""

    registers: dict[str, dict[int, int]] = field(default_factory=lambda: {"hr": {}, "ir": {}})
    bits: dict[str, dict[int, int]] = field(default_factory=lambda: {"co": {}, "di": {}})
    forbidden: dict[tuple[str, int], int] = field(default_factory=dict)
    most: int = 65536
    reads: list[tuple[str, int, int]] = field(default_factory=list)

    def read(self, table: str, start: int, count: int) -> bytes | int:
        """Value bytes, or an exception code."""
        self.reads.append((table, start, count))
        if count > self.most:
            return 3
        for address in range(start, start + count):
            if (table, address) in self.forbidden:
                return self.forbidden[table, address]
        if table in self.registers:
            words = self.registers[table]
            return b"".join(
                words.get(address, address % 251).to_bytes(2, "big") for address in range(start, start + count)
            )
        packed = bytearray((count + 7) // 8)
        for number in range(count):
            packed[number // 8] |= self.bit(table, start + number) << number % 8
        return bytes(packed)

    def bit(self, table: str, address: int) -> int:
        return self.bits[table].get(address, address % 3 == 0)

    def word(self, table: str, address: int) -> int:
        return self.registers[table].get(address, address % 251)


def scalar(device: Device, tag: TagAddress) -> float:
    """The raw value of one tag by `struct`, one byte after the other."""
    table, _, rest = tag.address.partition(":")
    address, _, bit = rest.partition(".")
    first = int(address)
    if table in {"co", "di"}:
        return float(device.bit(table, first))
    size = 2 if tag.type == "bool" else struct.calcsize(FORMATS[tag.type])
    wire = b"".join(device.word(table, first + number).to_bytes(2, "big") for number in range(size // 2))
    words = [wire[at : at + 2] for at in range(0, size, 2)]
    if tag.word_order in {"CDAB", "DCBA"}:
        words.reverse()
    if tag.word_order in {"BADC", "DCBA"}:
        words = [word[::-1] for word in words]
    plain = b"".join(words)
    if tag.type == "bool":
        number = int.from_bytes(plain, "big")
        return float(number >> int(bit) & 1) if bit else float(number != 0)
    if tag.type.startswith("bcd"):
        digits = plain.hex()
        return float(digits) if digits.isdecimal() else math.nan
    return float(struct.unpack(FORMATS[tag.type], plain)[0])


@st.composite
def tag_addresses(draw: st.DrawFn, most: int = 40) -> list[TagAddress]:
    """A list of tags scattered over a part of the tables, overlapping at times."""
    tags = []
    for row in range(draw(st.integers(1, most))):
        table = draw(st.sampled_from(list(FUNCTIONS)))
        address = draw(st.one_of(st.integers(0, 400), st.integers(0, 65532)))
        kind = "bool" if table in {"co", "di"} else draw(st.sampled_from(["bool", *FORMATS]))
        bit = f".{draw(st.integers(0, 15))}" if kind == "bool" and table in {"hr", "ir"} and draw(st.booleans()) else ""
        order = draw(st.sampled_from(["", "ABCD", "CDAB", "BADC", "DCBA"]))
        tags.append(TagAddress(tag=f"T-{row}", row=row, address=f"{table}:{address}{bit}", type=kind, word_order=order))
    return tags


@st.composite
def devices(draw: st.DrawFn) -> Device:
    """A device whose low registers hold anything, NaN patterns included."""
    words = st.dictionaries(
        st.integers(0, 404),
        st.sampled_from([0, 1, 0x7F80, 0x7FC0, 0xFFFF, 0x7FF0, 0x8000, 0x3F80, 0x1234]),
        max_size=200,
    )
    return Device(registers={"hr": draw(words), "ir": draw(words)})
