"""What the service does for itself: looks at its disk and files, signs the journal and lets it forget."""

import asyncio
import logging
from typing import Final

from sqlalchemy.exc import DatabaseError

from monitor.app.parts import Parts
from monitor.plant.folder import fingerprint
from monitor.plant.plant import Plant
from monitor.store.journal import JournalStore

LOG = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 5.0
KEEP_EVERY_S: Final = 3600.0
DISK_LOW: Final = 0.10
"""Design 5: `system.disk` at 10 % free."""
OVERRUN_SHOWN_NS: Final = 60_000_000_000


async def watch_self(parts: Parts) -> None:
    """Look at disk, history, inbox and plant files; what is wrong becomes a system alarm."""
    overruns, overrun_until_ns = 0, 0
    while True:
        space = await parts.journal.disk_space()
        found = await asyncio.to_thread(fingerprint, parts.folder)
        parts.scanner.plant_differs = found != parts.plant.fingerprint
        parts.scanner.drift = parts.drift.look(found)
        parts.facts.system["system.drift"] = parts.scanner.drift.state == "drifted"
        if parts.inbox.overruns != overruns:
            overruns, overrun_until_ns = parts.inbox.overruns, parts.clock.mono_ns() + OVERRUN_SHOWN_NS
        parts.facts.system["system.disk"] = space.free_fraction < DISK_LOW
        outward_error = parts.outward.error if parts.outward is not None else parts.facts.outward_error
        parts.facts.system["system.history"] = parts.history.paused or bool(parts.history.error or outward_error)
        parts.facts.system["system.overrun"] = parts.clock.mono_ns() < overrun_until_ns
        await asyncio.sleep(LOOK_EVERY_S)


async def keep_journal(plant: Plant, journal: JournalStore) -> None:
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
