"""Bytes of a plant file to text: UTF-8 with or without BOM, and GB18030 as Excel in China saves it."""

import unicodedata
from pathlib import Path
from typing import Final

from monitor.plant.mistakes import Mistake, Report

WORKBOOK: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""How .xlsx and .xls begin."""


def read_text(path: Path, report: Report) -> str | None:
    """Read one file of the folder; None (and a mistake) when it is missing or in no known encoding."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        report(Mistake(file=path.name, line=0, column="", zh="缺少此文件", en="this file is missing"))
        return None
    except OSError as error:
        words = error.strerror or str(error)
        report(Mistake(file=path.name, line=0, column="", zh=f"无法读取：{words}", en=f"cannot be read: {words}"))
        return None
    if content.startswith(WORKBOOK):
        zh = "这是 Excel 工作簿，请另存为“CSV UTF-8（逗号分隔）”"
        report(Mistake(file=path.name, line=0, column="", zh=zh, en="this is an Excel workbook: save it as CSV UTF-8"))
        return None
    if b"\0" in content:
        line = content[: content.index(b"\0")].count(b"\n") + 1
        zh = "含有 NUL 字节：是 UTF-16 编码或文件已损坏，请另存为 UTF-8"
        en = "has a NUL byte: the file is UTF-16 or damaged, save it as UTF-8"
        report(Mistake(file=path.name, line=line, column="", zh=zh, en=en))
        return None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
    zh = "既不是 UTF-8 也不是 GB18030 编码，请另存为 UTF-8"
    report(Mistake(file=path.name, line=line, column="", zh=zh, en="neither UTF-8 nor GB18030: save the file as UTF-8"))
    return None


def half_width(text: str) -> str:
    """The same text with full-width letters, digits and signs in their ordinary form (NFKC)."""
    return unicodedata.normalize("NFKC", text)


def has_full_width(text: str) -> bool:
    """Tell whether letters, digits or signs were typed full-width (U+FF01 to U+FF5E, ideographic space)."""
    return not text.isascii() and any("\uff01" <= sign <= "\uff5e" or sign == "\u3000" for sign in text)
