"""The journal as its users see it: one transaction, one order, one door."""

import asyncio
import hashlib
import sqlite3
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from monitor.alarms.lifecycle import State, Suppression, Trigger
from monitor.alarms.transition import Alarm, SuppressionRecord
from monitor.api import ports
from monitor.notify.people import Account
from monitor.notify.row import Purpose, Status, Supersede
from monitor.store import accounts
from monitor.store.body import GENESIS
from monitor.store.commit import Commit
from monitor.store.errors import AccountExistsError
from monitor.store.journal import JournalStore, open_journal
from tests.monitor.store.samples import PLANT, WALL_NS, StillClock, alarm, entry, push, settings, transition


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[JournalStore]:
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        yield store


def as_ports(store: JournalStore) -> tuple[ports.Journal, ports.Accounts]:
    """Never called: mypy proves here that the store fits the API's ports."""
    return store, store


async def all_rows(store: ports.Journal) -> list[dict[str, object]]:
    rows = await store.rows(from_ns=None, to_ns=None, id=None, limit=100_000, before_seq=None)
    return [orjson.loads(row.body) for row in reversed(rows)]


async def test_a_commit_is_read_back_with_seq_body_and_chain(journal: JournalStore) -> None:
    committed = await journal.commit(
        Commit(wall_ns=WALL_NS, transitions=(transition(), transition(number=2)), entries=(entry(),))
    )
    assert committed.transition_seqs == (1, 2)
    assert committed.seq == journal.seq == 3
    assert committed.journaled_wall_ns == WALL_NS
    rows = await journal.rows(from_ns=None, to_ns=None, id=None, limit=10, before_seq=None)
    assert [row.seq for row in rows] == [3, 2, 1]
    assert [row.kind for row in rows] == ["start", "transition", "transition"]
    last = GENESIS
    for row in reversed(rows):
        last = hashlib.sha256(last + row.body).digest()
        assert row.hash == last
    assert (rows[2].id, rows[2].occurrence, rows[2].transition) == ("LT-101.HH", 1, 1)


async def test_the_log_is_brought_into_the_file_beside_the_commits(journal: JournalStore, tmp_path: Path) -> None:
    copied = tmp_path / "copied.sqlite"

    def rows_of_the_file_alone() -> int:
        copied.write_bytes((tmp_path / "journal.sqlite").read_bytes())  # without the log beside it
        alone = sqlite3.connect(copied)
        try:
            return int(alone.execute("select count(*) from journal").fetchone()[0])
        except sqlite3.OperationalError:  # not even the tables stand in it yet
            return 0
        finally:
            alone.close()

    await journal.commit(Commit(wall_ns=WALL_NS, transitions=(transition(), transition(number=2))))
    async with asyncio.timeout(30):
        while await asyncio.to_thread(rows_of_the_file_alone) != 2:
            await asyncio.sleep(0.02)
    await journal.commit(Commit(wall_ns=WALL_NS, transitions=(transition(number=3),)))
    assert len(await all_rows(journal)) == 3


async def test_the_body_has_exactly_the_keys_of_the_architecture(journal: JournalStore) -> None:
    contract = (Path(__file__).parents[3] / "docs" / "architecture.md").read_text()
    section = contract.split("## Journal row body")[1].split("## ")[0]
    quoted = section.replace("\n", " ").split("`")[1::2]
    names = [{name.strip() for name in part.split(",")} for part in quoted]
    common = {"schema", "kind", "plant", "wall_ns"}
    of_transition = next(item for item in names if "trigger" in item) | common
    of_entry = next(item for item in names if "values" in item) | common
    await journal.commit(
        Commit(wall_ns=WALL_NS, transitions=(transition(),), entries=(entry(values={"b": 1, "a": 2}),))
    )
    stored = await journal.rows(from_ns=None, to_ns=None, id=None, limit=2, before_seq=None)
    assert set(orjson.loads(stored[1].body)) == of_transition
    assert set(orjson.loads(stored[0].body)) == of_entry
    for row in stored:
        assert row.body == orjson.dumps(orjson.loads(row.body), option=orjson.OPT_SORT_KEYS)
        assert b'": ' not in row.body
    assert "甲醇储罐液位高高".encode() in stored[1].body


async def test_the_whole_commit_is_taken_back_when_a_transition_stands_twice(journal: JournalStore) -> None:
    await journal.commit(Commit(wall_ns=WALL_NS, transitions=(transition(),)))
    with pytest.raises(IntegrityError):
        await journal.commit(
            Commit(
                wall_ns=WALL_NS,
                transitions=(transition("LT-102.HH"), transition()),
                alarms=(alarm("LT-102.HH"),),
                outbox=(push("LT-102.HH"),),
                entries=(entry(),),
            )
        )
    assert journal.seq == 1
    assert await journal.load_board() == ()
    assert await journal.due("wecom", WALL_NS, 10) == []
    committed = await journal.commit(Commit(wall_ns=WALL_NS, transitions=(transition("LT-102.HH"),)))
    assert committed.transition_seqs == (2,)
    assert (await journal.verify()).first_bad_seq is None


