"""What an open journal answers from its rows, and from what is kept of permits and interlocks."""

from collections.abc import Sequence
from typing import Any

from monitor.alarms.annunciations import StepColumns
from monitor.alarms.record import JournalRow
from monitor.alarms.search import EVERYTHING, JournalSearch
from monitor.interlocks.permits import Permit, PermitSearch
from monitor.interlocks.rates import ServiceChanges
from monitor.store import annunciations, interlock_changes, lookup, permits
from monitor.store.lanes import OnLanes
from monitor.store.verify import Verification, verify


class JournalRows(OnLanes):
    """Questions; nothing is written here."""

    async def rows(
        self,
        *,
        from_ns: int | None,
        to_ns: int | None,
        id: str | None,
        limit: int,
        before_seq: int | None,
        where: JournalSearch = EVERYTHING,
    ) -> Sequence[JournalRow]:
        """Newest first, at most `limit`; wall time in [from_ns, to_ns), seq below `before_seq`, and what is looked for."""
        return await self._long.run(lookup.rows, from_ns, to_ns, id, limit, before_seq, where)

    async def rows_after(self, after_seq: int, limit: int) -> Sequence[JournalRow]:
        """Oldest first, at most `limit`, seq above `after_seq`: to follow the journal."""
        return await self._long.run(lookup.rows_after, after_seq, limit)

    async def annunciations(self, from_ns: int, to_ns: int) -> StepColumns:
        """Steps decided in [from_ns, to_ns), and those that began occurrences which go on in it."""
        return await self._long.run(annunciations.annunciations, from_ns, to_ns)

    async def recent_annunciations(self, from_ns: int, most: int) -> StepColumns:
        """The newest steps since then, at most so many."""
        return await self._long.run(annunciations.recent_annunciations, from_ns, most)

    async def turns(self, from_ns: int, to_ns: int, most: int) -> list[dict[str, Any]]:
        """Bodies of the transitions by which a condition turned, oldest first; at most one more than `most`."""
        return await self._long.run(annunciations.turns, from_ns, to_ns, most)

    async def entries(self, kind: str, most: int) -> list[JournalRow]:
        """Entries of one kind, newest first."""
        return await self._long.run(annunciations.entries, kind, most)

    async def definition_steps(self, alarm_id: str, most: int) -> list[JournalRow]:
        """Transitions by which the board noticed that a definition changed or went, newest first."""
        return await self._long.run(annunciations.definition_steps, alarm_id, most)

    async def verify(self) -> Verification:
        """Follow the complete chain; names the first bad row."""
        return await self._long.run(verify)

    async def permits(self, where: PermitSearch, *, before: int | None, limit: int) -> Sequence[Permit]:
        """Permits newest first, at most `limit`, with a number below `before`."""
        return await self._quick.run(permits.search, where, before, limit)

    async def service_changes(self, ids: Sequence[str], from_ns: int, to_ns: int) -> ServiceChanges:
        """Changes of service of these interlocks that decide what is known in [from_ns, to_ns)."""
        return await self._long.run(interlock_changes.service_changes, ids, to_ns, from_ns)
