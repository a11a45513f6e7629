"""Start, run and end in order: one task group, and any part that dies ends all of them."""

import asyncio
import gc
import logging
import signal
import socket
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from drivers import registry
from drivers.poll import poll
from monitor.accounts import prepare_accounts
from monitor.alarms.identity import definition_hash
from monitor.alarms.record import Entry
from monitor.api.listen import listening_socket
from monitor.app.outward import outer_history
from monitor.app.parts import Intake, Parts
from monitor.app.shadow import watch_shadow
from monitor.app.upkeep import keep_journal, watch_self
from monitor.clock import SystemClock, boot_id
from monitor.plant.plant import Plant
from monitor.scan.approvals import DriftWatch, approve_demo, last_approval
from monitor.scan.conditions import Facts
from monitor.scan.floods import SEED_NS, SEED_STEPS
from monitor.scan.inbox import Inbox
from monitor.scan.loop import Scanner
from monitor.scan.loop_lag import measure_loop_lag
from monitor.scan.plan import ScanPlan
from monitor.scan.publisher import Publisher
from monitor.scan.rule_memory import RuleMemoryKeeper
from monitor.scan.shadow import Shadow, ShadowPlan
from monitor.settings import Settings
from monitor.store.history import open_history
from monitor.store.journal import JournalStore, open_journal
from monitor.version import VERSION
from monitor.watchdog import Watchdog
from rules.compile import compile_rules
from rules.language.conditions import ConditionColumns
from rules.restore import Restored

LOG = logging.getLogger(__name__)


class StopRequestedError(Exception):
    """SIGTERM or SIGINT: end in order."""


