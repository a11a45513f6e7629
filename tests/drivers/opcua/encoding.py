"""Answers as the specification lays them out, written without the code they test, and what they mean."""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from rules.columns.readings import NO_TIME

FORMATS: Final = {1: "<B", 2: "<b", 3: "<B", 4: "<h", 5: "<H", 6: "<i", 7: "<I", 8: "<q", 9: "<Q", 10: "<f", 11: "<d"}
RANGES: Final = {
    1: (0, 1),
    2: (-(2**7), 2**7 - 1),
    3: (0, 2**8 - 1),
    4: (-(2**15), 2**15 - 1),
    5: (0, 2**16 - 1),
    6: (-(2**31), 2**31 - 1),
    7: (0, 2**32 - 1),
    8: (-(2**63), 2**63 - 1),
    9: (0, 2**64 - 1),
}
FILETIME_2020: Final = 132_223_104_000_000_000
STATUSES: Final = (
    0, 0x00960000, 0x40000000, 0x40900000, 0x40910000, 0x80000000, 0x80340000, 0x808C0000, 0xC0000000,
)  # fmt: skip


@dataclass(frozen=True)
class Item:
    """One DataValue as the wire has it; `value` None means that the mask has no value, variant 0 a null Variant.

    A variant of bytes is the whole Variant, none of the numbers, and `value` its text or "" where it is none.
    """

    variant: int | bytes
    value: Any
    status: int | None
    source: int | None
    source_picoseconds: int | None
    server: int | None
    server_picoseconds: int | None

    def encode(self) -> bytes:
        parts = (
            (1, None if self.value is None else self._variant()),
            (2, None if self.status is None else struct.pack("<I", self.status)),
            (4, None if self.source is None else struct.pack("<q", self.source)),
            (16, None if self.source_picoseconds is None else struct.pack("<H", self.source_picoseconds)),
            (8, None if self.server is None else struct.pack("<q", self.server)),
            (32, None if self.server_picoseconds is None else struct.pack("<H", self.server_picoseconds)),
        )
        mask = sum(bit for bit, part in parts if part is not None)
        return bytes([mask]) + b"".join(part for _, part in parts if part is not None)

    def _variant(self) -> bytes:
        if isinstance(self.variant, bytes):
            return self.variant
        return bytes([self.variant]) + (struct.pack(FORMATS[self.variant], self.value) if self.variant else b"")

    @property
    def number(self) -> float:
        """What a column of numbers holds of it."""
        return (
            math.nan if self.value is None or isinstance(self.variant, bytes) or not self.variant else float(self.value)
        )

    @property
    def text(self) -> str:
        """What is kept of it as text; empty for none."""
        return self.value if isinstance(self.variant, bytes) and self.value else ""


DOUBLE: Final = Item(11, 21.5, 0, FILETIME_2020, None, FILETIME_2020, None)
BOOLEAN: Final = Item(1, 1, None, FILETIME_2020, None, None, None)


def string(text: bytes) -> bytes:
    """A String or ByteString."""
    return struct.pack("<i", len(text)) + text


ODD: Final[dict[str, tuple[bytes, str]]] = {
    "text": (b"\x0c" + string("液位".encode()), "液位"),
    "no text": (b"\x0c" + struct.pack("<i", -1), ""),
    "text of another code": (b"\x0c" + string("运行".encode("gb18030")), "����"),
    "time": (b"\x0d" + struct.pack("<q", FILETIME_2020), ""),
    "guid": (b"\x0e" + bytes(range(16)), ""),
    "bytes": (b"\x0f" + string(b"\x01\x02"), ""),
    "xml": (b"\x10" + string(b"<a/>"), ""),
    "node, two bytes": (b"\x11\x00\x07", ""),
    "node, four bytes": (b"\x11\x01\x00\x07\x00", ""),
    "node, number": (b"\x11\x02\x01\x00" + struct.pack("<I", 70_000), ""),
    "node, text": (b"\x11\x03\x02\x00" + string(b"PLC.Level"), ""),
    "node, guid": (b"\x11\x04\x02\x00" + bytes(16), ""),
    "node, bytes": (b"\x11\x05\x02\x00" + string(b"\x00"), ""),
    "node elsewhere": (b"\x12\xc1\x00\x07\x00" + string(b"urn:x") + struct.pack("<I", 1), ""),
    "status": (b"\x13" + struct.pack("<I", 0x80000000), ""),
    "name": (b"\x14\x02\x00" + string(b"Level"), ""),
    "localized": (b"\x15\x03" + string(b"zh") + string("正常".encode()), "正常"),
    "localized without text": (b"\x15\x01" + string(b"zh"), ""),
    "structure": (b"\x16\x01\x02\x0f\x27\x01" + string(b"1234567"), ""),
    "structure in XML": (b"\x16\x01\x02\x0f\x27\x02" + string(b"<s/>"), ""),
    "structure without a body": (b"\x16\x01\x02\x0f\x27\x00", ""),
    "range": (b"\x16\x01\x00\x76\x03\x01" + string(struct.pack("<dd", 0.0, 100.0)), ""),
    "value in a value": (b"\x17\x3f\x0b" + struct.pack("<dIqHqH", 1.0, 0, 1, 2, 3, 4), ""),
    "variant in a variant": (b"\x18\x18\x0b" + struct.pack("<d", 1.0), ""),
    "diagnostics": (b"\x19\x7f" + struct.pack("<iiii", 1, 2, 3, 4) + string(b"why") + b"\0\0\0\0" + b"\x40\x00", ""),
    "array": (b"\x8b" + struct.pack("<idd", 2, 1.0, 2.0), ""),
    "no array": (b"\x8b" + struct.pack("<i", -1), ""),
    "array of texts": (b"\x8c" + struct.pack("<i", 2) + string(b"a") + string(b""), ""),
    "array of structures": (b"\x96" + struct.pack("<i", 1) + b"\x01\x02\x0f\x27\x01" + string(b"12"), ""),
    "array of variants": (b"\x98" + struct.pack("<i", 2) + b"\x01\x01\x0c" + string(b"x"), ""),
    "matrix": (b"\xc6" + struct.pack("<iiiiii", 2, 5, 6, 2, 1, 2), ""),
}
"""Values that are no number, by a word for each: a whole Variant and the text that is kept of it."""


