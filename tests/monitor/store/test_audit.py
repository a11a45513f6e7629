"""Whatever is altered in a journal, verify names the row; what a forger could chain anew, the anchors give away."""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from monitor.store import anchor as anchors
from monitor.store.anchor import ANCHORS_NAME, KEY_NAME, Anchors
from monitor.store.audit import audit
from monitor.store.commit import Commit
from monitor.store.errors import JournalRefusedError
from monitor.store.head import Head
from monitor.store.journal import open_journal
from tests.monitor.store.forging import EVERY, ROWS, SIGNED, change, forge, only, public_key_of, write
from tests.monitor.store.samples import PLANT, WALL_NS, StillClock, entry, settings, transition

pytestmark = pytest.mark.usefixtures("small_distance")

TEXTS = ("kind", "plant", "id", "person", "body", "hash", "tag", "hazard_source", "trigger", "after")
NUMBERS = ("seq", "wall_ns", "occurrence", "transition")


def test_an_untouched_journal_has_no_findings(state: Path) -> None:
    found = audit(state)
    assert found.findings == ()
    assert (found.rows, found.first_seq, found.last.seq, found.signed_seq) == (ROWS, 1, ROWS, ROWS)
    assert found.anchors == len(SIGNED)
    assert len(found.keys) == 1
    with closing(sqlite3.connect(state / "journal.sqlite")) as file:
        assert [seq for (seq,) in file.execute("SELECT seq FROM anchor ORDER BY number")] == list(SIGNED)
    lines = (state / ANCHORS_NAME).read_text().splitlines()
    assert [json.loads(line)["seq"] for line in lines] == list(SIGNED)


def test_reading_changes_nothing_and_needs_only_the_file(state: Path, tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in state.iterdir() if path.suffix not in {".sqlite-shm"}}
    assert audit(state).findings == ()
    assert {path.name: path.read_bytes() for path in state.iterdir() if path.name in before} == before
    alone = tmp_path / "alone.sqlite"
    shutil.copy(state / "journal.sqlite", alone)
    assert audit(alone).findings == ()


async def test_it_is_read_while_the_service_writes(tmp_path: Path) -> None:
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:

        async def go_on() -> None:
            while not done.is_set():
                await store.commit(Commit(wall_ns=WALL_NS, transitions=(transition(occurrence=store.seq + 1),)))

        done = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(go_on())
            seen = []
            for _ in range(5):
                found = await asyncio.to_thread(audit, tmp_path)
                assert found.findings == ()
                seen.append(found.rows)
            done.set()
        assert seen == sorted(seen)
        assert seen[-1] > 0


