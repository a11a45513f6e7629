"""The engineer's commands for Modbus devices: the plan of reads, who is on a line, one address, and what polling costs.

They take the same settings and addresses as the driver.  Each returns an exit code: 0 good, 1 not.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from rich.console import Console
from rich.table import Table as Sheet

from drivers.errors import LinkLostError
from drivers.modbus.addresses import mistakes, parse
from drivers.modbus.driver import open_driver
from drivers.modbus.identification import OBJECT_NAMES, IdentifyRequest, identity
from drivers.modbus.line import Line
from drivers.modbus.line_settings import LineSettings
from drivers.modbus.place import TEXT, WORD_ORDERS, WORDS, Place, span_of
from drivers.modbus.plan import Block, unused_of
from drivers.modbus.points import Point
from drivers.modbus.registers import Decoder
from drivers.modbus.scan_class import ScanClass
from drivers.modbus.settings import ModbusSettings, read_settings
from drivers.modbus.wire import UNIT_OFFLINE, Answer, ReadFunction, ReadRequest, Refusal
from drivers.port import Address, Clock, Settings
from rules.columns.quality import is_usable

WORDS_OF: Final = {
    "zh": {
        "class": "扫描类", "request": "请求", "count": "数量", "unused": "多读", "tags": "位号", "unit": "单元",
        "says": "自述", "address": "地址", "hex": "原始字节", "rows": "点数", "good": "可用", "ms": "往返 ms",
        "plan": "{0}：{1} 个请求读取 {2} 个位号（逐点读取需 {3} 个）",
        "scan": "{0}：单元 {1}–{2} 中有 {3} 个应答",
        "watch": "{0}：{1} 个请求，{2} 次超时，{3} 个迟到应答，{4} 次周期超限；{5}",
        "silent": "应答，但不支持 43/14", "fine": "无异常",
    },
    "en": {
        "class": "scan class", "request": "request", "count": "count", "unused": "unused", "tags": "tags", "unit": "unit",
        "says": "says of itself", "address": "address", "hex": "bytes", "rows": "points", "good": "usable", "ms": "round trip ms",
        "plan": "{0}: {1} requests read {2} tags ({3} with one request per tag)",
        "scan": "{0}: of units {1} to {2}, {3} answer",
        "watch": "{0}: {1} requests, {2} timeouts, {3} late answers, {4} overruns; {5}",
        "silent": "answers, knows no 43/14", "fine": "nothing wrong",
    },
}  # fmt: skip
"""What the commands print, by language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What the plant folder says of one device."""

    id: str
    settings: Settings
    addresses: Sequence[Address]
    language: str = "zh"

    @property
    def checked(self) -> ModbusSettings:
        """Its keys.

        :raises MisconfiguredError: with every mistake.
        """
        return read_settings(self.settings)

    def say(self, key: str, *values: object) -> str:
        """A text of the tool in the device's language."""
        return WORDS_OF[self.language][key].format(*values)


def plan(device: Device, clock: Clock, *, machine: bool = False) -> int:
    """Print the requests of each scan class, and how many one request per tag would be."""
    classes = open_driver(device.id, device.settings, device.addresses, clock).planned()
    requests = [(each, block) for each in classes for block in each.blocks]
    if machine:
        told = [_as_json(each, block) for each, block in requests]
        print(json.dumps({"device": device.id, "naive": len(device.addresses), "requests": told}))
        return 0
    sheet = _sheet(device, "class", "request", "count", "unused", "tags")
    for each, block in requests:
        tags = [each.points[member].tag for member in block.members]
        shown = ", ".join(tags[:6]) + (f" … +{len(tags) - 6}" if len(tags) > 6 else "")
        start, unused = f"{block.table.value}:{block.start}", unused_of(block, each.spans)
        sheet.add_row(f"{each.period_ns / 1e9:g} s", start, str(block.count), str(unused), shown)
    _show(sheet, device.say("plan", device.id, len(requests), len(device.addresses), len(device.addresses)))
    return 0


async def scan(device: Device, first: int, last: int) -> int:
    """Ask every unit who it is; 0 when any answers."""
    settings = device.checked
    # units that are silent must not end the connection
    line_settings = replace(settings.line, is_shared=True, window=1, connections=1)
    sheet = _sheet(device, "unit", "says")
    found = 0
    async with _opened(line_settings) as line:
        for unit in range(first, last + 1):
            said = await _who(line, unit, settings.timeout_s)
            if said is not None:
                found += 1
                sheet.add_row(str(unit), said or device.say("silent"))
    _show(sheet, device.say("scan", device.id, first, last, found))
    return 0 if found else 1


