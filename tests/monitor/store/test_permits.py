"""Permits and changes of service as the journal keeps them."""

from dataclasses import replace
from typing import Any

import numpy as np

from monitor.alarms.record import Entry
from monitor.interlocks.axes import Service
from monitor.interlocks.judge import SERVICES
from monitor.interlocks.permits import OPEN, Approval, MeasureCheck, Permit, PermitSearch, PermitState
from monitor.interlocks.rates import UNKNOWN, spent
from monitor.store.commit import Commit
from monitor.store.journal import JournalStore
from tests.monitor.store.samples import WALL_NS, entry

S = 1_000_000_000
FIRST = Permit(
    id="P-000001", interlock="SIS-101", bits=("BPS-101",), reason="换浮球", risk="满罐", measures=("监护", "停进料"),
    start_wall_ns=WALL_NS, until_wall_ns=WALL_NS + 3600 * S, requested_by="p-1", requested_name="冯涛",
    requested_wall_ns=WALL_NS, ladder=("shift_leader", "manager"),
    approvals=(Approval(role="shift_leader", person="p-2", person_name="班长", wall_ns=WALL_NS),),
    checks=(MeasureCheck(wall_ns=WALL_NS, person="p-1", person_name="冯涛", note="在岗"),), marks_told=(50, 80),
)  # fmt: skip
SECOND = replace(FIRST, id="P-000012", interlock="SIS-102", state=PermitState.IN_USE, used_wall_ns=WALL_NS)


def told(wall_ns: int, *changes: tuple[str, str]) -> Entry:
    return Entry(
        kind="interlock",
        wall_ns=wall_ns,
        message_zh="",
        message_en="",
        id=changes[0][0],
        hazard_source="HS-1",
        values={
            "changes": [
                {"interlock": name, "axis": "service", "before": "?", "after": after} for name, after in changes
            ]
        },
    )


async def test_a_permit_is_read_back_as_it_was(journal: JournalStore) -> None:
    assert await journal.load_permits() == ((), 0)
    await journal.commit(Commit(wall_ns=WALL_NS, permits=(FIRST, SECOND)))
    assert await journal.load_permits() == ((FIRST, SECOND), 12)
    closed = replace(SECOND, state=PermitState.CLOSED, ended_wall_ns=WALL_NS + S, ended_by="p-3", ended_note="合格")
    await journal.commit(Commit(wall_ns=WALL_NS, permits=(closed,)))
    assert await journal.load_permits() == ((FIRST,), 12), "numbers that were given stay used"

    async def found(before: int | None = None, **wanted: Any) -> list[Permit]:
        return list(await journal.permits(PermitSearch(**wanted), before=before, limit=10))

    assert await found() == [closed, FIRST]
    assert await found(interlock="SIS-101") == [FIRST]
    assert await found(states=frozenset({PermitState.CLOSED})) == [closed]
    assert await found(states=OPEN) == [FIRST]
    assert await found(before=12) == [FIRST]


async def test_permits_by_the_time_they_were_asked_for_page_by_page(journal: JournalStore) -> None:
    hourly = tuple(
        replace(FIRST, id=f"P-{number:06d}", requested_wall_ns=WALL_NS + number * 3600 * S) for number in range(1, 1601)
    )
    await journal.commit(Commit(wall_ns=WALL_NS, permits=hourly))
    where = PermitSearch(from_ns=hourly[9].requested_wall_ns, to_ns=hourly[1590].requested_wall_ns)
    seen: list[Permit] = []
    while page := await journal.permits(where, before=seen[-1].number if seen else None, limit=700):
        assert len(page) <= 700
        seen += page
    assert seen == list(hourly[9:1590])[::-1]


async def test_an_entry_is_found_by_what_it_is_about(journal: JournalStore) -> None:
    await journal.commit(Commit(wall_ns=WALL_NS, entries=(told(WALL_NS, ("SIS-101", "in_service")), entry())))
    rows = await journal.rows(from_ns=None, to_ns=None, id="SIS-101", limit=10, before_seq=None)
    assert [row.kind for row in rows] == ["interlock"]
    assert await journal.verify() is not None


async def test_time_is_counted_from_the_journal_and_unknown_while_nobody_watched(journal: JournalStore) -> None:
    def begin(kind: str, at_s: int) -> Entry:
        return replace(entry(), kind=kind, wall_ns=WALL_NS + at_s * S)  # type: ignore[arg-type]  # one of the words

    entries = (
        begin("start", 0),
        told(WALL_NS, ("SIS-101", "in_service"), ("SIS-102", "in_service")),
        told(WALL_NS + 10 * S, ("SIS-101", "bypassed_unauthorised")),
        told(WALL_NS + 30 * S, ("SIS-101", "in_service")),
        begin("start", 50),  # killed after 30 s: what came after is not known
        told(WALL_NS + 50 * S, ("SIS-101", "in_service"), ("GONE", "in_service")),
        begin("stop", 60),
    )
    for one in entries:
        await journal.commit(Commit(wall_ns=one.wall_ns, entries=(one,)))
    changes = await journal.service_changes(("SIS-101", "SIS-102"), WALL_NS, WALL_NS + 100 * S)
    time = spent(changes, 2, WALL_NS, WALL_NS + 100 * S) // S
    in_service, bypassed = SERVICES.index(Service.IN_SERVICE), SERVICES.index(Service.BYPASSED_UNAUTHORISED)
    assert (time[0, in_service], time[0, bypassed], time[0, UNKNOWN]) == (10 + 10, 20, 60)
    assert (time[1, in_service], time[1, UNKNOWN]) == (30, 70)
    later = await journal.service_changes(("SIS-101",), WALL_NS + 55 * S, WALL_NS + 58 * S)
    assert spent(later, 1, WALL_NS + 55 * S, WALL_NS + 58 * S)[0, in_service] == 3 * S
    assert np.array_equal(spent(later, 1, 0, 10).sum(axis=1), [10])