@pytest.fixture(scope="module")
def altered(pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One copy for all examples: each takes its alteration back."""
    copy = tmp_path_factory.mktemp("altered") / "state"
    shutil.copytree(pristine, copy)
    yield copy


@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seq=st.integers(1, ROWS), column=st.sampled_from(TEXTS), at=st.floats(0, 1), bit=st.integers(0, 7))
def test_every_byte_that_is_altered_is_named_with_its_row(
    altered: Path, seq: int, column: str, at: float, bit: int
) -> None:
    with closing(sqlite3.connect(altered / "journal.sqlite", isolation_level=None)) as file:
        kind = "BLOB" if column in ("body", "hash") else "TEXT"
        (before,) = file.execute(f'SELECT CAST("{column}" AS BLOB) FROM journal WHERE seq = ?', (seq,)).fetchone()
        after = bytearray(before)
        after[min(int(at * len(before)), len(before) - 1)] ^= 1 << bit
        update = f'UPDATE journal SET "{column}" = CAST(? AS {kind}) WHERE seq = ?'
        file.execute(update, (bytes(after), seq))
        try:
            found = audit(altered)
        finally:
            file.execute(update, (before, seq))
    assert found.findings
    assert found.findings[0].seq == seq, (column, found.findings)


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seq=st.integers(1, ROWS), column=st.sampled_from(NUMBERS), by=st.integers(100, 10**9) | st.none())
def test_every_number_that_is_altered_is_named(altered: Path, seq: int, column: str, by: int | None) -> None:
    moved = seq + by if column == "seq" and by is not None else seq
    nothing = column in ("occurrence", "transition") and by is None
    with closing(sqlite3.connect(altered / "journal.sqlite", isolation_level=None)) as file:
        (before,) = file.execute(f"SELECT {column} FROM journal WHERE seq = ?", (seq,)).fetchone()
        update = f"UPDATE journal SET {column} = ? WHERE seq = ?"
        file.execute(update, (None if nothing else before + (by or 1000), seq))
        moved = moved if by is not None or column != "seq" else seq + 1000
        try:
            found = audit(altered)
        finally:
            file.execute(update, (before, moved))
    assert found.findings
    named = found.findings[0].seq
    # a row that was moved away leaves a hole, named by the row that now follows it
    assert named == (seq if column != "seq" else seq + 1 if seq < ROWS else moved), found.findings


@pytest.mark.parametrize("without_file", [False, True])
def test_rows_chained_anew_are_given_away_by_the_next_anchor(state: Path, without_file: bool) -> None:
    forge(state)
    if without_file:
        (state / ANCHORS_NAME).unlink()
    seq, words = only(audit(state))
    assert seq == 31
    assert "rows 22 to 31" in words


def test_anchors_taken_out_of_the_database_are_known_by_the_file(state: Path) -> None:
    forge(state)
    change(state, "DELETE FROM anchor WHERE seq > 25")
    assert audit(state).findings[0].seq == 31


def test_anchors_taken_out_everywhere_leave_rows_unsigned(state: Path, pristine: Path) -> None:
    forge(state)
    change(state, "DELETE FROM anchor WHERE seq > 25")
    (state / ANCHORS_NAME).unlink()
    seq, words = only(audit(state))
    assert (seq, "nothing is signed" in words) == (22, True)
    copies = audit(state, anchor_files=[pristine / ANCHORS_NAME])
    assert copies.findings[0].seq == 31  # a copy kept elsewhere names the place


def test_an_anchor_that_was_altered_is_named(state: Path) -> None:
    change(state, "UPDATE anchor SET wall_ns = wall_ns + 1 WHERE seq = 21")
    seq, words = only(audit(state))
    assert (seq, "signature" in words) == (21, True)


def test_anchors_signed_with_another_key_are_refused_by_the_key_kept_elsewhere(state: Path) -> None:
    kept = public_key_of(state)
    forge(state)
    (state / KEY_NAME).unlink()
    (state / ANCHORS_NAME).unlink()
    forger = Anchors(state, PLANT)
    with closing(sqlite3.connect(state / "journal.sqlite")) as file, file:
        for number, seq, digest in file.execute(
            "SELECT number, seq, (SELECT hash FROM journal WHERE journal.seq = anchor.seq) FROM anchor"
        ).fetchall():
            made = forger.sign("head", Head(seq, digest), WALL_NS)
            assert made is not None
            file.execute(
                "UPDATE anchor SET hash = ?, wall_ns = ?, public_key = ?, signature = ? WHERE number = ?",
                (made.hash, made.wall_ns, made.public_key, made.signature, number),
            )
    assert audit(state).findings == ()  # without the key kept elsewhere this cannot be known
    seq, words = only(audit(state, frozenset({kept})))
    assert (seq, "another key" in words) == (1, True)


@pytest.mark.parametrize(("first", "last", "named"), [(1, 5, 6), (20, 24, 25), (44, 44, 45)])
def test_rows_that_were_deleted_are_noticed(state: Path, first: int, last: int, named: int) -> None:
    change(state, "DELETE FROM journal WHERE seq BETWEEN ? AND ?", first, last)
    assert audit(state).findings[0].seq == named


def _with_head(state_dir: Path) -> None:
    (state_dir / ANCHORS_NAME).unlink()
    change(state_dir, "DELETE FROM anchor WHERE seq > 38")


def _with_anchors_of_the_file(state_dir: Path) -> None:
    (state_dir / "journal.head").unlink()
    change(state_dir, "DELETE FROM anchor WHERE seq > 38")


def _with_anchors_of_the_table(state_dir: Path) -> None:
    (state_dir / "journal.head").unlink()
    (state_dir / ANCHORS_NAME).unlink()


@pytest.mark.parametrize("left", [_with_head, _with_anchors_of_the_file, _with_anchors_of_the_table])
def test_a_tail_that_was_cut_off_is_noticed_by_each_thing_that_is_left(
    state: Path, left: Callable[[Path], None]
) -> None:
    change(state, "DELETE FROM journal WHERE seq > 38")
    left(state)
    assert (39, "rows 39 to 45 are missing (acknowledged)") in [(item.seq, item.en) for item in audit(state).findings]


def test_rows_accepted_as_missing_or_altered_are_told_and_are_no_finding(state: Path) -> None:
    change(state, "DELETE FROM journal WHERE seq > 40")
    change(state, "UPDATE journal SET person = 'somebody' WHERE seq = 30")

    async def accept() -> None:
        for _ in range(2):  # first the missing rows, then the altered one
            async with open_journal(state, PLANT, settings(state, accept_missing_rows=True), StillClock()) as store:
                await store.record(entry())

    asyncio.run(accept())
    found = audit(state)
    assert found.findings == ()
    assert (found.gaps, found.accepted) == (((41, 45),), (30,))
    change(state, "UPDATE journal SET person = 'somebody' WHERE seq = 31")
    assert audit(state).findings[0].seq == 31


def test_the_key_is_for_its_owner_only_and_made_once(state: Path) -> None:
    assert (state / KEY_NAME).stat().st_mode & 0o777 == 0o600
    before = (state / KEY_NAME).read_bytes()
    asyncio.run(write(state, rows=15))
    assert (state / KEY_NAME).read_bytes() == before
    assert len(audit(state).keys) == 1


def test_a_damaged_key_does_not_stop_the_journal_and_is_told_by_verify(state: Path) -> None:
    (state / KEY_NAME).write_text("no key at all")
    asyncio.run(write(state, rows=EVERY))
    seq, words = only(audit(state))
    assert (seq, "nothing is signed" in words) == (ROWS + 1, True)
    (state / KEY_NAME).unlink()  # a new one is made: what it signs is shown with its own fingerprint
    asyncio.run(write(state, rows=1))
    found = audit(state)
    assert (found.findings, len(found.keys)) == ((), 2)


def test_a_line_that_was_not_finished_is_taken_off_and_another_damage_is_told(state: Path) -> None:
    path = state / ANCHORS_NAME
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    assert audit(state).findings == ()  # the database has it
    asyncio.run(write(state, rows=EVERY))
    assert audit(state).findings == ()
    path.write_bytes(b"{}\n" + whole)
    assert "anchors.jsonl:1" in only(audit(state))[1]


def test_what_is_no_journal_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with pytest.raises(JournalRefusedError):
        audit(tmp_path)
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(JournalRefusedError, match="damaged"):
        audit(tmp_path)
    path.unlink()
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("CREATE TABLE alembic_version (version_num TEXT)")
        file.execute("INSERT INTO alembic_version VALUES ('0001')")
    with pytest.raises(JournalRefusedError, match="revision 0001"):
        audit(tmp_path)


def test_an_anchor_survives_its_line(state: Path) -> None:
    for found in anchors.read_file(state / ANCHORS_NAME):
        assert found.is_signed()
        assert anchors.read_line(found.line()) == found
        assert not replace(found, kind="pruned").is_signed()
        assert not replace(found, signature=bytes(64)).is_signed()
        assert not replace(found, public_key=b"short").is_signed()
