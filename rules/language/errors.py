"""Why a text is no condition, and at which character."""

from typing import Final

_SHOWN: Final = 60
"""Characters of a long text that are shown on each side of the mistake."""


class ExpressionRefusedError(ValueError):
    """The text is not a condition; `column` (1-based) is the character to look at, `reason_*` what to change."""

    def __init__(self, text: str, column: int, reason_zh: str, reason_en: str) -> None:
        self.text = text
        self.column = column
        self.reason_zh = reason_zh
        self.reason_en = reason_en
        super().__init__(self.message("en"))

    def message(self, language: str) -> str:
        """The reason, the text and a caret under the character, in `zh` or `en`: three lines."""
        head = (
            f"第 {self.column} 个字符：{self.reason_zh}"
            if language == "zh"
            else f"column {self.column}: {self.reason_en}"
        )
        return f"{head}\n{self.picture()}"

    def picture(self) -> str:
        """The text (a long one: the part around the mistake) with a caret line under it."""
        flat = "".join(sign if sign.isprintable() and sign.isascii() else _stand_in(sign) for sign in self.text)
        first = max(0, self.column - 1 - _SHOWN)
        last = self.column - 1 + _SHOWN
        left, right = ("..." if first else ""), ("..." if last < len(flat) else "")
        caret = " " * (len(left) + self.column - 1 - first) + "^"
        return f"  {left}{flat[first:last]}{right}\n  {caret}"


def _stand_in(sign: str) -> str:
    """One narrow character for one that would move the caret line."""
    return " " if sign in "\t\r\n" else "?"
