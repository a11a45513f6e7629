"""Where a value in OPC UA's binary encoding ends, whatever it is, in time linear in its bytes.

Bulk decoding must resume behind a text, an array or a structure, and a hostile answer must not hold it up.  asyncua's own
decoding cannot say where an element ends that it fails to decode, takes lengths below -1 as steps backwards, and makes
2**31 elements of an array of nothing.
"""

import struct
from collections.abc import Callable
from typing import Final

from drivers.opcua.wire import UndecodableError

NULL: Final = 0
FIXED_SIZES: Final = {
    NULL: 0,
    1: 1,  # Boolean
    2: 1,
    3: 1,
    4: 2,
    5: 2,
    6: 4,
    7: 4,
    8: 8,
    9: 8,
    10: 4,  # Float
    11: 8,  # Double
    13: 8,  # DateTime
    14: 16,  # Guid
    19: 4,  # StatusCode
}
"""VariantType to bytes, for those that always take the same number."""
STRING: Final = 12
LOCALIZED_TEXT: Final = 21
_ARRAY: Final = 0x80
_DIMENSIONS: Final = 0x40
_VARIANT_TYPE: Final = 0x3F
_DEEPEST: Final = 16
"""Values inside values: more than any server sends, less than Python's own limit."""

_NODE_ID_SIZES: Final = {0: 2, 1: 4, 2: 7, 4: 19}
_TAIL_SIZES: Final = ((0x02, 4), (0x04, 8), (0x10, 2), (0x08, 8), (0x20, 2))
"""Bits of a DataValue's mask behind its value, in the order of the wire."""
_INT32: Final = struct.Struct("<i")


def end_of_variant(body: bytes, position: int, depth: int = 0) -> int:
    """Find the byte behind the Variant that begins at `position`.

    :raises UndecodableError: it has no end that can be known, or it lies beyond the body.
    """
    encoding = _byte(body, position)
    kind = encoding & _VARIANT_TYPE
    position += 1
    if not encoding & _ARRAY:
        if encoding & _DIMENSIONS:
            raise UndecodableError("a scalar with dimensions")
        return _inside(body, end_of(body, position, kind, depth))
    if kind == NULL:
        raise UndecodableError("an array of nothing")
    count, position = _count(body, position)
    if kind in FIXED_SIZES:
        position = _inside(body, position + count * FIXED_SIZES[kind])
    else:
        for _ in range(count):  # each takes a byte at least: the body bounds them
            position = end_of(body, position, kind, depth)
    if encoding & _DIMENSIONS:
        count, position = _count(body, position)
        position += count * 4
    return _inside(body, position)


def end_of(body: bytes, position: int, kind: int, depth: int = 0) -> int:
    """Find the byte behind a value of the VariantType `kind` that begins at `position`.

    :raises UndecodableError: it has no end that can be known, or it lies beyond the body.
    """
    size = FIXED_SIZES.get(kind)
    if size is not None:
        return _inside(body, position + size)
    find = _ENDS.get(kind)
    if find is None:
        raise UndecodableError(f"variant type {kind}")
    if depth == _DEEPEST:
        raise UndecodableError("values inside values, too deep")
    return _inside(body, find(body, position, depth + 1))


def end_of_extension_object(body: bytes, position: int, depth: int = 0) -> int:
    """Find the byte behind an ExtensionObject.

    :raises UndecodableError: it does not say how long it is.
    """
    position = end_of_node_id(body, position, depth)
    encoding = _byte(body, position)
    position += 1
    if encoding == 0:
        return position
    if encoding > 2:
        raise UndecodableError(f"structure of the encoding {encoding}")
    length = _int32(body, position)
    if length < 0:
        raise UndecodableError("a structure that does not say its length")
    return _inside(body, position + 4 + length)


def numeric_type(body: bytes, position: int) -> tuple[int, int]:
    """Read the type of the ExtensionObject at `position`: its number and where its body begins.

    The number is 0 where it has no binary body, or a type that is no number of the OPC Foundation's own namespace.

    :raises UndecodableError: its type is unknown or it lies beyond the body.
    """
    end = end_of_node_id(body, position)
    kind, number = body[position], 0
    if kind == 0:
        number = body[position + 1]
    elif kind == 1 and body[position + 1] == 0:
        number = int.from_bytes(body[position + 2 : position + 4], "little")
    elif kind == 2 and body[position + 1 : position + 3] == b"\0\0":
        number = int.from_bytes(body[position + 3 : position + 7], "little")
    return (number if _byte(body, end) == 1 else 0), end + 5