async def serve(plant: Plant, folder: Path, settings: Settings, shadow: ShadowPlan | None = None) -> None:
    """Run the monitor until it is told to stop.  Top to bottom is start order; bottom to top is stop order.

    `shadow` are rules that are judged beside the live ones and raise nothing.

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
        outward = await stack.enter_async_context(outer_history(plant, facts))
        await prepare_accounts(journal, demo=settings.demo_accounts, persons=tuple(item.id for item in plant.persons))
        inbox = Inbox(plant.tags)
        publisher = Publisher(inbox.wake)
        scanner = Scanner(_scan_plan(plant), inbox, publisher, journal, clock, facts)
        drift = await _drift_watch(plant, journal, settings, clock.wall_ns())
        stored = await journal.rule_memory()
        restored = scanner.restore(await journal.load_board(), journal.seq, stored)
        scanner.restore_permits(*await journal.load_permits())
        for left in scanner.restore_interlocks(await journal.load_interlocks(), boot_id()):
            LOG.info("what was remembered of interlock %s was left out: %s", left.interlock, left.reason)
        scanner.remember(await journal.recent_annunciations(clock.wall_ns() - SEED_NS, SEED_STEPS))
        keeper = RuleMemoryKeeper(
            scanner.rule_set, lambda: scanner.memory, journal, clock, found=[part.name for part in stored]
        )
        if shadow is not None:
            scanner.shadow = Shadow(shadow, scanner.rule_set, clock)
        scanner.note(_started(plant, clock.wall_ns(), restored))
        await scanner.scan()
        stack.enter_context(Watchdog(lambda: publisher.view().mono_ns, clock))
        parts = Parts(
            plant, folder, settings, clock, journal, history, outward, facts, inbox, publisher, scanner, drift, keeper
        )
        await _run(parts, listening)
        # only after an orderly stop: the part that died may be the journal, and a second error must not hide the first
        await keeper.keep(everything=True)
        await journal.record(_stopped(clock.wall_ns()))


async def _drift_watch(plant: Plant, journal: JournalStore, settings: Settings, wall_ns: int) -> DriftWatch:
    """What runs against what was approved last; the demo approves its own plant, so that it starts calm."""
    running = {definition.id: definition_hash(definition) for definition in plant.definitions}
    if settings.demo_accounts:
        await approve_demo(journal, running, plant.fingerprint, plant.persons, wall_ns)
    return DriftWatch(await last_approval(journal), running, plant.fingerprint)


async def _run(parts: Parts, listening: socket.socket) -> None:
    """The one task group of the service: any child that dies ends all of them."""
    plant, clock = parts.plant, parts.clock
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(parts.scanner.run(), name="scan")
            tasks.create_task(measure_loop_lag(parts.scanner.diagnostics.lag, clock), name="loop lag")
            tasks.create_task(watch_self(parts), name="watch self")
            tasks.create_task(keep_journal(plant, parts.journal), name="keep journal")
            tasks.create_task(parts.keeper.run(), name="keep rule memory")
            if parts.scanner.shadow is not None:
                watching = watch_shadow(plant, parts.folder, parts.scanner.shadow)
                tasks.create_task(watching, name="watch shadow")
            tasks.create_task(_stop_on_signal(), name="signals")
            # watching comes first: what takes long to import is loaded beside it, devices before screens
            await asyncio.to_thread(registry.load, [device.kind for device in plant.devices])
            intake = Intake(parts.inbox, parts.history, parts.outward)
            for device in plant.devices:
                factory = partial(
                    registry.open_driver, device.kind, device.id, device.settings, device.addresses, clock
                )
                tasks.create_task(poll(device.id, factory, intake, clock), name=f"poll {device.id}")
            await _open_to_people(parts, listening, tasks)
            # what stands after the start is for ever: a full collection would stop everything 150 ms to look through it
            gc.freeze()
            gc.enable()
    except* StopRequestedError:
        pass
    finally:
        gc.unfreeze()


async def _open_to_people(parts: Parts, listening: socket.socket, tasks: asyncio.TaskGroup) -> None:
    """Start the channels, then the API and its streams."""

    def load() -> None:
        # half a second that the first scan must not wait for
        import monitor.app.channels
        import monitor.app.surface  # noqa: F401 - loaded here, used below

    await asyncio.to_thread(load)
    from monitor.app.channels import open_channels, tell_people
    from monitor.app.surface import open_surface

    tasks.create_task(tell_people(open_channels(parts), parts), name="notify")
    server, hub = await asyncio.to_thread(open_surface, parts)
    tasks.create_task(hub.run(), name="stream hub")
    tasks.create_task(server.serve(sockets=[listening]), name="api")


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
    conditions = plant.suppression_conditions
    return ScanPlan(
        table=plant.tags,
        rule_set=compile_rules(plant.rules, plant.tags),
        definitions=plant.definitions,
        notification=plant.notification,
        start_grace_ns=plant.start_grace_ns,
        performance=plant.performance,
        philosophy=plant.philosophy,
        suppressions=plant.suppressions,
        suppression_conditions=ConditionColumns.of(conditions, plant.tags) if conditions else None,
        device_bad_share=plant.device_bad_share,
        register=plant.register,
        transfer_conditions=ConditionColumns.of(plant.transfer_conditions, plant.tags)
        if plant.transfer_conditions
        else None,
    )


def _started(plant: Plant, wall_ns: int, restored: Restored) -> Entry:
    for left in restored.left_out:
        LOG.info("of what the rules remembered, %s was left out (%d rules): %s", left.part, left.rules, left.reason)
    return Entry(
        kind="start",
        wall_ns=wall_ns,
        message_zh=f"Redline {VERSION} 启动，监控 {plant.name_zh}",
        message_en=f"Redline {VERSION} started, watching {plant.name_en}",
        values={
            "version": VERSION,
            "plant_fingerprint": plant.fingerprint,
            "tags": len(plant.tags),
            "rules_remembered": len(restored.rules),
        },
    )


def _stopped(wall_ns: int) -> Entry:
    return Entry(
        kind="stop",
        wall_ns=wall_ns,
        message_zh="Redline 停止，停止期间无监控",
        message_en="Redline stopped: nothing is watched",
    )
