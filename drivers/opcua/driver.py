"""Reads one OPC UA server, scan class by scan class, for as long as its link holds."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final, Self

from drivers.bad_items import BadItems
from drivers.errors import MisconfiguredError
from drivers.opcua import wire
from drivers.opcua.plan import ScanClass, plan
from drivers.opcua.prepared import PreparedRead
from drivers.opcua.readings import batch_of
from drivers.opcua.settings import OpcUaSettings, read_settings
from drivers.opcua.stack import status_words
from drivers.opcua.transport import Session
from drivers.port import Address, Clock, Driver, DriverHealth
from drivers.schedule import Schedule
from rules.columns.readings import ReadingBatch

_RELEARN_NS: Final = 30_000_000_000
"""How often a server is asked again for namespaces that it did not have."""
_LONGEST_REST_S: Final = 1.0


class OpcUaDriver:
    """One session with one server and the scan classes read over it."""

    def __init__(
        self,
        device_id: str,
        settings: OpcUaSettings,
        scan_classes: Sequence[ScanClass],
        bad_items: BadItems,
        clock: Clock,
    ) -> None:
        self._device_id = device_id
        self._scan_classes = tuple(scan_classes)
        self._clock = clock
        self._session = Session(settings, clock, f"Redline {device_id}")
        self._prepared: list[PreparedRead] = []
        self._learned_ns = 0
        self._refused = [0] * len(self._scan_classes)
        self._overruns = 0
        self._behind = False
        self._round_trip_ms = 0.0
        self._settings = settings
        self._bad_items = bad_items

    @property
    def clock_skew_ns(self) -> int | None:
        """Server's clock minus ours; None until the server said its time."""
        return self._session.clock_skew_ns

    def health(self) -> DriverHealth:
        """Tell overruns, round trip of the last scan class read (all its requests together) and what is not as it should be."""
        refused = sum(self._refused)
        impairments = (
            self._session.decoding.slow_because,
            f"{refused} points are refused by the server" if refused else "",
            "scan class periods are not kept" if self._behind else "",
            self._words_of_skew(),
        )
        return DriverHealth(
            overruns=self._overruns,
            round_trip_ms=self._round_trip_ms,
            impairment="; ".join(filter(None, impairments)),
            clock_skew_ns=self.clock_skew_ns,
            bad_items=self._bad_items.items,
        )

    async def __aenter__(self) -> Self:
        """Connect.

        :raises LinkLostError: the server does not answer.
        :raises RefusedError: it does not want us.
        """
        await self._session.__aenter__()
        try:
            await self._prepare()
        except BaseException:
            await self._session.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """Close session and socket in bounded time."""
        await self._session.__aexit__(*exc_info)

    async def batches(self) -> AsyncIterator[ReadingBatch]:
        """Yield one batch per scan class period, the first ones at once.

        :raises LinkLostError: the server stopped answering.
        :raises RefusedError: it does not want us any more.
        """
        if not self._scan_classes:
            while True:
                await self._session.rest(_LONGEST_REST_S)
        schedule = Schedule([each.period_ns for each in self._scan_classes], self._clock.mono_ns())
        while True:
            number = schedule.due(self._clock.mono_ns())
            if number is None:
                await self._session.rest(self._rest_s(schedule))
                continue
            await self._learn_missing_namespaces()
            yield await self._read(number)
            self._behind = schedule.done(number, self._clock.mono_ns()) > 0
            self._overruns = schedule.overruns

    async def _read(self, number: int) -> ReadingBatch:
        begun_ns = self._clock.mono_ns()
        columns = await self._session.read(self._prepared[number])
        received_ns = self._clock.mono_ns()
        self._round_trip_ms = (received_ns - begun_ns) / 1e6
        self._refused[number] = wire.refused(columns.status)
        batch = batch_of(
            self._device_id, self._scan_classes[number], columns, mono_ns=received_ns, wall_ns=self._clock.wall_ns()
        )
        self._bad_items.take(batch)
        return batch

    def _rest_s(self, schedule: Schedule) -> float:
        return min(max(0, schedule.next_due_ns() - self._clock.mono_ns()) / 1e9, _LONGEST_REST_S)

    def _words_of_skew(self) -> str:
        skew_s = (self.clock_skew_ns or 0) / 1e9
        if abs(skew_s) <= self._settings.max_clock_skew_s:
            return ""
        return f"the server's clock is {abs(skew_s):.1f} s {'ahead of' if skew_s > 0 else 'behind'} ours"

    async def _prepare(self) -> None:
        prepared = [self._session.prepare(each.nodes) for each in self._scan_classes]
        if self._settings.register_nodes:
            for each in prepared:
                await self._session.register(each)
        self._prepared = prepared
        self._learned_ns = self._clock.mono_ns()

    async def _learn_missing_namespaces(self) -> None:
        if all(each.complete for each in self._prepared) or self._clock.mono_ns() - self._learned_ns < _RELEARN_NS:
            return
        await self._session.learn_namespaces()
        await self._prepare()


def open_driver(device_id: str, settings: Mapping[str, object], addresses: Sequence[Address], clock: Clock) -> Driver:
    """Make a driver for one attempt, not entered.

    :raises MisconfiguredError: settings or an address can never work.
    """
    try:
        scan_classes = plan(addresses)
    except ValueError as error:
        raise MisconfiguredError(f"{device_id}: {error}") from error
    return OpcUaDriver(device_id, read_settings(settings), scan_classes, BadItems(addresses, status_words), clock)