async def test_the_board_comes_back_as_it_was(tmp_path: Path) -> None:
    suppressed = alarm(
        "FT-7.L",
        state=State.LATCHED_ACKNOWLEDGED,
        value=None,
        limit=None,
        source_time_ns=None,
        detail=("LT-1", "LT-2"),
        comment='半夜检修 "ok" \u2028',
        suppressions=(
            SuppressionRecord(
                suppression=Suppression.SHELVED, reason="检修", person="li", since_wall_ns=1, until_wall_ns=None
            ),
        ),
    )
    first, later = alarm(), alarm(state=State.ACKNOWLEDGED, transition=2, acknowledged_by="wang")
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        await store.commit(Commit(wall_ns=WALL_NS, alarms=(first, suppressed)))
        await store.commit(Commit(wall_ns=WALL_NS, alarms=(later,)))
        assert store.boot_epoch == 1
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        board = await store.load_board()
        assert store.boot_epoch == 2
    assert board == (suppressed, later)
    assert all(isinstance(item, Alarm) and isinstance(item.state, State) for item in board)


async def test_rows_are_paged_and_filtered(journal: JournalStore) -> None:
    for number in range(1, 8):
        name = "A.HH" if number % 2 else "B.HH"
        await journal.commit(Commit(wall_ns=WALL_NS + number, transitions=(transition(name, number),)))
    page = await journal.rows(from_ns=None, to_ns=None, id=None, limit=3, before_seq=None)
    following = await journal.rows(from_ns=None, to_ns=None, id=None, limit=3, before_seq=page[-1].seq)
    assert [row.seq for row in (*page, *following)] == [7, 6, 5, 4, 3, 2]
    some = await journal.rows(from_ns=WALL_NS + 2, to_ns=WALL_NS + 6, id="A.HH", limit=9, before_seq=None)
    assert [row.seq for row in some] == [5, 3]
    assert [row.seq for row in await journal.rows_after(5, 9)] == [6, 7]


async def test_odd_characters_and_numbers_do_not_stop_the_journal(journal: JournalStore) -> None:
    odd = transition(comment="half a pair \ud800", alarm=alarm(value=float("nan"), limit=float("inf")))
    values = {"big": 2**70, "odd": "\udfff", "nested": [{"path": Path("x")}], "kind": Trigger.RAISED}
    await journal.commit(Commit(wall_ns=WALL_NS, transitions=(odd,), entries=(entry(values=values),)))
    bodies = await all_rows(journal)
    assert bodies[0]["comment"] == "half a pair ?"
    assert bodies[0]["value"] is None
    assert bodies[0]["limit"] is None
    assert bodies[1]["values"] == {"big": str(2**70), "odd": "?", "nested": [{"path": "x"}], "kind": "raised"}
    assert (await journal.verify()).first_bad_seq is None


@pytest.mark.slow
async def test_ten_thousand_transitions_are_one_transaction(journal: JournalStore, tmp_path: Path) -> None:
    many = tuple(transition(f"T-{number}.HH") for number in range(10_000))
    committed = await journal.commit(
        Commit(
            wall_ns=WALL_NS,
            transitions=many,
            alarms=tuple(item.alarm for item in many),
            outbox=tuple(push(item.id, channel="mqtt", purpose=Purpose.EVENT) for item in many),
        )
    )
    assert committed.transition_seqs == tuple(range(1, 10_001))
    assert await journal.waiting("mqtt") == (10_000, WALL_NS)
    assert len(await journal.load_board()) == 10_000
    with sqlite3.connect(tmp_path / "journal.sqlite") as other:
        assert other.execute("select count(*) from journal").fetchone() == (10_000,)
    other.close()
    assert (await journal.verify()).rows == 10_000


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


async def test_accounts(journal: JournalStore) -> None:
    wang = Account(username="wang", role="operator", person="wang", password_hash="argon2-1")
    await journal.create_account(wang)
    with pytest.raises(AccountExistsError):
        await journal.create_account(wang)
    await journal.create_account(Account(username="api", role="viewer", person=None, password_hash="", disabled=True))
    assert await journal.account("wang") == wang
    assert await journal.account("Wang") is None
    assert [(item.username, item.disabled) for item in await journal.accounts()] == [("api", True), ("wang", False)]
    leader = replace(wang, role="shift_leader")
    await journal.update_account(leader)
    assert await journal.account("wang") == leader
    with pytest.raises(AccountExistsError):
        await journal.update_account(replace(wang, username="nobody"))


