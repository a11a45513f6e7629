"""Secrets come from the environment or a file, and are never repeated."""

from pathlib import Path

import pytest

from monitor.notify.secret import SecretMissingError, redact, resolve_secret


def test_the_environment_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from file\n", encoding="utf-8")
    monkeypatch.setenv("REDLINE_X", " from environment ")
    assert resolve_secret("REDLINE_X", str(tmp_path / "secret")) == "from environment"
    monkeypatch.setenv("REDLINE_X", " ")
    assert resolve_secret("REDLINE_X", str(tmp_path / "secret")) == "from file"


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("REDLINE_X", raising=False)
    with pytest.raises(
        SecretMissingError, match=r"set environment variable REDLINE_X or file .*nothing \(FileNotFoundError\)"
    ):
        resolve_secret("REDLINE_X", str(tmp_path / "nothing"))
    with pytest.raises(SecretMissingError, match=r"set environment variable REDLINE_X$"):
        resolve_secret("REDLINE_X", "")
    with pytest.raises(SecretMissingError, match=r"plant\.toml"):
        resolve_secret("", "")


def test_redact_replaces_long_and_short_forms() -> None:
    assert (
        redact("GET https://x/y?key=abcd-1 with abcd-1", "https://x/y?key=abcd-1", "abcd-1")
        == "GET <secret> with <secret>"
    )
    assert redact("errcode 1", "1", "") == "errcode 1"
