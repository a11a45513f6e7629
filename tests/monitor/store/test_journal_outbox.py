"""The outbox in the journal: what is due, in which order, what is taken back, what a restart does."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor.alarms.lifecycle import State
from monitor.notify.row import Purpose, Status, Supersede
from monitor.store.commit import Commit
from monitor.store.journal import JournalStore, open_journal
from tests.monitor.store.samples import PLANT, WALL_NS, StillClock, alarm, push, settings


async def test_due_is_priority_then_age_then_seq_and_nothing_early(journal: JournalStore) -> None:
    rows = (
        push("A.H", priority=2, queued_wall_ns=WALL_NS - 9),
        push("B.H", priority=1, queued_wall_ns=WALL_NS - 1),
        push("C.H", priority=1, queued_wall_ns=WALL_NS - 2),
        push("D.H", priority=1, queued_wall_ns=WALL_NS - 2),
        push("E.H", priority=1, due_wall_ns=WALL_NS + 1),
        push("F.H", priority=1, channel="mqtt"),
    )
    await journal.commit(Commit(wall_ns=WALL_NS, outbox=rows))
    assert [row.id for row in await journal.due("wecom", WALL_NS, 10)] == ["C.H", "D.H", "B.H", "A.H"]
    assert [row.id for row in await journal.due("wecom", WALL_NS, 2)] == ["C.H", "D.H"]
    assert [row.id for row in await journal.due("wecom", WALL_NS + 1, 10)] == ["C.H", "D.H", "B.H", "E.H", "A.H"]
    assert await journal.waiting("wecom") == (5, WALL_NS)
    stored = (await journal.due("mqtt", WALL_NS, 1))[0]
    assert stored == replace(rows[5], seq=stored.seq)
    assert isinstance(stored.purpose, Purpose)
    assert isinstance(stored.status, Status)


async def test_the_same_key_is_queued_once(journal: JournalStore) -> None:
    await journal.commit(Commit(wall_ns=WALL_NS, outbox=(push(), push(body="again"))))
    await journal.commit(Commit(wall_ns=WALL_NS, outbox=(push(body="again"), push(repeat=1, purpose=Purpose.REPEAT))))
    assert [(row.body, row.repeat) for row in await journal.due("wecom", WALL_NS, 9)] == [("{}", 0), ("{}", 1)]


async def test_supersede_takes_back_waiting_rows_of_its_purposes_only(journal: JournalStore) -> None:
    repeat = push(purpose=Purpose.REPEAT, repeat=1)
    await journal.commit(
        Commit(
            wall_ns=WALL_NS,
            outbox=(
                push(),
                repeat,
                push(purpose=Purpose.REPEAT, repeat=1, occurrence=2),
                push("X.H", purpose=Purpose.REPEAT),
            ),
        )
    )
    in_flight = [row for row in await journal.due("wecom", WALL_NS, 9) if row.purpose is Purpose.RAISE]
    await journal.mark(in_flight, Status.IN_FLIGHT, WALL_NS)
    supersede = Supersede(id="LT-101.HH", occurrence=1, purposes=(Purpose.RAISE, Purpose.REPEAT))
    own = push(purpose=Purpose.REPEAT, repeat=2)
    await journal.commit(Commit(wall_ns=WALL_NS, supersede=(supersede,), outbox=(own,)))
    pushes = await journal.pushes(id="LT-101.HH", limit=9)
    assert [(row.purpose, row.occurrence, row.repeat, row.status) for row in pushes] == [
        (Purpose.REPEAT, 1, 2, Status.WAITING),
        (Purpose.REPEAT, 2, 1, Status.WAITING),
        (Purpose.REPEAT, 1, 1, Status.SUPERSEDED),
        (Purpose.RAISE, 1, 0, Status.IN_FLIGHT),
    ]
    assert [row.status for row in await journal.pushes(id="X.H", limit=9)] == [Status.WAITING]


async def test_marking_keeps_times_attempts_and_errors_and_queues_the_follow_up(journal: JournalStore) -> None:
    await journal.commit(Commit(wall_ns=WALL_NS, alarms=(alarm(),), outbox=(push(),)))
    rows = await journal.due("wecom", WALL_NS, 1)
    await journal.mark(rows, Status.IN_FLIGHT, WALL_NS + 1)
    assert await journal.due("wecom", WALL_NS + 9, 9) == []
    put_off = [replace(row, due_wall_ns=WALL_NS + 5) for row in rows]
    await journal.mark(put_off, Status.WAITING, WALL_NS + 2, "45009")
    assert await journal.due("wecom", WALL_NS + 4, 9) == []
    again = await journal.due("wecom", WALL_NS + 5, 9)
    assert [(row.attempts, row.last_error, row.sent_wall_ns, row.key) for row in again] == [
        (1, "45009", WALL_NS + 1, rows[0].key)
    ]
    await journal.mark(again, Status.IN_FLIGHT, WALL_NS + 6)
    repeat = push(purpose=Purpose.REPEAT, repeat=1, due_wall_ns=WALL_NS + 300)
    await journal.mark(again, Status.ACCEPTED, WALL_NS + 7, follow_up=(repeat,))
    newest, sent = await journal.pushes(id=None, limit=9)
    assert (sent.status, sent.attempts, sent.last_error) == (Status.ACCEPTED, 2, "")
    assert (sent.sent_wall_ns, sent.accepted_wall_ns) == (WALL_NS + 6, WALL_NS + 7)
    assert (newest.purpose, newest.status, newest.due_wall_ns) == (Purpose.REPEAT, Status.WAITING, WALL_NS + 300)
    assert await journal.outbox_counts() == {("wecom", Status.ACCEPTED): 1, ("wecom", Status.WAITING): 1}


@pytest.mark.parametrize(
    ("meanwhile", "expected"),
    [
        ({"state": State.ACKNOWLEDGED}, Status.SUPERSEDED),
        ({"state": State.UNACKNOWLEDGED, "occurrence": 2}, Status.SUPERSEDED),
        ({"state": State.RETURNED_UNACKNOWLEDGED}, Status.WAITING),
    ],
)
async def test_a_repeat_of_what_was_answered_while_its_message_was_on_the_way_is_not_sent(
    journal: JournalStore, meanwhile: dict[str, Any], expected: Status
) -> None:
    await journal.commit(Commit(wall_ns=WALL_NS, alarms=(alarm(),), outbox=(push(),)))
    rows = await journal.due("wecom", WALL_NS, 1)
    await journal.mark(rows, Status.IN_FLIGHT, WALL_NS)
    supersede = Supersede(id="LT-101.HH", occurrence=1, purposes=(Purpose.REPEAT,))
    await journal.commit(Commit(wall_ns=WALL_NS, alarms=(alarm(**meanwhile),), supersede=(supersede,)))
    await journal.mark(rows, Status.ACCEPTED, WALL_NS, follow_up=(push(purpose=Purpose.REPEAT, repeat=1),))
    assert [row.status for row in await journal.pushes(id=None, limit=1)] == [expected]


async def test_a_sender_is_woken_by_rows_of_its_channel(journal: JournalStore) -> None:
    assert not await journal.wait_for_rows("wecom", 0.01)
    await journal.commit(Commit(wall_ns=WALL_NS, outbox=(push(channel="mqtt"),)))
    assert not await journal.wait_for_rows("wecom", 0.01)
    await journal.commit(Commit(wall_ns=WALL_NS, outbox=(push(),)))
    assert await journal.wait_for_rows("wecom", 30)
    assert not await journal.wait_for_rows("wecom", 0.01)
    rows = await journal.due("wecom", WALL_NS, 9)
    await journal.mark(rows, Status.ACCEPTED, WALL_NS, follow_up=(push(purpose=Purpose.REPEAT, repeat=1),))
    assert await journal.wait_for_rows("wecom", 30)
    assert await journal.wait_for_rows("mqtt", 30)


async def test_what_was_in_flight_is_due_again_after_a_restart(tmp_path: Path) -> None:
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        await store.commit(Commit(wall_ns=WALL_NS, outbox=(push(), push("B.H"), push("C.H"))))
        rows = await store.due("wecom", WALL_NS, 9)
        await store.mark(rows[:2], Status.IN_FLIGHT, WALL_NS)
        await store.mark(rows[1:2], Status.ACCEPTED, WALL_NS)
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        due = await store.due("wecom", WALL_NS, 9)
    assert [(row.key, row.attempts) for row in due] == [(rows[0].key, 1), (rows[2].key, 0)]
