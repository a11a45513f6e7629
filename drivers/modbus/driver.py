"""A Modbus device as a Driver: scan classes, staggered, each a batch of columns per period."""

import logging
import zlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Self

import numpy as np

from drivers.bad_items import BadItems
from drivers.errors import MisconfiguredError
from drivers.modbus import lines
from drivers.modbus.line import Line
from drivers.modbus.liveness import Liveness
from drivers.modbus.points import Point, point_of
from drivers.modbus.registers import Columns
from drivers.modbus.scan_class import ScanClass
from drivers.modbus.settings import ModbusSettings, read_settings
from drivers.modbus.wire import ReadRequest, Refusal
from drivers.ne43 import Bands
from drivers.port import Address, Clock, DriverHealth, Settings
from drivers.schedule import Schedule
from drivers.words import Words, joined
from rules.columns.quality import Quality, is_usable
from rules.columns.readings import NO_TIME, Origin, ReadingBatch
from rules.columns.status import BAD_SENSOR_FAILURE

_log = logging.getLogger(__name__)


class ModbusDriver:
    """One unit on its line, from its first connection to its loss; `open_driver` makes it from what the plant says."""

    def __init__(
        self,
        device_id: str,
        settings: ModbusSettings,
        points: Mapping[int, Sequence[Point]],
        bands: Mapping[int, Bands],
        bad_items: BadItems,
        clock: Clock,
    ) -> None:
        self._device_id = device_id
        self._settings = settings
        self._points = {period_ns: tuple(points[period_ns]) for period_ns in sorted(points)}
        self._clock = clock
        self._bad_items = bad_items
        self._bands = tuple(bands[each] for each in self._points)
        self._liveness = Liveness(settings)
        self._classes: tuple[ScanClass, ...] = ()
        self._line: Line | None = None
        self._schedule: Schedule | None = None
        self._spent_ns = [0] * len(points)
        self._overran = [False] * len(points)
        self._round_trip_ns = 0

    async def __aenter__(self) -> Self:
        """Connect, then plan the reads or take up what an earlier connection found out: who stays away costs no planning.

        :raises LinkLostError: no connection within its limit.
        :raises MisconfiguredError: another device describes the same line differently.
        """
        if self._settings.window > 1:
            self._plan()  # what proves the window is the first read of the plan
        try:
            self._line = await lines.enter(self._settings.line, self._proof, self._settings.timeout_s)
        except BaseException:
            self._keep()
            raise
        self._plan()
        if self._line.window < self._settings.window:
            _log.warning(
                "%s: did not answer %d requests at once, so it is asked one by one; set window = 1",
                self._device_id,
                self._settings.window,
            )
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self._line is not None:
            self._keep()
            await lines.leave(self._line)
            self._line = None

    @property
    def line(self) -> Line:
        """The line it reads over, for its figures.

        :raises MisconfiguredError: it is not entered.
        """
        if self._line is None:
            raise MisconfiguredError(f"{self._device_id}: read before it was connected", f"{self._device_id}：尚未连接")
        return self._line

    @property
    def _proof(self) -> ReadRequest | None:
        return self._classes[0].reads[0].request if self._classes and self._classes[0].reads else None

    def _plan(self) -> None:
        if not self._classes:
            self._classes = lines.recall(self._key) or self.planned()

    def _keep(self) -> None:
        if self._classes:
            lines.keep(self._key, self._classes)

    def planned(self) -> tuple[ScanClass, ...]:
        """The scan classes as they are before anything was found out of the device, heartbeat and sentinel among them."""
        limits, unit = self._settings.limits, self._settings.unit_id
        return tuple(
            ScanClass((*points, *self._liveness.points), period_ns, limits, unit)
            for period_ns, points in self._points.items()
        )

    async def batches(self) -> AsyncGenerator[ReadingBatch, None]:
        """Yield one batch per scan class period until the link drops.

        :raises LinkLostError: see Line.read.
        :raises MisconfiguredError: no tag names the device.
        """
        line = self.line
        if not self._classes:
            zh = f"{self._device_id}：没有位号使用此设备，无可读取"
            raise MisconfiguredError(f"{self._device_id}: no tag names this device, there is nothing to read", zh)
        share = zlib.crc32(self._device_id.encode()) / 2**32  # any number that differs from device to device
        self._schedule = Schedule([each.period_ns for each in self._classes], self._clock.mono_ns(), share)
        while True:
            now_ns = self._clock.mono_ns()
            number = self._schedule.due(now_ns)
            if number is None:
                await line.idle((self._schedule.next_due_ns() - now_ns) / 1e9)
            elif await self._advance(line, self._schedule, number):
                yield self._finished(self._schedule, number)

    def health(self) -> DriverHealth:
        """Tell the counters as they stand."""
        troubles = [self._liveness.words, *(each.trouble for each in self._classes)]
        periods = zip(self._points, self._overran, strict=True)
        slow = [f"{period_ns / 1e9:g} s" for period_ns, overran in periods if overran]
        if slow:
            listed = ", ".join(slow)
            troubles.append(Words(f"未能保持扫描周期：{listed}", f"scan class period not kept: {listed}"))
        return DriverHealth(
            overruns=self._schedule.overruns if self._schedule is not None else 0,
            round_trip_ms=self._round_trip_ns / 1e6,
            impairment=joined(troubles),
            bad_items=self._bad_items.items,
        )

    @property
    def _key(self) -> tuple[object, ...]:
        return (self._device_id, self._settings, tuple(self._points.items()))

    async def _advance(self, line: Line, schedule: Schedule, number: int) -> bool:
        """Read on in a scan class until it is through (True) or a more urgent one is due."""
        reads = self._classes[number]
        begun_ns = self._clock.mono_ns()
        if not reads.is_running:
            reads.begin(begun_ns)
            self._spent_ns[number] = 0
        until_ns = schedule.until_ns(number, begun_ns)
        for_s = float("inf") if until_ns is None else (until_ns - begun_ns) / 1e9
        requests = [read.request for read in reads.waiting]
        reads.take(await line.read(requests, self._settings.timeout_s, for_s))
        self._spent_ns[number] += self._clock.mono_ns() - begun_ns
        return not reads.waiting

    def _finished(self, schedule: Schedule, number: int) -> ReadingBatch:
        reads = self._classes[number]
        mono_ns, wall_ns = self._clock.mono_ns(), self._clock.wall_ns()
        columns = self._judged(reads.finish(), len(self._points[reads.period_ns]), mono_ns)
        value, quality, status = self._bands[number].judge(columns.value, columns.quality, columns.status)
        self._overran[number] = schedule.done(number, mono_ns) > 0
        self._round_trip_ns = self._spent_ns[number]
        rows = reads.rows[: len(value)]
        batch = ReadingBatch(
            device=self._device_id,
            received_mono_ns=mono_ns,
            received_wall_ns=wall_ns,
            origin=Origin.LIVE,
            row=rows,
            value=value,
            quality=quality,
            status=status,
            source_time_ns=np.full(len(rows), NO_TIME, np.int64),
            raw=columns.raw,
            texts=tuple((int(rows[point]), text) for point, text in columns.texts),
        )
        if self._bad_items.items or np.count_nonzero(quality):  # GOOD is 0; mostly there is nothing to note
            self._bad_items.take(batch)
        return batch

    def _judged(self, columns: Columns, count: int, mono_ns: int) -> Columns:
        """The columns of the tags, worse where heartbeat or sentinel say so."""
        if not self._liveness.points:
            return columns
        self._liveness.judge(columns.raw[count:].tolist(), mono_ns)
        value, quality = columns.value[:count], columns.quality[:count]
        worst = self._liveness.quality
        if worst is not Quality.GOOD:
            quality = np.where(is_usable(quality), np.uint8(worst), quality)
        if worst is Quality.BAD:
            value = np.full(count, np.nan)
        return Columns(value, quality, columns.status[:count], columns.raw[:count], columns.texts)


