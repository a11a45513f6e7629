"""One row of a sheet or one table of a TOML file, read field by field; what is wrong is reported with its line and column."""

import difflib
import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence

from monitor.plant.mistakes import Mistake, Report, Severity
from monitor.plant.source import half_width, has_full_width

ID_PATTERN = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
ID_LENGTH = 64
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")


def nearest(word: str, known: Collection[str]) -> tuple[str, str]:
    """Words (zh, en) that name the nearest known spelling, or nothing."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return (f"，是否为 {found[0]}？", f"; did you mean {found[0]}?") if found else ("", "")


def _likely(text: str) -> tuple[str, str]:
    """What somebody meant who typed this for a number, in words (zh, en)."""
    if DECIMAL_COMMA.fullmatch(text):
        point = text.replace(",", ".")
        return f"：小数点写作 .，是否为 {point}？", f": the decimal sign is a point; did you mean {point}?"
    if text.startswith("#"):
        return (
            "：是 Excel 的公式错误，请在 Excel 中改正后重新保存",
            ": it is an error of a formula in Excel, mend it there",
        )
    return "", ""


class Record:
    """The fields of one row or table.  Every getter returns a usable value even where it reports a mistake."""

    def __init__(
        self, file: str, values: Mapping[str, object], line_of: Callable[[str], int], report: Report, prefix: str = ""
    ) -> None:
        self.file = file
        self.values = values
        self._line_of = line_of
        self._report = report
        self._prefix = prefix
        self._unreadable: set[str] = set()

    def line(self, key: str = "") -> int:
        """Line of one key, or of the record."""
        return self._line_of(key)

    def wrong(self, key: str, zh: str, en: str, severity: Severity = "error") -> None:
        """Report a mistake at one field; what follows only from a number that could not be read is not said."""
        if key in self._unreadable:
            return
        mistake = Mistake(
            file=self.file, line=self.line(key), column=f"{self._prefix}{key}", zh=zh, en=en, severity=severity
        )
        self._report(mistake)

    def only(self, allowed: Collection[str]) -> None:
        """Report every key that is not known."""
        for key in self.values:
            if key not in allowed:
                zh, en = nearest(key, allowed)
                self.wrong(key, f"未知的键{zh}", f"unknown key{en}")

    def is_given(self, key: str) -> bool:
        """Tell whether the field holds anything."""
        value = self.values.get(key)
        return value is not None and value != ""

    def text(self, key: str, *, required: bool = True, default: str = "") -> str:
        """Text as it stands, without surrounding blanks."""
        value = self.values.get(key)
        if type(value) is str and value:
            return value.strip()
        if value is None or value == "":
            if required:
                self.wrong(key, "必填", "must be given")
            return default
        self.wrong(key, f"应为文本（加引号），现为 {value}", f"must be text in quotes, is {value}")
        return default

    def identifier(self, key: str = "id", *, required: bool = True) -> str:
        """An id: parts of letters, digits, _ and - joined by dots, up to 64 characters."""
        text = self.text(key, required=required)
        if not text:
            return text
        if has_full_width(text):
            self.wrong(
                key, f"含全角字符，应为 {half_width(text)}", f"has full-width characters, should be {half_width(text)}"
            )
        elif not ID_PATTERN.fullmatch(text) or len(text) > ID_LENGTH:
            zh = f"编号 {text!r} 只能由字母、数字、_、- 组成，以点分段，最长 {ID_LENGTH} 个字符"
            self.wrong(
                key,
                zh,
                f"id {text!r}: letters, digits, _ and - in parts joined by dots, at most {ID_LENGTH} characters",
            )
        return text

    def fresh_identifier(self, known: Collection[str]) -> str:
        """The id, reported when it is taken already."""
        found = self.identifier("id")
        if found in known:
            self.wrong("id", f"编号 {found} 重复", f"id {found} stands twice")
        return found

    def names(self) -> tuple[str, str]:
        """`name_zh`, and `name_en`, which is the same where it is not given."""
        zh = self.text("name_zh")
        return zh, self.text("name_en", required=False, default=zh)

    def number(
        self, key: str, *, default: float | None = None, minimum: float = -math.inf, maximum: float = math.inf
    ) -> float | None:
        """A finite number; None where it is not given and has no default.  Requirement: `required_number`."""
        value = self.values.get(key)
        if value is None or value == "":
            return default
        found = self._finite(key, value)
        if found is None:
            return default
        if not minimum <= found <= maximum:
            self.wrong(
                key,
                f"{found:g} 应在 {minimum:g} 到 {maximum:g} 之间",
                f"{found:g} must be from {minimum:g} to {maximum:g}",
            )
        return found

    def required_number(self, key: str, *, minimum: float = -math.inf, maximum: float = math.inf) -> float:
        """A finite number that must be given; 0.0 where it is not (and a mistake)."""
        if not self.is_given(key):
            self.wrong(key, "必填，应为数字", "must be given, a number")
            return 0.0
        found = self.number(key, minimum=minimum, maximum=maximum)
        return 0.0 if found is None else found

    def integer(
        self, key: str, *, default: int | None = None, minimum: int = -(2**31), maximum: int = 2**31
    ) -> int | None:
        """A whole number."""
        found = self.number(key, minimum=minimum, maximum=maximum)
        if found is None:
            return default
        if found != int(found):
            self.wrong(key, f"{found:g} 应为整数", f"{found:g} must be a whole number")
        return int(found)

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Yes or no: true/false, yes/no, 1/0, 是/否."""
        value = self.values.get(key)
        if value is None or value == "":
            return default
        if isinstance(value, bool):
            return value
        words = {"true": True, "yes": True, "1": True, "是": True, "false": False, "no": False, "0": False, "否": False}
        known = words.get(str(value).strip().lower())
        if known is None:
            self.wrong(key, f"{value!r} 应为 true 或 false", f"{value!r} must be true or false")
            return default
        return known

    def choice(self, key: str, options: Sequence[str], *, default: str | None = None) -> str:
        """One of a closed list; the default (or the first) where it is wrong or absent."""
        fallback = options[0] if default is None else default
        text = self.text(key, required=default is None, default=fallback)
        if text not in options:
            zh, en = nearest(text, options)
            listed = ", ".join(options)
            self.wrong(key, f"{text!r} 应为以下之一：{listed}{zh}", f"{text!r} must be one of {listed}{en}")
            return fallback
        return text

    def reference(self, key: str, known: Collection[str], noun: tuple[str, str], *, required: bool = True) -> str:
        """The id of something that is defined elsewhere; `noun` is its (zh, en) name."""
        text = self.text(key, required=required)
        if text:
            self.must_know(key, text, known, noun)
        return text

    def must_know(self, key: str, text: str, known: Collection[str], noun: tuple[str, str]) -> bool:
        """Report a mistake unless `text` is among the known ids."""
        if text in known:
            return True
        zh, en = nearest(text, known)
        self.wrong(key, f"没有名为 {text!r} 的{noun[0]}{zh}", f"there is no {noun[1]} {text!r}{en}")
        return False

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty where it is not given."""
        value = self.values.get(key)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.wrong(key, '应为文本列表，如 ["A", "B"]', 'must be a list of texts such as ["A", "B"]')
            return ()
        return tuple(value)

    def records(self, key: str, *, required: bool = False) -> "tuple[Record, ...]":
        """A list of inline tables."""
        value = self.values.get(key)
        if value is None and not required:
            return ()
        if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
            self.wrong(key, "应为非空的表列表 [{...}]", "must be a list of tables [{...}] with at least one")
            return ()
        return tuple(
            Record(self.file, item, lambda _key: self.line(key), self._report, f"{key}[{index}].")
            for index, item in enumerate(value)
        )

    def _finite(self, key: str, value: object) -> float | None:
        text = str(value).strip()
        if has_full_width(text):
            half = half_width(text)
            self._no_number(key, f"{text} 含全角字符，应为 {half}", f"{text} has full-width characters, type {half}")
            return None
        if isinstance(value, bool):
            text = "?"
        try:
            found = float(text)
        except ValueError:
            zh, en = _likely(text)
            self._no_number(key, f"{value!r} 不是数字{zh}", f"{value!r} is not a number{en}")
            return None
        if not math.isfinite(found) or "_" in text:
            self._no_number(key, f"{value!r} 不是有限的数字", f"{value!r} is not a finite number")
            return None
        return found

    def _no_number(self, key: str, zh: str, en: str) -> None:
        self.wrong(key, zh, en)
        self._unreadable.add(key)
