"""What operators are told of a link is said in Chinese and in English, wherever it is raised."""

import ast
import errno
import socket
from pathlib import Path
from typing import Final

import pytest

import drivers
from drivers.causes import of_system
from drivers.errors import BadFrameError, DriverError, LinkLostError
from drivers.modbus.wire import EXCEPTIONS, Refusal
from drivers.words import Words, joined

FOLDER: Final = Path(drivers.__file__).parent
RAISED: Final = {"LinkLostError", "RefusedError", "NotYetAllowedError", "MisconfiguredError"}


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= sign <= "\u9fff" for sign in text)


def errors_made(tree: ast.AST) -> list[ast.Call]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [call for call in calls if isinstance(call.func, ast.Name) and call.func.id in RAISED]


def test_every_error_that_a_driver_makes_has_both_texts() -> None:
    made = {
        f"{path.relative_to(FOLDER)}:{call.lineno}": len(call.args)
        for path in sorted(FOLDER.rglob("*.py"))
        for call in errors_made(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert len(made) > 30
    assert [place for place, texts in made.items() if texts != 2] == []


def test_every_words_has_chinese_first() -> None:
    wrong = []
    for path in sorted(FOLDER.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Words":
                literal = [ast.unparse(text) for text in node.args if isinstance(text, ast.Constant | ast.JoinedStr)]
                if len(literal) == 2 and not (is_chinese(literal[0]) and not is_chinese(literal[1])):
                    wrong.append(f"{path.relative_to(FOLDER)}:{node.lineno}")
    # the name of a type, and what a variable holds, stand as they are
    assert [place for place in wrong if not place.startswith(("words.py", "poll.py"))] == []


@pytest.mark.parametrize("code", [*sorted(EXCEPTIONS), 0x55])
def test_every_exception_code_has_both_texts(code: int) -> None:
    words = Refusal(code).words
    assert words.zh.startswith(f"异常 {code:02X}（")
    assert is_chinese(words.zh[6:])
    assert (words.en, str(Refusal(code))) == (words.en, words.en)
    assert not is_chinese(words.en)


def test_what_the_system_says_is_put_into_words() -> None:
    assert of_system(ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")) == (
        "连接被拒绝",
        "Connection refused",
    )
    assert of_system(OSError(errno.ENOTTY, "not a typewriter")) == ("not a typewriter", "not a typewriter")
    assert of_system(OSError("could not open port")) == ("could not open port", "could not open port")
    assert of_system(ValueError("no such rate")) == ("no such rate", "no such rate")
    assert of_system(socket.gaierror(socket.EAI_NONAME, "Name or service not known")).zh == "主机名无法解析"


def test_words_are_joined_and_false_while_there_are_none() -> None:
    assert joined([Words("一", "one"), Words(), Words("二", "two")]) == Words("一；二", "one; two")
    assert not joined([]) and not Words() and Words("一", "one")
    assert f"{Words('一', 'one')}" == "one"


def test_an_error_without_words_of_ours_says_the_same_in_both() -> None:
    error = LinkLostError("as it came")
    assert (error.text("zh"), error.text("en")) == ("as it came", "as it came")
    worded = DriverError("gone", "断开")
    assert (worded.text("zh"), worded.text("en"), str(worded)) == ("断开", "gone", "gone")
    assert BadFrameError("00 01").text("zh") == "设备的应答不符合协议：00 01"
