"""The journal as its users see it: one transaction, one order, one door."""

import asyncio
import hashlib
import sqlite3
import threading
from pathlib import Path

import orjson
import pytest
from sqlalchemy.exc import IntegrityError

from monitor.alarms.lifecycle import State, Suppression, Trigger
from monitor.alarms.transition import Alarm, SuppressionRecord
from monitor.api import ports
from monitor.notify.row import Purpose
from monitor.store.body import GENESIS
from monitor.store.commit import Commit
from monitor.store.journal import JournalStore, open_journal
from tests.monitor.store.samples import PLANT, WALL_NS, StillClock, alarm, entry, push, settings, transition


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
