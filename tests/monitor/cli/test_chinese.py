"""The help in Chinese: complete, without leftovers, and in the language that was asked for."""

from collections.abc import Iterator

import pytest
import typer
from typer import rich_utils

from monitor.cli.app import app
from monitor.cli.chinese import HELP, WORDS_OF_TYPER, asked_for, translate
from tests.monitor.plant.kinds.folders import is_chinese


def texts(command: object, name: str = "redline") -> Iterator[tuple[str, str]]:
    """Every text of the help with the command that shows it."""
    yield name, getattr(command, "help", None) or ""
    get_params = getattr(command, "get_params")  # noqa: B009 - mypy knows no public type of a command
    for parameter in get_params(typer.Context(command)):  # type: ignore[arg-type]  # the same
        yield name, getattr(parameter, "help", None) or ""
    for below, sub in getattr(command, "commands", {}).items():
        yield from texts(sub, f"{name} {below}")


def test_every_text_of_the_help_has_its_chinese_and_none_is_left_over() -> None:
    english = {text for _, text in texts(typer.main.get_command(app)) if text}
    assert english == HELP.keys()
    assert all(is_chinese(chinese) for chinese in HELP.values())


def test_the_whole_help_is_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in WORDS_OF_TYPER:
        monkeypatch.setattr(rich_utils, name, getattr(rich_utils, name))  # typer keeps its words for the process
    command = typer.main.get_command(app)
    translate(command)
    assert [pair for pair in texts(command) if pair[1] and not is_chinese(pair[1])] == []
    assert rich_utils.COMMANDS_PANEL_TITLE == "命令"


@pytest.mark.parametrize(
    ("arguments", "environment", "language"),
    [
        ([], {}, "zh"),
        (["--help"], {"REDLINE_LANGUAGE": "en"}, "en"),
        (["check", "--help", "--language", "en"], {}, "en"),
        (["check", "-l", "en", "--help"], {}, "en"),
        (["check", "--language=en", "--help"], {}, "en"),
        (["check", "--language=zh", "--help"], {"REDLINE_LANGUAGE": "en"}, "zh"),
        (["check", "--help", "--language"], {"REDLINE_LANGUAGE": "en"}, "en"),
        (["check", "--help"], {"REDLINE_LANGUAGE": "fr"}, "zh"),
    ],
)
def test_the_language_that_was_asked_for(arguments: list[str], environment: dict[str, str], language: str) -> None:
    assert asked_for(arguments, environment) == language
