"""What is looked for in the journal is found, by the same rules as a slow reference, and by an index."""

import asyncio
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from monitor.alarms.lifecycle import State, Trigger
from monitor.alarms.record import JournalRow
from monitor.alarms.search import JournalSearch
from monitor.store import lookup
from monitor.store.commit import Commit
from monitor.store.database import open_reading
from monitor.store.journal import open_journal
from tests.monitor.store.samples import PLANT, WALL_NS, StillClock, alarm, entry, settings, transition

COMMENTS = ("", "100% full", "a_b", 'said "stop"', "back\\slash", "检修 Ä", "line\nbreak", "Stop")
PERSONS = (None, "wang", "li")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("search")

    async def write() -> None:
        async with open_journal(path, PLANT, settings(path), StillClock()) as store:
            for number in range(1, 61):
                name = f"LT-10{number % 3}.HH"
                acknowledged = number % 2 == 0
                made = transition(
                    name,
                    number,
                    comment=COMMENTS[number % len(COMMENTS)],
                    person=PERSONS[number % 3],
                    person_name="王强" if number % 3 == 1 else None,
                    trigger=Trigger.ACKNOWLEDGED if acknowledged else Trigger.RAISED,
                    after=State.ACKNOWLEDGED if acknowledged else State.UNACKNOWLEDGED,
                    alarm=alarm(name, message_en=f"tank {number} HIGH"),
                )
                said = entry(kind="login", person="li", message_en="100% sure", wall_ns=WALL_NS + number)
                await store.commit(
                    Commit(wall_ns=WALL_NS + number, transitions=(made,), entries=(said,) * (number % 4 == 0))
                )

    asyncio.run(write())
    return path


def everything(folder: Path) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(folder / "journal.sqlite")) as file:
        rows = file.execute("SELECT seq, wall_ns, body FROM journal ORDER BY seq DESC").fetchall()
    return [orjson.loads(body) | {"seq": seq} for seq, _, body in rows]


def found(folder: Path, where: JournalSearch, limit: int = 1000, **window: Any) -> Sequence[JournalRow]:
    engine = open_reading(folder / "journal.sqlite")
    given: dict[str, Any] = {"from_ns": None, "to_ns": None, "alarm_id": None, "before_seq": None} | window
    try:
        with engine.connect() as connection:
            return lookup.rows(connection, limit=limit, where=where, **given)
    finally:
        engine.dispose()


def fits(body: dict[str, Any], where: JournalSearch) -> bool:
    """The slow reference."""
    columns = {name: name for name in ("tag", "hazard_source", "trigger", "person", "kind")} | {"state": "after"}
    if any(getattr(where, name) not in (None, body.get(key)) for name, key in columns.items()):
        return False
    if where.text is None:
        return True
    fields = (body.get(name) or "" for name in ("message_zh", "message_en", "comment", "person_name"))
    return any(ascii_lower(where.text) in ascii_lower(field) for field in fields)


def ascii_lower(text: str) -> str:
    return "".join(sign.lower() if sign.isascii() else sign for sign in text)


searches = st.builds(
    JournalSearch,
    tag=st.sampled_from((None, None, "LT-100", "LT-101", "LT-999")),
    hazard_source=st.sampled_from((None, None, "methanol", "chlorine")),
    trigger=st.sampled_from((None, None, "raised", "acknowledged", "nonsense")),
    state=st.sampled_from((None, None, "acknowledged", "unacknowledged")),
    person=st.sampled_from((None, None, "wang", "li", "nobody")),
    kind=st.sampled_from((None, None, "transition", "login", "start")),
    text=st.none()
    | st.sampled_from(
        (*COMMENTS[1:], "high", "王强", "%", "_", "0%", "\\", '"', "message_zh", "tank 1", "ä", "甲醇", "stop", "\n")
    ),
)


@hypothesis_settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=searches, limit=st.sampled_from((1, 5, 1000)))
def test_the_same_rows_as_the_slow_reference(folder: Path, where: JournalSearch, limit: int) -> None:
    expected = [body["seq"] for body in everything(folder) if fits(body, where)][:limit]
    assert [row.seq for row in found(folder, where, limit)] == expected


def test_together_with_time_id_and_cursor(folder: Path) -> None:
    where = JournalSearch(trigger="raised")
    rows = found(folder, where, alarm_id="LT-101.HH", from_ns=WALL_NS + 10, to_ns=WALL_NS + 50)
    numbers = [orjson.loads(row.body)["occurrence"] for row in rows]
    assert numbers == [number for number in range(49, 9, -1) if number % 3 == 1 and number % 2]
    following = found(folder, where, alarm_id="LT-101.HH", before_seq=rows[0].seq)
    assert following[0].seq == rows[1].seq


@pytest.mark.parametrize("name", ["tag", "hazard_source", "person", "kind"])
def test_it_goes_by_an_index_that_is_in_order_already(folder: Path, name: str) -> None:
    """A journal of years is not read through, and not sorted, for one page."""
    engine = open_reading(folder / "journal.sqlite")
    statements: list[str] = []
    values: list[Any] = []

    def listen(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        statements.append(statement)
        values.append(parameters)

    from sqlalchemy import event

    event.listen(engine, "before_cursor_execute", listen)
    with engine.connect() as connection:
        lookup.rows(connection, None, None, None, 100, None, JournalSearch(**{name: "login"}))
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statements[-1]}", values[-1]).all()
    engine.dispose()
    words = " ".join(str(line[-1]) for line in plan)
    assert f"ix_journal_{name}_seq" in words
    assert "TEMP B-TREE" not in words


def test_an_altered_body_does_not_stop_a_search(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite").write_bytes((folder / "journal.sqlite").read_bytes())
    with closing(sqlite3.connect(tmp_path / "journal.sqlite")) as file, file:
        file.execute("UPDATE journal SET body = CAST('{broken high' AS BLOB) WHERE seq = 3")
    rows = found(tmp_path, JournalSearch(text="high"))
    assert len(rows) == 59
    assert 3 not in {row.seq for row in rows}
