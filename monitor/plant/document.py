"""TOML files of the plant folder as records whose keys know their line (tomllib itself tells no positions)."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from monitor.plant.mistakes import Mistake, Report
from monitor.plant.record import Record
from monitor.plant.source import read_text

HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.-]+)\s*\]\]?")
KEY = re.compile(r"^\s*([A-Za-z0-9_-]+|\"[^\"]+\")\s*(?:\.[A-Za-z0-9_.-]+\s*)?=")
AT_LINE = re.compile(r"\(at line (\d+), column (\d+)\)")
SYNTAX: Final = {
    "Invalid value": "值写得不对；文本要加英文双引号，小数用点",
    "Expected newline or end of document after a statement": "此处应换行；检查括号是否成对、小数点是否写成逗号",
    "Expected '=' after a key in a key/value pair": "键后面应为英文等号 =",
    "Cannot overwrite a value": "此键出现两次",
    "Invalid statement": "此处不是键、表头或注释；检查是否用了全角符号",
    "Unterminated string": "引号没有闭合",
    "Unclosed array": "方括号没有闭合",
    "Unclosed inline table": "花括号没有闭合",
    "Expected ']' at the end of a table declaration": "表头应以 ] 结束",
    "Expected ']]' at the end of an array declaration": "表头应以 ]] 结束",
    "Cannot mutate immutable namespace": "此表已经写在一行里，不能再添加",
    "Unescaped '\\' in a string": "文本中的反斜杠要写成两个，或改用单引号",
}
"""What tomllib says, in Chinese, with what to look for."""


class Document:
    """One parsed TOML file: its tables as records."""

    def __init__(
        self, file: str, content: Mapping[str, object], lines: Mapping[tuple[str, int, str], int], report: Report
    ) -> None:
        self.file = file
        self.content = content
        self._lines = lines
        self._report = report

    def record(self, name: str = "") -> Record:
        """The table `name` ("" = the top), empty when it is absent."""
        content = self.content if not name else self.content.get(name, {})
        values = content if isinstance(content, Mapping) else {}
        if content is not values:
            self._wrong_shape(name, f"[{name}]")
        return Record(self.file, values, lambda key: self._line(name, 0, key), self._report, f"{name}." if name else "")

    def nested(self, name: str, inner: str) -> Record:
        """The table `[name.inner]`, empty when it is absent."""
        outer = self.content.get(name, {})
        values = outer.get(inner, {}) if isinstance(outer, Mapping) else {}
        path = f"{name}.{inner}"
        return Record(
            self.file,
            values if isinstance(values, Mapping) else {},
            lambda key: self._line(path, 0, key),
            self._report,
            f"{path}.",
        )

    def records(self, name: str) -> tuple[Record, ...]:
        """The tables `[[name]]` in order."""
        content = self.content.get(name, [])
        if not isinstance(content, list) or not all(isinstance(item, dict) for item in content):
            self._wrong_shape(name, f"[[{name}]]")
            return ()
        return tuple(
            Record(self.file, item, lambda key, index=index: self._line(name, index, key), self._report, f"{name}.")  # type: ignore[misc]  # mypy infers no type for a default
            for index, item in enumerate(content)
        )

    def _line(self, table: str, index: int, key: str) -> int:
        return self._lines.get(
            (table, index, key), self._lines.get((table, index, ""), self._lines.get(("", 0, table), 1))
        )

    def _wrong_shape(self, name: str, wanted: str) -> None:
        line = self._lines.get(("", 0, name), self._lines.get((name, 0, ""), 1))
        self._report(
            Mistake(file=self.file, line=line, column=name, zh=f"应写成 {wanted}", en=f"must be written as {wanted}")
        )


def read_document(path: Path, report: Report, *, required: bool = True) -> Document | None:
    """Parse one TOML file; None (and a mistake) when it is missing or broken; one that may be missing is empty then."""
    if not required and not path.exists():
        return Document(path.name, {}, {}, report)
    text = read_text(path, report)
    if text is None:
        return None
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        report(_syntax(path.name, text, str(error)))
        return None
    return Document(path.name, content, _lines(text), report)


def _syntax(file: str, text: str, words: str) -> Mistake:
    """What is wrong with the spelling of a file, at its line and sign."""
    found = AT_LINE.search(words)
    line = int(found[1]) if found else text.count("\n") + 1
    words = AT_LINE.sub("", words).removesuffix("(at end of document)").strip()
    place_zh, place_en = (
        (f"第 {found[2]} 个字符处：", f" at character {found[2]}") if found else ("文件末尾：", " at the end")
    )
    zh = f"TOML 语法错误，{place_zh}{SYNTAX.get(words, words)}"
    return Mistake(file=file, line=line, column="", zh=zh, en=f"not valid TOML{place_en}: {words}")


def _lines(text: str) -> dict[tuple[str, int, str], int]:
    """Map (table, index, key) to the line it stands on; key "" is the header of the table."""
    lines: dict[tuple[str, int, str], int] = {}
    counts: dict[str, int] = {}
    table, index = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        header = HEADER.match(line)
        if header:
            table = header[2]
            index = counts.get(table, 0) if header[1] == "[[" else 0
            counts[table] = index + 1
            lines.setdefault((table, index, ""), number)
            continue
        key = KEY.match(line)
        if key:
            lines.setdefault((table, index, key[1].strip('"')), number)
    return lines
