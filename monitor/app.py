"""The composition root: builds every part, owns the one task group, and dies with its scanner."""

import asyncio
import gc
import logging
import signal
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import DatabaseError

from drivers import registry
from drivers.poll import poll
from drivers.port import LinkStatus
from monitor.accounts import prepare_accounts
from monitor.alarms.identity import definition_hash
from monitor.alarms.record import Entry
from monitor.api.app import create_api
from monitor.api.context import ApiOptions
from monitor.api.ports import DeviceCard, PlantCard
from monitor.api.server import listening_socket, uvicorn_server
from monitor.api.stream import StreamHub
from monitor.clock import SystemClock
from monitor.hazards.view import ChannelStatus
from monitor.notify.registry import open_senders
from monitor.notify.sender import Sender
from monitor.plant.folder import fingerprint
from monitor.plant.plant import Plant
from monitor.scan.approvals import DriftWatch, approve_demo, last_approval
from monitor.scan.conditions import Facts
from monitor.scan.floods import SEED_NS, SEED_STEPS
from monitor.scan.inbox import Inbox
from monitor.scan.loop import Scanner, ScanPlan
from monitor.scan.loop_lag import measure_loop_lag
from monitor.scan.publisher import Publisher
from monitor.settings import Settings
from monitor.store.history import HistoryStore, open_history
from monitor.store.journal import JournalStore, open_journal
from monitor.version import VERSION
from monitor.watchdog import Watchdog
from rules.columns.readings import ReadingBatch
from rules.compile import compile_rules

if TYPE_CHECKING:
    from monitor.store.influx import InfluxWriter

LOG = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 5.0
KEEP_EVERY_S: Final = 3600.0
DISK_LOW: Final = 0.10
"""Design 5: `system.disk` at 10 % free."""
OVERRUN_SHOWN_NS: Final = 60_000_000_000


class StopRequestedError(Exception):
    """SIGTERM or SIGINT: end in order."""


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