def open_driver(device_id: str, settings: Settings, addresses: Sequence[Address], clock: Clock) -> ModbusDriver:
    """Make a fresh driver, not yet connected.

    :raises MisconfiguredError: settings or addresses that can never work, with all reasons.
    """
    checked = read_settings(settings)
    points: dict[int, list[Point]] = {}
    found: list[MisconfiguredError] = []
    for address in addresses:
        try:
            points.setdefault(address.scan_period_ns, []).append(point_of(address))
        except MisconfiguredError as error:
            found.append(error)
    if found:
        raise MisconfiguredError("; ".join(map(str, found)), "；".join(error.zh for error in found))
    bands = {
        period_ns: Bands.of([address for address in addresses if address.scan_period_ns == period_ns])
        for period_ns in points
    }
    return ModbusDriver(device_id, checked, points, bands, BadItems(addresses, _reason), clock)


def _reason(status: int) -> Words:
    """What a status means that came with an unusable value."""
    if not status:
        zh = "不是有限的数、不是十进制数字，或设备不可信"
        return Words(zh, "no finite number, no decimal digits, or its device is not believed")
    if status == BAD_SENSOR_FAILURE:
        return Words("信号表明传感器故障（NE 43）", "the signal says that its sensor failed (NE 43)")
    return Refusal(status).words