def end_of_diagnostics(body: bytes, position: int, depth: int = 0) -> int:
    """Find the byte behind a DiagnosticInfo.

    :raises UndecodableError: it has reserved bits or lies beyond the body.
    """
    mask = _byte(body, position)
    position += 1
    if mask & 0x80:
        raise UndecodableError("diagnostics with a reserved bit")
    position += 4 * (mask & 0x0F).bit_count()  # SymbolicId, NamespaceUri, Locale, LocalizedText
    if mask & 0x10:
        position = end_of_string(body, position)
    if mask & 0x20:
        position += 4
    if mask & 0x40:
        position = end_of(body, position, 25, depth)
    return _inside(body, position)


def end_of_node_id(body: bytes, position: int, depth: int = 0) -> int:
    """Find the byte behind a NodeId or ExpandedNodeId.

    :raises UndecodableError: its kind is unknown or it lies beyond the body.
    """
    del depth
    encoding = _byte(body, position)
    kind = encoding & _VARIANT_TYPE
    if kind in _NODE_ID_SIZES:
        position += _NODE_ID_SIZES[kind]
    elif kind in (3, 5):
        position = end_of_string(body, position + 3)
    else:
        raise UndecodableError(f"NodeId of the encoding {kind}")
    if encoding & 0x80:
        position = end_of_string(body, position)
    if encoding & 0x40:
        position += 4
    return _inside(body, position)


def end_of_string(body: bytes, position: int, depth: int = 0) -> int:
    """Find the byte behind a String, ByteString or XmlElement.

    :raises UndecodableError: its length is none or lies beyond the body.
    """
    del depth
    length, position = _count(body, position)
    return _inside(body, position + length)


def text_of(body: bytes, position: int) -> str | None:
    """Read the text of the Variant that begins at `position` and ends inside the body; None where it is no text.

    Bytes that are no UTF-8 are replaced.
    """
    kind = body[position]
    position += 1
    if kind == LOCALIZED_TEXT:
        mask = body[position]
        position += 1
        if not mask & 0x02:
            return None
        if mask & 0x01:
            position = end_of_string(body, position)
    elif kind != STRING:
        return None
    length = _int32(body, position)
    return None if length < 0 else body[position + 4 : position + 4 + length].decode("utf-8", "replace")


def _end_of_qualified_name(body: bytes, position: int, depth: int) -> int:
    del depth
    return end_of_string(body, position + 2)


def _end_of_localized_text(body: bytes, position: int, depth: int) -> int:
    del depth
    mask = _byte(body, position)
    position += 1
    for bit in (0x01, 0x02):
        if mask & bit:
            position = end_of_string(body, position)
    return position


def _end_of_data_value(body: bytes, position: int, depth: int) -> int:
    mask = _byte(body, position)
    if mask & 0xC0:
        raise UndecodableError("DataValue with reserved bits")
    position += 1
    if mask & 0x01:
        position = end_of_variant(body, position, depth)
    return position + sum(size for bit, size in _TAIL_SIZES if mask & bit)


_ENDS: Final[dict[int, Callable[[bytes, int, int], int]]] = {
    STRING: end_of_string,
    15: end_of_string,  # ByteString
    16: end_of_string,  # XmlElement
    17: end_of_node_id,
    18: end_of_node_id,
    20: _end_of_qualified_name,
    LOCALIZED_TEXT: _end_of_localized_text,
    22: end_of_extension_object,
    23: _end_of_data_value,
    24: end_of_variant,
    25: end_of_diagnostics,
}


def _byte(body: bytes, position: int) -> int:
    if position >= len(body):
        raise UndecodableError("the answer ends inside a value")
    return body[position]


def _int32(body: bytes, position: int) -> int:
    if position + 4 > len(body):
        raise UndecodableError("the answer ends inside a value")
    number: int = _INT32.unpack_from(body, position)[0]
    return number


def _count(body: bytes, position: int) -> tuple[int, int]:
    """Length of a String or array, 0 where it is null, and the position behind it."""
    count = _int32(body, position)
    if count < -1:
        raise UndecodableError(f"a length of {count}")
    return max(count, 0), position + 4


def _inside(body: bytes, position: int) -> int:
    if position > len(body):
        raise UndecodableError("the answer ends inside a value")
    return position
