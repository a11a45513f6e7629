"""Reads a server scan class by scan class, each at its period."""

from collections.abc import AsyncGenerator, Sequence
from typing import Final

from drivers.opcua import wire
from drivers.opcua.plan import ScanClass
from drivers.opcua.prepared import PreparedRead
from drivers.opcua.readings import batch_of
from drivers.opcua.settings import OpcUaSettings
from drivers.opcua.transport import Session
from drivers.port import Clock
from drivers.schedule import Schedule
from drivers.words import Words
from rules.columns.readings import ReadingBatch

_RELEARN_NS: Final = 30_000_000_000
"""How often a server is asked again for namespaces that it did not have."""
_LONGEST_REST_S: Final = 1.0


class Polling:
    """The scan classes of one server, read over one session; `batches` runs until the link drops."""

    def __init__(
        self, device_id: str, session: Session, settings: OpcUaSettings, scan_classes: Sequence[ScanClass], clock: Clock
    ) -> None:
        self._device_id = device_id
        self._session = session
        self._settings = settings
        self._scan_classes = tuple(scan_classes)
        self._clock = clock
        self._prepared: list[PreparedRead] = []
        self._learned_ns = 0
        self._refused = [0] * len(self._scan_classes)
        self._behind = False
        self.overruns = 0
        """Scan class periods that could not be kept."""
        self.round_trip_ms = 0.0
        """Of the last scan class read, all its requests together."""

    @property
    def refused(self) -> int:
        """Nodes that the server refuses."""
        return sum(self._refused)

    @property
    def trouble(self) -> Words:
        """What is not as it should be."""
        return Words("未能保持扫描周期", "scan class periods are not kept") if self._behind else Words()

    async def prepare(self) -> None:
        """Write the requests of this session.

        :raises LinkLostError: the server stopped answering.
        """
        prepared = [self._session.prepare(each.nodes) for each in self._scan_classes]
        if self._settings.register_nodes:
            for each in prepared:
                await self._session.register(each)
        self._prepared = prepared
        self._learned_ns = self._clock.mono_ns()

    async def batches(self) -> AsyncGenerator[ReadingBatch, None]:
        """Yield one batch per scan class period, the first ones at once.

        :raises LinkLostError: the server stopped answering.
        :raises RefusedError: it does not want us any more.
        """
        schedule = Schedule([each.period_ns for each in self._scan_classes], self._clock.mono_ns())
        while True:
            number = schedule.due(self._clock.mono_ns())
            if number is None:
                rest_s = max(0, schedule.next_due_ns() - self._clock.mono_ns()) / 1e9
                await self._session.rest(min(rest_s, _LONGEST_REST_S))
                continue
            await self._learn_missing_namespaces()
            yield await self._read(number)
            self._behind = schedule.done(number, self._clock.mono_ns()) > 0
            self.overruns = schedule.overruns

    async def _read(self, number: int) -> ReadingBatch:
        begun_ns = self._clock.mono_ns()
        columns = await self._session.read(self._prepared[number])
        received_ns = self._clock.mono_ns()
        self.round_trip_ms = (received_ns - begun_ns) / 1e6
        self._refused[number] = wire.refused(columns.status)
        return batch_of(
            self._device_id, self._scan_classes[number], columns, mono_ns=received_ns, wall_ns=self._clock.wall_ns()
        )

    async def _learn_missing_namespaces(self) -> None:
        if all(each.complete for each in self._prepared) or self._clock.mono_ns() - self._learned_ns < _RELEARN_NS:
            return
        await self._session.learn_namespaces()
        await self.prepare()
