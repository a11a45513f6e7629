"""What the monitor left on disk, read as another program reads it: the journal, the outbox and the board."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Row = dict[str, Any]


class JournalFiles:
    """The state folder below `folder`."""

    folder: Path

    @property
    def state_dir(self) -> Path:
        return self.folder / "state"

    @property
    def database(self) -> Path:
        return self.state_dir / "journal.sqlite"

    def copy_database(self, to: Path) -> None:
        """Copy the database with its log, and not the head file; only while the monitor is stopped."""
        to.mkdir()
        for path in self.state_dir.glob("journal.sqlite*"):
            shutil.copy2(path, to)

    def entries(self, kind: str) -> list[Row]:
        """Journal rows of one kind, oldest first."""
        with self.reading() as connection:
            rows = connection.execute("select body from journal where kind = ? order by seq", (kind,)).fetchall()
        return [json.loads(body) for (body,) in rows]

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The database as another program reads it."""
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)
        try:
            yield connection
        finally:
            connection.close()

    def transitions(self, alarm_id: str | None = None) -> list[Row]:
        """Every transition of the journal, or those of one alarm, oldest first."""
        return [row for row in self.entries("transition") if alarm_id in (None, row["id"])]

    def triggers(self, alarm_id: str) -> list[str]:
        """What happened to one alarm, by the journal."""
        return [step["trigger"] for step in self.transitions(alarm_id)]

    def outbox(self) -> list[Row]:
        with self.reading() as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute("select * from outbox order by seq")]

    def board(self) -> dict[str, Row]:
        with self.reading() as connection:
            connection.row_factory = sqlite3.Row
            return {row["id"]: dict(row) for row in connection.execute("select * from alarm")}