async def serve(plant: Plant, folder: Path, settings: Settings) -> None:
    """Run the monitor until it is told to stop.  Top to bottom is start order; bottom to top is stop order.

    :raises JournalRefusedError: the state folder cannot be used; the error says what to do.
    :raises ListenError: the port cannot be listened on.
    :raises BaseExceptionGroup: a part died; the process must end with it.
    """
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        listening = listening_socket(settings.host, settings.port)
        stack.callback(listening.close)
        journal = await stack.enter_async_context(open_journal(settings.state_dir, plant.id, settings, clock))
        history = await stack.enter_async_context(
            open_history(
                settings.state_dir / "history.duckdb",
                plant.tags,
                plant.history_keep_days,
                settings.journal_reserve_bytes,
                clock,
            )
        )
        facts = Facts()
        outward = await stack.enter_async_context(_outward(plant, facts))
        await prepare_accounts(journal, demo=settings.demo_accounts, persons=tuple(item.id for item in plant.persons))
        inbox = Inbox(plant.tags)
        publisher = Publisher(inbox.wake)
        scanner = Scanner(_scan_plan(plant), inbox, publisher, journal, clock, facts)
        drift = await _drift_watch(plant, journal, settings, clock.wall_ns())
        scanner.restore(await journal.load_board(), journal.seq)
        scanner.remember(await journal.recent_annunciations(clock.wall_ns() - SEED_NS, SEED_STEPS))
        scanner.note(_started(plant, clock.wall_ns()))
        await scanner.scan()
        stack.enter_context(Watchdog(lambda: publisher.view().mono_ns, clock))
        await _run(
            plant,
            folder,
            settings,
            clock,
            listening,
            Parts(journal, history, outward, facts, inbox, publisher, scanner, drift),
        )
        # only after an orderly stop: the part that died may be the journal, and a second error must not hide the first
        await journal.record(_stopped(clock.wall_ns()))


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that lives as long as the service."""

    journal: JournalStore
    history: HistoryStore
    outward: "InfluxWriter | None"
    facts: Facts
    inbox: Inbox
    publisher: Publisher
    scanner: Scanner
    drift: DriftWatch


async def _drift_watch(plant: Plant, journal: JournalStore, settings: Settings, wall_ns: int) -> DriftWatch:
    """What runs against what was approved last; the demo approves its own plant, so that it starts calm."""
    running = {definition.id: definition_hash(definition) for definition in plant.definitions}
    if settings.demo_accounts:
        await approve_demo(journal, running, plant.fingerprint, plant.persons, wall_ns)
    return DriftWatch(await last_approval(journal), running, plant.fingerprint)


@asynccontextmanager
async def _outward(plant: Plant, facts: Facts) -> "AsyncIterator[InfluxWriter | None]":
    """The writer to an outer history, where `[history.influx]` asks for one."""
    if not plant.influx:
        yield None
        return
    from monitor.store.influx import influx_target, open_influx  # slow to import, and few plants have it

    try:
        target = await asyncio.to_thread(influx_target, plant.influx)
    except (ValueError, OSError) as error:  # an outer history that is set wrong must not stop the watch
        facts.outward_error = str(error)
        LOG.warning("[history.influx] is not used: %s", error)
        yield None
        return
    async with open_influx(target, plant.id, plant.tags) as writer:
        yield writer


async def _run(
    plant: Plant, folder: Path, settings: Settings, clock: SystemClock, listening: socket.socket, parts: Parts
) -> None:
    """The one task group of the service: any child that dies ends all of them."""

    def on_status(status: ChannelStatus) -> None:
        parts.facts.channels[status.channel] = status

    card = plant_card(plant)
    hub = StreamHub(card, parts.publisher, clock)
    options = ApiOptions(
        version=VERSION,
        cookie_secure=settings.cookie_secure,
        session_hours=settings.session_hours,
        allowed_origins=settings.allowed_origins,
    )
    measured = parts.scanner.diagnostics
    api = create_api(card, parts.publisher, parts.journal, parts.history, parts.journal, clock, options, hub, measured)
    server = uvicorn_server(api)
    senders = open_senders(plant.notification, plant.definitions, parts.journal, clock, on_status)
    intake = Intake(parts.inbox, parts.history, parts.outward)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(parts.scanner.run(), name="scan")
            tasks.create_task(hub.run(), name="stream hub")
            tasks.create_task(measure_loop_lag(measured.lag, clock), name="loop lag")
            tasks.create_task(_watch_self(plant, folder, clock, parts), name="watch self")
            tasks.create_task(_keep_journal(plant, parts.journal), name="keep journal")
            tasks.create_task(_notify(senders, parts), name="notify")
            tasks.create_task(server.serve(sockets=[listening]), name="api")
            tasks.create_task(_stop_on_signal(), name="signals")
            await asyncio.to_thread(registry.load, [device.kind for device in plant.devices])
            # what stands after the start is for ever: a full collection would stop everything 150 ms to look through it
            gc.freeze()
            for device in plant.devices:
                factory = partial(
                    registry.open_driver, device.kind, device.id, device.settings, device.addresses, clock
                )
                tasks.create_task(poll(device.id, factory, intake, clock), name=f"poll {device.id}")
    except* StopRequestedError:
        pass
    finally:
        gc.unfreeze()


async def _notify(senders: Sequence[Sender], parts: Parts) -> None:
    """Start the channels once the board is right; then keep the retained board of each up to date."""
    await parts.scanner.settled()
    feed = parts.publisher.subscribe()
    try:
        async with asyncio.TaskGroup() as tasks:
            for sender in senders:
                sender.notifier.publish_board(parts.publisher.view().alarms)
                tasks.create_task(sender.run(), name=f"channel {sender.channel.id}")
            while True:
                view, events = await feed.next()
                if events:
                    for sender in senders:
                        sender.notifier.publish_board(view.alarms)
    finally:
        feed.close()


async def _watch_self(plant: Plant, folder: Path, clock: SystemClock, parts: Parts) -> None:
    """Look at disk, history, inbox and plant files; what is wrong becomes a system alarm."""
    overruns, overrun_until_ns = 0, 0
    while True:
        space = await parts.journal.disk_space()
        found = await asyncio.to_thread(fingerprint, folder)
        parts.scanner.plant_differs = found != plant.fingerprint
        parts.scanner.drift = parts.drift.look(found)
        parts.facts.system["system.drift"] = parts.scanner.drift.state == "drifted"
        if parts.inbox.overruns != overruns:
            overruns, overrun_until_ns = parts.inbox.overruns, clock.mono_ns() + OVERRUN_SHOWN_NS
        parts.facts.system["system.disk"] = space.free_fraction < DISK_LOW
        outward_error = parts.outward.error if parts.outward is not None else parts.facts.outward_error
        parts.facts.system["system.history"] = parts.history.paused or bool(parts.history.error or outward_error)
        parts.facts.system["system.overrun"] = clock.mono_ns() < overrun_until_ns
        await asyncio.sleep(LOOK_EVERY_S)


async def _keep_journal(plant: Plant, journal: JournalStore) -> None:
    """Every hour: sign the last row, forget what is older than the plant keeps."""
    while True:
        await asyncio.sleep(KEEP_EVERY_S)
        try:
            await journal.anchor()
            pruned = await journal.prune(plant.journal_keep_days)
        except DatabaseError as error:  # the next commit finds out for itself; forgetting may wait an hour
            LOG.warning("the journal was not pruned: %s", error)
        else:
            if pruned:
                LOG.info("%d rows older than %d days were forgotten", pruned, plant.journal_keep_days)


async def _stop_on_signal() -> None:
    """Wait for SIGTERM or SIGINT.

    :raises StopRequestedError: it came.
    """
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    await asked.wait()
    raise StopRequestedError


def _scan_plan(plant: Plant) -> ScanPlan:
    return ScanPlan(
        table=plant.tags,
        rule_set=compile_rules(plant.rules, plant.tags),
        definitions=plant.definitions,
        notification=plant.notification,
        start_grace_ns=plant.start_grace_ns,
        performance=plant.performance,
        philosophy=plant.philosophy,
    )


def plant_card(plant: Plant) -> PlantCard:
    """The plant as the API shows it."""
    return PlantCard(
        id=plant.id,
        name_zh=plant.name_zh,
        name_en=plant.name_en,
        timezone=plant.timezone,
        language=plant.language,
        tags=plant.tags,
        definitions=plant.definitions,
        hazard_sources=plant.hazard_sources,
        process_units=plant.process_units,
        equipment=plant.equipment,
        interlocks=plant.interlocks,
        devices=tuple(
            DeviceCard(
                id=device.id,
                kind=device.kind,
                name_zh=device.name_zh,
                name_en=device.name_en,
                endpoint=_endpoint(device.settings),
                addresses={address.tag: address.address for address in device.addresses},
            )
            for device in plant.devices
        ),
        persons=plant.persons,
        channels=plant.channels,
        history_keep_days=plant.history_keep_days,
        performance=plant.performance,
        philosophy=plant.philosophy,
    )


def _endpoint(settings: object) -> str:
    """Where the device is, without any secret."""
    if not isinstance(settings, dict):
        return ""
    if "endpoint" in settings:
        return str(settings["endpoint"])
    return f"{settings.get('host', '')}:{settings.get('port', 502)}/{settings.get('unit_id', 1)}"


def _started(plant: Plant, wall_ns: int) -> Entry:
    return Entry(
        kind="start",
        wall_ns=wall_ns,
        message_zh=f"Redline {VERSION} 启动，监控 {plant.name_zh}",
        message_en=f"Redline {VERSION} started, watching {plant.name_en}",
        values={"version": VERSION, "plant_fingerprint": plant.fingerprint, "tags": len(plant.tags)},
    )


def _stopped(wall_ns: int) -> Entry:
    return Entry(
        kind="stop",
        wall_ns=wall_ns,
        message_zh="Redline 停止，停止期间无监控",
        message_en="Redline stopped: nothing is watched",
    )
