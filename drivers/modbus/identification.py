"""Who a device says it is: function code 43/14, and the answer to it.  No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from drivers.errors import BadFrameError
from drivers.modbus.wire import EXCEPTION_FLAG, Answer, ReadFunction, refusal, shown

_READ_DEVICE_ID: Final = 14
_BASIC: Final = 1
_HEAD: Final = 7
"""Bytes in front of the objects: function code, MEI type, code, conformity, more, next object, count."""


@dataclass(frozen=True, slots=True)
class IdentifyRequest:
    """Function code 43/14: who are you (basic objects, read as a stream)."""

    unit: int
    first: int = 0
    """Object id to begin with: an answer may say that more follow."""

    def __post_init__(self) -> None:
        """:raises ValueError: the protocol cannot carry it."""
        if not (0 <= self.unit <= 255 and 0 <= self.first <= 255):
            raise ValueError(f"unit and object id must be 0 to 255: {self}")

    @property
    def pdu(self) -> bytes:
        """Function code and what follows."""
        return bytes((ReadFunction.READ_IDENTIFICATION, _READ_DEVICE_ID, _BASIC, self.first))

    def size(self, pdu: bytes) -> int | None:
        """Length of the answer, see Request."""
        function = ReadFunction.READ_IDENTIFICATION
        if pdu[:1] == bytes((function | EXCEPTION_FLAG,)):
            return 2
        if not bytes((function, _READ_DEVICE_ID, _BASIC)).startswith(pdu[:3]):
            raise BadFrameError(f"it answers something else: {shown(pdu)}")
        if len(pdu) < _HEAD:
            return None
        at = _HEAD
        for _ in range(pdu[6]):
            if len(pdu) < at + 2:
                return None
            at += 2 + pdu[at + 1]
        return at

    def answer(self, pdu: bytes) -> Answer:
        """The bytes from the conformity level on, or the refusal, see Request."""
        if len(pdu) >= 2 and pdu[0] == ReadFunction.READ_IDENTIFICATION | EXCEPTION_FLAG:
            return refusal(pdu)
        if self.size(pdu) != len(pdu):
            raise BadFrameError(f"identification of another length than its objects: {shown(pdu)}")
        return pdu[3:]

    def __str__(self) -> str:
        return f"function code 43/14, object {self.first}"


@dataclass(frozen=True, slots=True)
class Identity:
    """What one answer to 43/14 says."""

    objects: Mapping[int, str]
    following: int | None
    """Object id to go on with; None when this was all."""


OBJECT_NAMES: Final[Mapping[int, str]] = MappingProxyType(
    {0: "vendor", 1: "product_code", 2: "revision", 3: "vendor_url", 4: "product_name", 5: "model", 6: "application"}
)
"""Names of the objects of identification that the specification knows."""


def identity(answer: bytes) -> Identity:
    """Read the value bytes of an answer to an IdentifyRequest."""
    _, more, following, count = answer[:4]
    objects: dict[int, str] = {}
    at = 4
    for _ in range(count):
        number, length = answer[at : at + 2]
        objects[number] = answer[at + 2 : at + 2 + length].decode("utf-8", "replace").strip("\0 ")
        at += 2 + length
    return Identity(MappingProxyType(objects), following if more == 0xFF else None)
