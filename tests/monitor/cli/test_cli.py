"""The command line as a user types it: exit codes, languages, accounts of a stopped plant, the demo itself."""

import contextlib
import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from monitor.api.passwords import verify_password
from monitor.cli.app import app
from monitor.version import VERSION

pytestmark = pytest.mark.slow  # each is a process of its own

DEMO = Path(__file__).parents[3] / "monitor" / "plant" / "demo"


def redline(*arguments: str, timeout_s: float = 90) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "monitor", *arguments],
        capture_output=True, text=True, timeout=timeout_s, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def typed(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The same command line in this process, where many commands follow each other: no second of imports for each."""
    said, refused = io.StringIO(), io.StringIO()
    with Path(os.devnull).open(encoding="utf-8") as nothing, pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", nothing)
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(refused), pytest.raises(SystemExit) as end:
            app(arguments, prog_name="redline")
    code = end.value.code
    assert code is None or isinstance(code, int)
    return subprocess.CompletedProcess(arguments, code or 0, said.getvalue(), refused.getvalue())


@pytest.fixture
def plant(tmp_path: Path) -> Path:
    """A copy of the demo plant that may be damaged."""
    folder = tmp_path / "plant"
    shutil.copytree(DEMO, folder)
    return folder


def spoil(plant: Path, name: str, old: str, new: str) -> int:
    """Put a mistake into a file; returns its line."""
    text = (plant / name).read_text(encoding="utf-8")
    assert old in text
    (plant / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def test_version() -> None:
    found = redline("--version")
    assert (found.returncode, found.stdout.strip()) == (0, f"redline {VERSION}")


def test_wrong_use_is_2() -> None:
    for arguments in (
        ("nonsense",),
        ("check",),
        ("check", "--nonsense", "x"),
        ("account", "add"),
        ("demo", "--port", "x"),
    ):
        found = typed(*arguments)
        assert found.returncode == 2, arguments
        assert found.stderr
        assert not found.stdout
    found = redline("check", str(DEMO), "--language", "fr")
    assert found.returncode == 2
    assert "fr" in found.stderr


@pytest.mark.parametrize(
    ("language", "words", "panel"), [("zh", "不是保护层", "命令"), ("en", "not a protection layer", "Commands")]
)
def test_help_says_that_it_is_no_protection_layer(
    language: str, words: str, panel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REDLINE_LANGUAGE", language)
    found = redline("--help")
    assert found.returncode == 0
    assert words in found.stdout
    assert panel in found.stdout
    for command in ("check", "run", "demo", "simulate", "account"):
        assert command in found.stdout


@pytest.mark.parametrize(("language", "passed", "warning"), [("zh", "检查通过", "警告"), ("en", "good.", "warning")])
def test_check_of_a_good_plant(plant: Path, language: str, passed: str, warning: str) -> None:
    found = redline("check", str(plant), "--language", language)
    assert found.returncode == 0
    assert passed in found.stdout
    tags = len((plant / "tags.csv").read_text(encoding="utf-8").splitlines()) - 1
    assert str(tags) in found.stdout
    assert warning in found.stderr, "history under 30 days is a warning, not a refusal"
    assert len(found.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(("language", "refused"), [("zh", "处错误，未通过"), ("en", "refused, ")])
def test_check_names_every_mistake_at_once(plant: Path, language: str, refused: str) -> None:
    limits = spoil(plant, "alarms.csv", "LT-201A.H,LT-201A,H,9.8", "LT-201A.H,LT-201A,H,９.8")
    unknown = spoil(plant, "alarms.csv", "LT-202A.H,LT-202A,", "LT-202A.H,LT-2O2A,")
    address = spoil(plant, "tags.csv", "PLC-2,hr:0,", "PLC-2,hr:70000,")
    unit = spoil(plant, "tags.csv", "0,2.5,MPa,normal", "0,2.5,Mpa,normal")
    table = spoil(plant, "plant.toml", 'timezone = "Asia/Shanghai"', 'timezone = "Asia/Shangai"')
    found = typed("check", str(plant), "--language", language)
    assert found.returncode == 1
    assert not found.stdout
    assert refused in found.stderr
    for place in (
        f"alarms.csv:{limits}: ", f"alarms.csv:{unknown}: ", f"tags.csv:{address}: ", f"tags.csv:{unit}: ",
        f"plant.toml:{table}: ",
    ):  # fmt: skip
        assert place in found.stderr, f"{place} is not in\n{found.stderr}"
    chinese = any("\u4e00" <= letter <= "\u9fff" for letter in found.stderr)
    assert chinese == (language == "zh")


def test_check_of_no_folder_is_1(tmp_path: Path) -> None:
    found = redline("check", str(tmp_path / "nowhere"))
    assert found.returncode == 1
    assert "Traceback" not in found.stderr
    assert str(tmp_path / "nowhere") in found.stderr


def password_of(found: subprocess.CompletedProcess[str]) -> str:
    assert found.returncode == 0, found.stderr
    return found.stdout.strip().removeprefix("password: ")


def stored_hash(state: Path, username: str) -> str:
    connection = sqlite3.connect(state / "journal.sqlite")
    try:
        (found,) = connection.execute("select password_hash from account where username = ?", (username,)).fetchone()
    finally:
        connection.close()
    return str(found)


def test_accounts_of_a_stopped_plant(tmp_path: Path) -> None:
    state = tmp_path / "state"
    at = (str(DEMO), "--state", str(state))

    def account(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return typed("account", command, str(DEMO), *arguments, "--state", str(state))

    first = password_of(account("add", "wang", "--role", "shift_leader", "--person", "wang-xiaoyu"))
    assert len(first) >= 12
    assert verify_password(stored_hash(state, "wang"), first)
    assert account("list").stdout.splitlines() == ["wang\tshift_leader\twang-xiaoyu\tactive"]

    again = account("add", "wang")
    assert again.returncode == 1
    assert "exists already" in again.stderr
    role = account("add", "li", "--role", "king")
    assert role.returncode == 1
    assert "operator" in role.stderr, "says which roles there are"
    person = account("add", "li", "--person", "nobody")
    assert person.returncode == 1
    assert "nobody" in person.stderr

    second = password_of(account("password", "wang"))
    assert second != first
    assert verify_password(stored_hash(state, "wang"), second)
    assert not verify_password(stored_hash(state, "wang"), first)
    assert account("password", "nobody").returncode == 1

    assert account("disable", "wang").returncode == 0
    assert account("disable", "nobody").returncode == 1
    assert account("list").stdout.splitlines() == ["wang\tshift_leader\twang-xiaoyu\tdisabled"]
    assert redline("account", "list", *at).returncode == 0

    assert account("enable", "wang").returncode == 0
    assert account("list").stdout.splitlines() == ["wang\tshift_leader\twang-xiaoyu\tactive"]
    twice = account("enable", "wang")
    assert twice.returncode == 1
    assert "not disabled" in twice.stderr

    kept = account_rows(state)
    assert [body["values"]["action"] for body in kept] == ["add", "password", "disable", "enable"]
    assert all(body["values"]["username"] == "wang" and body["values"]["system_user"] for body in kept)
    assert "wang" in kept[0]["message_zh"]
    assert "added" in kept[0]["message_en"]
    assert not any(word in json.dumps(kept) for word in (first, second, "argon2"))
    assert typed("journal", "verify", str(state)).returncode == 0


def account_rows(state: Path) -> list[dict[str, Any]]:
    """Bodies of the journal rows about accounts, oldest first."""
    connection = sqlite3.connect(state / "journal.sqlite")
    try:
        rows = connection.execute("select body from journal where kind = 'account' order by seq").fetchall()
    finally:
        connection.close()
    return [json.loads(body) for (body,) in rows]


def test_tokens_of_a_program(tmp_path: Path) -> None:
    state = tmp_path / "state"

    def account(command: str, *words: str) -> subprocess.CompletedProcess[str]:
        return typed("account", *command.split(), str(DEMO), *words, "--state", str(state))

    password_of(account("add", "mes", "--role", "viewer"))
    password_of(account("add", "wang", "--person", "wang-xiaoyu"))
    said = account("token add", "mes", "--days", "30").stdout
    token, name, until = (line.split(": ")[1] for line in said.strip().splitlines())
    assert len(token) >= 43
    assert account("token list", "mes").stdout == f"{name}\t{until}\n"
    connection = sqlite3.connect(state / "journal.sqlite")
    (kept,) = connection.execute("select token_sha256 from session").fetchone()
    connection.close()
    assert kept == hashlib.sha256(token.encode()).digest(), "only the hash is kept"
    assert name == kept.hex()[:12]

    person = account("token add", "wang")
    assert person.returncode == 1
    assert "for a program" in person.stderr
    assert account("token add", "nobody").returncode == 1
    assert account("token revoke", "mes", "0123456789ab").returncode == 1
    assert account("token revoke", "mes", name).returncode == 0
    assert account("token list", "mes").stdout == ""
    assert [body["values"]["action"] for body in account_rows(state)] == ["add", "add", "token", "revoke"]
    assert token not in json.dumps(account_rows(state))


@pytest.mark.timeout(300)
def test_the_demo_plays_the_incident_once(tmp_path: Path) -> None:
    found = redline("demo", "--once", "--port", "0", "--state", str(tmp_path / "demo"), timeout_s=280)
    assert found.returncode == 0, found.stdout[-3000:] + found.stderr[-3000:]
    result = json.loads(found.stdout.strip().splitlines()[-1])
    assert result["ok"] is True
    assert result["stages"]
    for alarm_id, stages in result["stages"].items():
        assert len(stages) >= 8
        assert all(moment is not None for moment in stages.values()), (alarm_id, stages)
    assert result["alarms"] > 0
    assert result["pushes"] > 0
    assert result["mqtt_events"] >= result["alarms"]
    for figure in ("n", "decision_p50_ms", "decision_max_ms", "push_p50_ms", "push_max_ms"):
        assert result[figure] is not None
        assert result[figure] > 0
    assert result["decision_p50_ms"] <= result["decision_max_ms"]
