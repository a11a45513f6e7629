"""Addresses of a Modbus device as a person writes them, and what is wrong with one.  Pure.

They are zero-based (`hr:100`, `ir:`, `co:`, `di:`, bit `hr:100.3`, text of ten registers `hr:100/10`); the 40001 style is read
as what it means.
"""

import re
from functools import lru_cache
from typing import Final

from drivers.errors import MisconfiguredError
from drivers.modbus.place import MAX_TEXT, TEXT, WORD_ORDERS, WORDS, Place, Range, Table
from drivers.modbus.wire import ADDRESSES
from drivers.objections import Objection

_PREFIXED: Final = re.compile(r"(co|di|hr|ir):([0-9]{1,5})(?:\.([0-9]{1,2})|/([0-9]{1,3}))?", re.ASCII)
_NUMBERED: Final = re.compile(r"([0134])([0-9]{4,5})(?:\.([0-9]{1,2})|/([0-9]{1,3}))?", re.ASCII)
_BY_DIGIT: Final = {
    "0": Table.COILS,
    "1": Table.DISCRETE_INPUTS,
    "3": Table.INPUT_REGISTERS,
    "4": Table.HOLDING_REGISTERS,
}
_FORMS: Final = (
    "应写成 hr:100、ir:100、co:100、di:100（从 0 起），位写成 hr:100.3，十个寄存器的文本写成 hr:100/10，或从 1 起的 40101 写法",
    "write hr:100, ir:100, co:100, di:100 (zero-based), a bit as hr:100.3, a text of ten registers as hr:100/10, or 40101 in "
    "the one-based style",
)
_RANGE: Final = re.compile(r"((?:co|di|hr|ir):[0-9]{1,5})(?:-([0-9]{1,5}))?", re.ASCII)


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
            zh = f"此写法从 {first} 起，即 {table.value}:0"
            raise _wrong(text, zh, f"this style counts from {first}, which is {table.value}:0")
    else:
        zh, en = _advice(text)
        raise _wrong(text, f"不是 Modbus 地址：{zh}", f"is not a Modbus address: {en}", colon="")
    if address >= ADDRESSES:
        last = f"{table.value}:{ADDRESSES - 1}"
        raise _wrong(text, f"超出地址表，最后一个地址是 {last}", f"outside the table: addresses end at {last}")
    if length is not None:
        return _text_place(text, table, address, int(length))
    if bit is None:
        return Place(table, address)
    if table.is_bits:
        right = f"{table.value}:{address}"
        raise _wrong(text, f"{table.value} 本身就是位，写成 {right}", f"{table.value} is a bit already, write {right}")
    if int(bit) > 15:
        raise _wrong(text, f"寄存器的位为 0 到 15，不是 {bit}", f"a register has the bits 0 to 15, not {bit}")
    return Place(table, address, int(bit))


def parse_range(text: str) -> Range:
    """Read `hr:100-119` or a single `hr:7`.

    :raises MisconfiguredError: it is not a range; the text says what would be right.
    """
    match = _RANGE.fullmatch(text)
    if match is None:
        zh = "不是地址范围：写成 hr:100-119，单个地址写成 hr:100"
        raise _wrong(text, zh, "is not a range of addresses: write hr:100-119, or hr:100 for a single one", colon="")
    first = parse(match[1])
    last = first.address if match[2] is None else int(match[2])
    if not first.address <= last < ADDRESSES:
        zh = f"最后一个地址应在 {first.address} 到 {ADDRESSES - 1} 之间"
        raise _wrong(text, zh, f"the last address must be from {first.address} to {ADDRESSES - 1}")
    return Range(first.table, first.address, last + 1)


def mistakes(address: str, value_type: str, word_order: str) -> list[Objection]:
    """Everything that is wrong with one point; empty when it can be read."""
    found: list[Objection] = []
    if value_type not in WORDS:
        known = ", ".join(WORDS)
        found.append(
            Objection("type", f"未知类型 {value_type!r}，可用：{known}", f"{value_type!r} is unknown: one of {known}")
        )
    if word_order and word_order not in WORD_ORDERS:
        known = ", ".join(WORD_ORDERS)
        zh = f"未知字节序 {word_order!r}，可用：{known}"
        found.append(Objection("word_order", zh, f"{word_order!r} is unknown: one of {known}"))
    try:
        place = parse(address)
    except MisconfiguredError as error:
        return [*found, Objection("address", error.zh, str(error))]
    if value_type in WORDS:
        found += _misfits(address, place, value_type, word_order)
    return found


def _misfits(address: str, place: Place, value_type: str, word_order: str) -> list[Objection]:
    """Why a value of a type cannot stand at a place."""
    if (place.length is not None) != (value_type == TEXT):
        zh, en = (f"{address}/10 表示十个寄存器", f"{address}/10 for ten registers")
        if value_type != TEXT:
            zh, en = "类型 text", "type text"
        zh = f"{address!r}：文本要写明占几个寄存器：写成 {zh}"
        return [Objection("address", zh, f"{address!r}: a text says how many registers it takes: write {en}")]
    if value_type == TEXT:
        if not word_order or word_order in ("ABCD", "BADC"):
            return []
        zh = f"{word_order!r}：文本只有 ABCD，或字节对调的 BADC"
        return [Objection("word_order", zh, f"{word_order!r}: a text has ABCD, or BADC with the bytes swapped")]
    if value_type != "bool" and (place.table.is_bits or place.bit is not None):
        zh, en = ("单个位", "a single bit") if place.table.is_bits else ("寄存器的一个位", "a bit of a register")
        zh = f"{address!r} 是{zh}：类型应为 bool，不是 {value_type}"
        return [Objection("address", zh, f"{address!r} is {en}: type must be bool, not {value_type}")]
    if place.address + WORDS[value_type] > ADDRESSES:
        count, last = WORDS[value_type], ADDRESSES - WORDS[value_type]
        zh = f"{address!r}：{value_type} 占 {count} 个寄存器，放得下的最后地址是 {last}"
        en = f"{address!r}: {value_type} takes {count} registers, the last that fits is {last}"
        return [Objection("address", zh, en)]
    return []


def _text_place(text: str, table: Table, address: int, length: int) -> Place:
    if table.is_bits:
        raise _wrong(text, f"{table.value} 是位，文本在寄存器里", f"{table.value} is a bit, a text stands in registers")
    most = min(MAX_TEXT, ADDRESSES - address)
    if not 1 <= length <= most:
        zh = f"此处的文本占 1 到 {most} 个寄存器，不是 {length}"
        raise _wrong(text, zh, f"a text here takes 1 to {most} registers, not {length}")
    return Place(table, address, None, length)


def _wrong(text: str, zh: str, en: str, colon: str = ":") -> MisconfiguredError:
    """What is wrong with a text that should be an address."""
    return MisconfiguredError(f"{text!r}{colon} {en}", f"{text!r} {zh}")


def _advice(text: str) -> tuple[str, str]:
    """The closest right spelling, or the list of forms; (zh, en)."""
    plain = text.translate({code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}).strip().lower()
    if plain != text and (_PREFIXED.fullmatch(plain) or _NUMBERED.fullmatch(plain)):
        return f"是否为 {plain}？", f"did you mean {plain}?"
    zh, en = _FORMS
    if re.fullmatch(r"[0-9]+", text, re.ASCII):
        return f"只有数字看不出是哪个地址表；{zh}", f"a bare number does not say the table; {en}"
    return zh, en