async def test_sessions_end_by_time_logout_password_and_disabling(tmp_path: Path) -> None:
    clock = StillClock()
    wang = Account(username="wang", role="operator", person="wang", password_hash="argon2-1")
    tokens = [hashlib.sha256(bytes([number])).digest() for number in range(5)]
    async with open_journal(tmp_path, PLANT, settings(tmp_path), clock) as store:
        await store.create_account(wang)
        with pytest.raises(AccountExistsError):
            await store.open_session(tokens[0], "nobody", WALL_NS + 100)
        await store.open_session(tokens[0], "wang", WALL_NS + 100)
        await store.open_session(tokens[1], "wang", WALL_NS + 100)
    async with open_journal(tmp_path, PLANT, settings(tmp_path), clock) as store:
        assert await store.session(tokens[0], WALL_NS + 99) == wang
        assert await store.session(tokens[0], WALL_NS + 100) is None
        assert await store.session(tokens[4], WALL_NS) is None
        await store.close_session(tokens[0])
        assert await store.session(tokens[0], WALL_NS) is None
        assert await store.session(tokens[1], WALL_NS) == wang
        await store.update_account(replace(wang, role="engineer"))
        assert await store.session(tokens[1], WALL_NS) is not None
        await store.update_account(replace(wang, password_hash="argon2-2"))
        assert await store.session(tokens[1], WALL_NS) is None
        await store.open_session(tokens[2], "wang", WALL_NS + 100)
        await store.update_account(replace(wang, password_hash="argon2-2", disabled=True))
        assert await store.session(tokens[2], WALL_NS) is None
        clock.now_ns += 1000
        await store.open_session(tokens[3], "wang", WALL_NS + 5000)
    with sqlite3.connect(tmp_path / "journal.sqlite") as database:
        assert database.execute("select token_sha256 from session").fetchall() == [(tokens[3],)]
    database.close()


async def test_whose_session_it_is_is_read_once_until_accounts_change(
    journal: JournalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bytes] = []
    read = accounts.session

    def counted(connection: Connection, token_sha256: bytes, wall_ns: int) -> tuple[Account, int] | None:
        asked.append(token_sha256)
        return read(connection, token_sha256, wall_ns)

    monkeypatch.setattr(accounts, "session", counted)
    wang = Account(username="wang", role="operator", person="wang", password_hash="argon2-1")
    token, nobody = (hashlib.sha256(name).digest() for name in (b"wang", b"nobody"))
    await journal.create_account(wang)
    await journal.open_session(token, "wang", WALL_NS + 100)
    assert [await journal.session(token, WALL_NS) for _ in range(3)] == [wang] * 3
    assert asked == [token]
    assert [await journal.session(nobody, WALL_NS) for _ in range(2)] == [None] * 2
    assert asked == [token, nobody, nobody], "what is not there is no answer to remember"
    await journal.change_accounts(entry(), partial(accounts.replace, account=replace(wang, role="engineer")))
    assert await journal.session(token, WALL_NS) == replace(wang, role="engineer")
    assert len(asked) == 4


async def test_a_change_whose_caller_left_still_ends_the_session(
    journal: JournalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, close = threading.Event(), threading.Event(), accounts.close_session

    def slowly(connection: Connection, token_sha256: bytes) -> None:
        begun.set()
        assert go_on.wait(10)
        close(connection, token_sha256)

    monkeypatch.setattr(accounts, "close_session", slowly)
    wang = Account(username="wang", role="operator", person="wang", password_hash="argon2-1")
    token = hashlib.sha256(b"wang").digest()
    await journal.create_account(wang)
    await journal.open_session(token, "wang", WALL_NS + 100)
    assert await journal.session(token, WALL_NS) == wang
    async with asyncio.TaskGroup() as tasks:
        leaving = tasks.create_task(journal.close_session(token))
        assert await asyncio.to_thread(begun.wait, 10)
        leaving.cancel()
    assert await journal.session(token, WALL_NS) == wang
    go_on.set()
    await journal.record(entry())  # behind it in the lane
    assert await journal.session(token, WALL_NS) is None


async def test_a_long_question_delays_no_commit(journal: JournalStore) -> None:
    gate, entered = threading.Event(), threading.Event()

    def slow() -> None:
        entered.set()
        gate.wait(60)

    journal._long.post(slow)
    while not entered.is_set():
        await asyncio.sleep(0.01)
    await journal.commit(Commit(wall_ns=WALL_NS, transitions=(transition(),), outbox=(push(),)))
    assert len(await journal.due("wecom", WALL_NS, 9)) == 1
    gate.set()
    assert len(await all_rows(journal)) == 1
