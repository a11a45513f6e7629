"""A Modbus TCP device as a Driver: scan classes, staggered, each a batch of columns per period."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Self

import numpy as np

from drivers.errors import MisconfiguredError
from drivers.modbus.registers import Point, point_of
from drivers.modbus.scan_class import ScanClass
from drivers.modbus.settings import ModbusSettings, read_settings
from drivers.modbus.transport import ModbusTransport
from drivers.modbus.wire import ReadRequest
from drivers.ne43 import Bands
from drivers.port import Address, Clock, Driver, DriverHealth, Settings
from drivers.schedule import Schedule
from rules.columns.readings import NO_TIME, Origin, ReadingBatch


class ModbusDriver:
    """One connection to one unit; `open_driver` makes it from what the plant says."""

    def __init__(
        self,
        device_id: str,
        settings: ModbusSettings,
        points: Mapping[int, Sequence[Point]],
        bands: Mapping[int, Bands],
        clock: Clock,
    ) -> None:
        self._device_id = device_id
        self._settings = settings
        self._points = points
        self._clock = clock
        self._bands = tuple(bands[each] for each in sorted(points))
        self._classes: tuple[ScanClass, ...] = ()
        self._transport: ModbusTransport | None = None
        self._schedule: Schedule | None = None
        self._spent_ns = [0] * len(points)
        self._overran = [False] * len(points)
        self._round_trip_ns = 0

    async def __aenter__(self) -> Self:
        """Connect, then plan the reads: a device that stays away costs no planning.

        :raises LinkLostError: no connection within its limit.
        """
        self._transport = await ModbusTransport.connect(self._settings)
        limits = self._settings.limits
        self._classes = tuple(ScanClass(self._points[each], each, limits) for each in sorted(self._points))
        if self._settings.connect_pause_s:
            try:
                await asyncio.sleep(self._settings.connect_pause_s)
            except asyncio.CancelledError:
                await self._transport.close()
                raise
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self._transport is not None:
            await self._transport.close()

    async def batches(self) -> AsyncGenerator[ReadingBatch, None]:
        """Yield one batch per scan class period until the link drops.

        :raises LinkLostError: see ModbusTransport.read.
        :raises MisconfiguredError: no tag names the device.
        """
        if self._transport is None:
            raise MisconfiguredError(f"{self._device_id}: read before it was connected")
        if not self._classes:
            raise MisconfiguredError(f"{self._device_id}: no tag names this device, there is nothing to read")
        self._schedule = Schedule([each.period_ns for each in self._classes], self._clock.mono_ns())
        while True:
            now_ns = self._clock.mono_ns()
            number = self._schedule.due(now_ns)
            if number is None:
                await self._transport.idle((self._schedule.next_due_ns() - now_ns) / 1e9)
            elif await self._advance(self._transport, self._schedule, number):
                yield self._finished(self._schedule, number)

    def health(self) -> DriverHealth:
        """Tell the counters as they stand."""
        troubles = [each.trouble for each in self._classes if each.trouble]
        periods = zip(sorted(self._points), self._overran, strict=True)
        slow = [f"{period_ns / 1e9:g} s" for period_ns, overran in periods if overran]
        if slow:
            troubles.append(f"scan class period not kept: {', '.join(slow)}")
        return DriverHealth(
            overruns=self._schedule.overruns if self._schedule is not None else 0,
            round_trip_ms=self._round_trip_ns / 1e6,
            impairment="; ".join(troubles),
        )

    async def _advance(self, transport: ModbusTransport, schedule: Schedule, number: int) -> bool:
        """Read on in a scan class until it is through (True) or a more urgent one is due."""
        reads = self._classes[number]
        begun_ns = self._clock.mono_ns()
        if not reads.is_running:
            reads.begin(begun_ns)
            self._spent_ns[number] = 0
        until_ns = schedule.until_ns(number, begun_ns)
        for_s = float("inf") if until_ns is None else (until_ns - begun_ns) / 1e9
        unit = self._settings.unit_id
        requests = [ReadRequest(unit, block.table.function, block.start, block.count) for block in reads.waiting]
        reads.take(await transport.read(requests, for_s))
        self._spent_ns[number] += self._clock.mono_ns() - begun_ns
        return not reads.waiting

    def _finished(self, schedule: Schedule, number: int) -> ReadingBatch:
        reads = self._classes[number]
        mono_ns, wall_ns = self._clock.mono_ns(), self._clock.wall_ns()
        columns = reads.finish()
        value, quality, status = self._bands[number].judge(columns.value, columns.quality, columns.status)
        self._overran[number] = schedule.done(number, mono_ns) > 0
        self._round_trip_ns = self._spent_ns[number]
        return ReadingBatch(
            device=self._device_id,
            received_mono_ns=mono_ns,
            received_wall_ns=wall_ns,
            origin=Origin.LIVE,
            row=reads.rows,
            value=value,
            quality=quality,
            status=status,
            source_time_ns=np.full(len(reads.rows), NO_TIME, np.int64),
            raw=columns.raw,
        )


def open_driver(device_id: str, settings: Settings, addresses: Sequence[Address], clock: Clock) -> Driver:
    """Make a fresh driver, not yet connected.

    :raises MisconfiguredError: settings or addresses that can never work, with all reasons.
    """
    checked = read_settings(settings)
    points: dict[int, list[Point]] = {}
    found: list[str] = []
    for address in addresses:
        try:
            points.setdefault(address.scan_period_ns, []).append(point_of(address))
        except MisconfiguredError as error:
            found.append(str(error))
    if found:
        raise MisconfiguredError("; ".join(found))
    bands = {
        period_ns: Bands.of([address for address in addresses if address.scan_period_ns == period_ns])
        for period_ns in points
    }
    return ModbusDriver(device_id, checked, points, bands, clock)
