"""The journal as a workbook: text cells are text, never a formula; one row at a time, so that memory stays small."""

import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson
from xlsxwriter import Workbook

from monitor.alarms.record import JournalRow
from monitor.api.exports import cut_words
from monitor.api.journal_csv import COLUMNS
from monitor.api.times import rfc3339

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LONGEST_CELL: Final = 32_767
"""What a cell of a workbook can hold."""
WIDTHS: Final = {"time": 25, "site_time": 24, "id": 22, "message_zh": 50, "message_en": 50, "comment": 30}
NS: Final = 1_000_000_000


class JournalSheet:
    """A workbook that is written once, top to bottom; its methods block, so not in the loop."""

    def __init__(self, path: Path, timezone: str, *, english: bool) -> None:
        """:raises OSError: the file cannot be made."""
        self._zone = ZoneInfo(timezone)
        self._english = english
        options = {
            "constant_memory": True,
            "tmpdir": str(path.parent),
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        }
        self._book = Workbook(str(path), options)
        self._sheet = self._book.add_worksheet("journal" if english else "日志")
        self._moment = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000"})
        bold = self._book.add_format({"bold": True})
        for place, (key, zh, en) in enumerate(COLUMNS):
            self._sheet.set_column(place, place, WIDTHS.get(key, 14))
            self._sheet.write_string(0, place, en if english else zh, bold)
        self._sheet.freeze_panes(1, 0)
        self._next = 1
        self._busy = threading.Lock()  # a request that is cancelled leaves its thread at work, and closes meanwhile

    def add(self, rows: Sequence[JournalRow]) -> None:
        """Append journal rows."""
        with self._busy:
            for row in rows:
                self._row(row)

    def _row(self, row: JournalRow) -> None:
        fields = _fields(row)
        for place, (key, _, _) in enumerate(COLUMNS):
            if key == "site_time":
                self._sheet.write_datetime(self._next, place, self._site_time(row.wall_ns), self._moment)
            else:
                self._cell(place, fields.get(key))
        self._next += 1

    def note(self, seq: int) -> None:
        """Say at the end that there is more."""
        self._cell(0, cut_words(f"after={seq}", english=self._english))

    def close(self) -> None:
        """Write the file.

        :raises OSError: the disk refuses.
        """
        with self._busy:
            if self._next > 1:
                self._sheet.autofilter(0, 0, self._next - 1, len(COLUMNS) - 1)
            self._book.close()

    def _site_time(self, wall_ns: int) -> datetime:
        seconds, rest = divmod(wall_ns, NS)
        found = datetime.fromtimestamp(seconds, self._zone).replace(tzinfo=None)
        return found.replace(microsecond=rest // 1000)

    def _cell(self, place: int, value: object) -> None:
        if value is None:
            return
        if isinstance(value, bool):
            self._sheet.write_boolean(self._next, place, value)
        elif isinstance(value, int | float):
            self._sheet.write_number(self._next, place, value)
        else:
            self._sheet.write_string(self._next, place, str(value)[:LONGEST_CELL])


def _fields(row: JournalRow) -> dict[str, Any]:
    body: dict[str, Any] = orjson.loads(row.body)
    return {
        **body,
        "seq": row.seq,
        "time": rfc3339(row.wall_ns),
        "kind": row.kind,
        "id": row.id,
        "occurrence": row.occurrence,
        "transition": row.transition,
        "person": row.person,
    }
