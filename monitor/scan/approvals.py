"""What was approved last, as the journal has it, and what runs against it."""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import orjson

from monitor.alarms.drift import Approval, Drift, approval_entry, approval_of, compare
from monitor.alarms.record import Entry, JournalRow
from monitor.notify.people import Person

LOOK_BACK: Final = 20
"""Entries of the kind `definition` that are looked through for an approval."""


class EntryStore(Protocol):
    """What is needed of the journal; `monitor.store.journal.JournalStore` satisfies it."""

    async def entries(self, kind: str, most: int) -> Sequence[JournalRow]:
        """Entries of one kind, newest first."""
        ...

    async def record(self, entry: Entry) -> None:
        """Write one entry; returns after it is on disk."""
        ...


class DriftWatch:
    """Compares what runs with the last approval, each time the folder is looked at."""

    def __init__(self, approval: Approval | None, running: Mapping[str, str], fingerprint: str) -> None:
        self._approval = approval
        self._running = dict(running)
        self._fingerprint = fingerprint
        self._last: Drift | None = None

    def look(self, folder_fingerprint: str) -> Drift:
        """What differs now; the same object while the folder stays as it is."""
        if self._last is None or self._last.folder_fingerprint != folder_fingerprint:
            self._last = compare(self._approval, self._running, self._fingerprint, folder_fingerprint)
        return self._last


async def last_approval(journal: EntryStore) -> Approval | None:
    """The newest approval in the journal; None when nothing was ever approved."""
    for row in await journal.entries("definition", LOOK_BACK):
        found = approval_of(row.seq, orjson.loads(row.body))
        if found is not None:
            return found
    return None


async def approve_demo(
    journal: EntryStore, running: Mapping[str, str], fingerprint: str, persons: Sequence[Person], wall_ns: int
) -> None:
    """Approve the demo plant in the name of its first person, unless it stands approved as it is."""
    approval = await last_approval(journal)
    if approval is not None and approval.fingerprint == fingerprint and dict(approval.hashes) == dict(running):
        return
    person = persons[0] if persons else Person(id="demo", name_zh="演示", name_en="demo")
    await journal.record(
        approval_entry(
            hashes=running,
            fingerprint=fingerprint,
            person=person.id,
            person_name=person.name_zh,
            reason="演示装置自动批准 / the demo plant approves itself",
            wall_ns=wall_ns,
        )
    )
