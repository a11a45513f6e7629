"""What lives as long as the service, and where the drivers put what they read."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from drivers.port import LinkStatus
from monitor.clock import SystemClock
from monitor.plant.plant import Plant
from monitor.scan.approvals import DriftWatch
from monitor.scan.conditions import Facts
from monitor.scan.inbox import Inbox
from monitor.scan.loop import Scanner
from monitor.scan.publisher import Publisher
from monitor.scan.rule_memory import RuleMemoryKeeper
from monitor.settings import Settings
from monitor.store.history import HistoryStore
from monitor.store.journal import JournalStore
from rules.columns.readings import ReadingBatch

if TYPE_CHECKING:
    from monitor.store.influx import InfluxWriter


@dataclass(frozen=True, slots=True)
class Intake:
    """Where drivers put batches: history gets every one, then the scan's inbox."""

    inbox: Inbox
    history: HistoryStore
    outward: "InfluxWriter | None"

    def put(self, batch: ReadingBatch) -> None:
        """Give one batch to all; none blocks."""
        self.inbox.put(batch)
        self.history.put(batch)
        if self.outward is not None:
            self.outward.put(batch)

    def link(self, status: LinkStatus) -> None:
        """Give a link state to the scan."""
        self.inbox.link(status)


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that lives as long as the service."""

    plant: Plant
    folder: Path
    settings: Settings
    clock: SystemClock
    journal: JournalStore
    history: HistoryStore
    outward: "InfluxWriter | None"
    facts: Facts
    inbox: Inbox
    publisher: Publisher
    scanner: Scanner
    drift: DriftWatch
    keeper: RuleMemoryKeeper