def read_body(encoded: Sequence[bytes], *, status: int = 0, timestamp: int = FILETIME_2020) -> bytes:
    """A ReadResponse."""
    return b"\x01\x00\x7a\x02" + header(status, timestamp) + array(encoded) + struct.pack("<i", -1)


def publish_body(
    changes: Sequence[Sequence[tuple[int, bytes]]],
    *,
    subscription: int = 5,
    sequence: int = 17,
    available: Sequence[int] = (16, 17),
    more: bool = False,
    others: Sequence[bytes] = (),
    acknowledged: Sequence[int] = (0,),
) -> bytes:
    """A PublishResponse with one DataChangeNotification for each sequence of (ClientHandle, DataValue), then others."""
    notifications = [
        b"\x01\x00\x2b\x03\x01"
        + string(array([struct.pack("<I", handle) + value for handle, value in each]) + struct.pack("<i", -1))
        for each in changes
    ]
    return (
        b"\x01\x00\x3d\x03"
        + header(0, FILETIME_2020)
        + struct.pack("<I", subscription)
        + array([struct.pack("<I", number) for number in available])
        + struct.pack("<?Iq", more, sequence, FILETIME_2020)
        + array([*notifications, *others])
        + array([struct.pack("<I", status) for status in acknowledged])
        + struct.pack("<i", 0)
    )


def header(status: int, timestamp: int) -> bytes:
    """What follows the type of every response."""
    return struct.pack("<qII", timestamp, 7, status) + b"\0" + struct.pack("<i", 0) + b"\0\0\0"


def array(parts: Sequence[bytes]) -> bytes:
    """So many, one behind the other."""
    return struct.pack("<i", len(parts)) + b"".join(parts)


def expected_time(filetime: int | None) -> int:
    """What 100 ns since 1601 are in Unix nanoseconds."""
    if filetime is None or filetime == 0:
        return NO_TIME
    time_ns = (filetime - 116_444_736_000_000_000) * 100
    return time_ns if abs(time_ns) < 2**63 else NO_TIME


def random_item(random: Random, odd: float = 0.1) -> Item:
    """A DataValue of any layout; `odd` is how often it is no number."""
    variant: int | bytes = random.randint(0, 11)
    value: Any = 0
    if random.random() < odd:
        variant, value = random.choice(list(ODD.values()))
    elif variant in RANGES:
        value = random.randint(*RANGES[variant])
    elif variant == 10:
        value = struct.unpack("<f", struct.pack("<f", random.gauss(0, 1e6)))[0]
    elif variant == 11:
        value = random.choice([random.gauss(0, 1e6), math.nan, math.inf])
    times = (None, FILETIME_2020 + random.randint(0, 10**16), 0, 2**63 - 1, -1, 1)
    return Item(
        variant,
        random.choice([value, value, value, None]),
        random.choice([None, *STATUSES]),
        random.choice(times),
        random.choice([None, random.randint(0, 9999)]),
        random.choice(times),
        random.choice([None, random.randint(0, 9999)]),
    )


def damaged(random: Random, body: bytes) -> bytes:
    """The body with one to four bytes changed, put in, or lost."""
    damage = bytearray(body)
    for _ in range(random.randint(1, 4)):
        at = random.randrange(len(damage))
        match random.randrange(8):
            case 0:
                del damage[max(at, 1) :]
            case 1:
                damage.insert(at, random.getrandbits(8))
            case 2 if len(damage) > 1:
                del damage[at]
            case 3:
                damage[at : at + 4] = struct.pack("<i", random.choice([-1, -2, 0, 1, 2**31 - 1, -(2**31)]))
            case 4:
                damage[at] = random.choice([0x00, 0x01, 0x0D, 0x80, 0x96, 0x98, 0xC0, 0x18, 0x16, 0xFF])
            case 5:
                damage[at] ^= 1 << random.randrange(8)
            case _:
                damage[at] = random.getrandbits(8)
    return bytes(damage)
