"""CSV sheets of the plant folder as records with their line numbers."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from monitor.plant.mistakes import Mistake, Report
from monitor.plant.record import Record, nearest
from monitor.plant.source import half_width, read_text

SEPARATORS: Final = {";": ("分号", "semicolons"), "\t": ("制表符", "tabs")}


def read_sheet(
    path: Path, columns: Sequence[str], required: Sequence[str], report: Report
) -> tuple[Record, ...] | None:
    """Read a sheet whose first line names its columns; blank lines and lines beginning with # are passed over.

    None (and a mistake) when its rows cannot be told: no file, no header, a column missing, broken quoting.
    """
    text = read_text(path, report)
    if text is None:
        return None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    records: list[Record] = []
    header: list[str] | None = None
    line = 1
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            zh = f"引号不配对：{error}；单元格内的引号要写成两个"
            en = f"broken quoting: {error}; a quote inside a cell is written twice"
            report(Mistake(file=path.name, line=line, column="", zh=zh, en=en))
            return None
        if not any(cell.strip() for cell in cells) or cells[0].lstrip().startswith("#"):
            continue
        if header is None:
            header = _header(path.name, line, cells, columns, required, report)
            if not {*required} <= {*header}:
                return None  # each row would only say so again
            continue
        records.append(_record(path.name, line, cells, header, report))
    if header is None:
        listed = ", ".join(columns)
        report(
            Mistake(
                file=path.name,
                line=1,
                column="",
                zh=f"空表，第一行应为列名：{listed}",
                en=f"empty: the first line names the columns {listed}",
            )
        )
        return None
    return tuple(records)


def _header(
    file: str, line: int, cells: list[str], columns: Sequence[str], required: Sequence[str], report: Report
) -> list[str]:
    header = [cell.strip() for cell in cells]
    for sign, (zh, en) in SEPARATORS.items():
        if len(header) == 1 and sign in header[0]:
            zh = f"列以{zh}分隔，应以逗号分隔：请另存为“CSV UTF-8（逗号分隔）”"
            report(Mistake(file=file, line=line, column="", zh=zh, en=f"{en} between the columns: save it with commas"))
            return header
    for name in header:
        if name and name not in columns:
            zh, en = nearest(half_width(name), columns)
            report(Mistake(file=file, line=line, column=name, zh=f"未知的列{zh}", en=f"unknown column{en}"))
    for name in required:
        if name not in header:
            report(Mistake(file=file, line=line, column=name, zh="缺少此列", en="this column is missing"))
    for name in {name for name in header if name and header.count(name) > 1}:
        report(Mistake(file=file, line=line, column=name, zh="此列出现两次", en="this column stands twice"))
    return header


def _record(file: str, line: int, cells: list[str], header: list[str], report: Report) -> Record:
    if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
        zh = f"有 {len(cells)} 个单元格，但只有 {len(header)} 列；内容含逗号时要加引号"
        en = f"has {len(cells)} cells for {len(header)} columns: quote a cell that contains a comma"
        report(Mistake(file=file, line=line, column="", zh=zh, en=en))
    values: dict[str, object] = {name: cell for name, cell in zip(header, map(str.strip, cells), strict=False) if name}
    return Record(file, values, lambda _key: line, report)