async def read(device: Device, address: str, value_type: str, word_order: str, count: int) -> int:
    """Read one address, or `count` values in a row, and print bytes and values; in every word order when none is given."""
    if found := mistakes(address, value_type, word_order):
        Console(stderr=True).print("\n".join(each.text(device.language) for each in found), soft_wrap=True)
        return 2
    settings = device.checked
    place = parse(address)
    span = span_of(place, value_type)
    places = [replace(place, address=place.address + number * span.count) for number in range(count)]
    many = [word_order] if word_order else [*WORD_ORDERS] if WORDS.get(value_type, 1) > 1 else ["ABCD"]
    block = Block(place.table, place.address, span.count * count, tuple(range(count)))
    request = ReadRequest(settings.unit_id, place.table.function, block.start, block.count)
    async with _opened(settings.line) as line:
        (answer,) = await line.read([request], settings.timeout_s)
    if isinstance(answer, Refusal):
        Console(stderr=True).print(f"{address}: {answer}", soft_wrap=True)
        return 1
    sheet = _sheet(device, "address", "hex")
    for order in many:
        sheet.add_column(order, justify="right")
    columns = [_decoded(places, value_type, order, block, answer) for order in many]
    for number, each in enumerate(places):
        width = 2 * span.count
        wire = "" if place.table.is_bits else answer[number * width : (number + 1) * width].hex(" ", 2)
        sheet.add_row(str(each), wire, *(column[number] for column in columns))
    _show(sheet, f"{device.id}: {request}")
    return 0


async def watch(device: Device, clock: Clock, seconds: float) -> int:
    """Read as the service does for some seconds, a line per batch, then what it took; 0 when nothing was wrong."""
    driver = open_driver(device.id, device.settings, device.addresses, clock)
    console, usable = Console(), True
    async with driver, aclosing(driver.batches()) as batches:
        try:
            async with asyncio.timeout(seconds):
                async for batch in batches:
                    good = int(np.count_nonzero(is_usable(batch.quality)))
                    usable = usable and good == len(batch)
                    milliseconds = driver.health().round_trip_ms
                    words = f"{device.say('rows')} {len(batch)}  {device.say('good')} {good}  {device.say('ms')}"
                    console.print(f"{words} {milliseconds:.1f}", highlight=False)
        except TimeoutError:
            pass
        line, health = driver.line, driver.health()
        figures = (line.transactions, line.timeouts, line.late_answers, health.overruns)
        trouble = health.impairment.zh if device.language == "zh" else health.impairment.en
        said = device.say("watch", device.id, *figures, trouble or device.say("fine"))
        console.print(said, highlight=False, soft_wrap=True)
    return 0 if usable and not health.impairment else 1


@asynccontextmanager
async def _opened(settings: LineSettings) -> AsyncIterator[Line]:
    """A line of the tool's own, open; closed in the end."""
    line = Line(settings)
    try:
        await line.open()
        yield line
    finally:
        await line.close()


async def _who(line: Line, unit: int, timeout_s: float) -> str | None:
    """What a unit says of itself, empty when it does not know how; None when nobody answers."""
    try:
        await line.open()
        said = await _introduced(line, unit, timeout_s)
        if isinstance(said, Refusal) and said.code not in UNIT_OFFLINE:
            # a device that knows no 43/14 may still be told from a gateway that answers for nobody
            (answer,) = await line.read([ReadRequest(unit, ReadFunction.READ_HOLDING_REGISTERS, 0, 1)], timeout_s)
            return None if isinstance(answer, Refusal) and answer.code in UNIT_OFFLINE else ""
    except LinkLostError:
        return None
    return None if isinstance(said, Refusal) else said


async def _introduced(line: Line, unit: int, timeout_s: float) -> str | Refusal:
    """Everything a unit says of itself, over as many answers as it needs, or its refusal."""
    words: dict[int, str] = {}
    following: int | None = 0
    while following is not None and following not in words:
        (answer,) = await line.read([IdentifyRequest(unit, following)], timeout_s)
        if isinstance(answer, Refusal):
            return answer
        said = identity(answer)
        words |= said.objects
        following = said.following
    return ", ".join(f"{OBJECT_NAMES.get(number, number)} {text}" for number, text in words.items())


def _decoded(places: Sequence[Place], value_type: str, order: str, block: Block, answer: Answer) -> list[str]:
    points = [Point("", row, place, value_type, order, 0.0, 1.0, 0.0) for row, place in enumerate(places)]
    columns = Decoder(points, (block,)).decode([answer], np.zeros(len(points), np.uint32))
    texts = dict(columns.texts)
    return [
        texts.get(row, f"{value:.9g}") if value_type == TEXT else f"{value:.9g}"
        for row, value in enumerate(columns.value)
    ]


def _as_json(each: ScanClass, block: Block) -> dict[str, object]:
    return {
        "period_s": each.period_ns / 1e9,
        "table": block.table.value,
        "start": block.start,
        "count": block.count,
        "unused": unused_of(block, each.spans),
        "tags": [each.points[member].tag for member in block.members],
    }


def _sheet(device: Device, *keys: str) -> Sheet:
    sheet = Sheet(title=device.id, title_justify="left")
    for key in keys:
        sheet.add_column(device.say(key), overflow="fold")
    return sheet


def _show(sheet: Sheet, words: str) -> None:
    console = Console()
    console.print(sheet)
    console.print(words, highlight=False, soft_wrap=True)
