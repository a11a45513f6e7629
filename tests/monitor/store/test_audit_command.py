"""The commands of the journal: what they say, and their exit codes."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from monitor.cli.app import app
from monitor.store.anchor import KEY_NAME, public_key_text
from tests.monitor.store.forging import ROWS, SIGNED, forge, public_key_of

pytestmark = pytest.mark.usefixtures("small_distance")


def run(*words: object) -> tuple[int, str, str]:
    found = CliRunner().invoke(app, [str(word) for word in words])
    return found.exit_code, found.stdout, found.stderr


def test_the_command_says_it_in_words_and_by_its_exit_code(state: Path, tmp_path: Path) -> None:
    code, said, wrong = run("journal", "verify", state)
    assert (code, wrong) == (0, "")
    assert f"共 {ROWS} 条" in said
    assert "日志完好" in said
    code, key, _ = run("journal", "key", state)
    assert code == 0
    assert key.strip() == public_key_text(public_key_of(state))
    kept = tmp_path / "kept.pub"
    kept.write_text(key)
    code, said, _ = run("journal", "verify", state, "--public-key", kept, "-l", "en")
    assert code == 0
    assert f"{ROWS} rows (1 to {ROWS}), {len(SIGNED)} anchors, signed up to row {ROWS}" in said
    forge(state)
    code, said, wrong = run("journal", "verify", state, "-l", "en", "--public-key", kept)
    assert code == 1
    assert wrong.startswith("row 31: it is not the row that was signed")
    assert "as it was written" not in said
    assert run("journal", "verify", state)[2].startswith("第 31 条：")


def test_wrong_use_of_the_command_is_2(state: Path, tmp_path: Path) -> None:
    nonsense = tmp_path / "nonsense.pub"
    for words in ("", "redline-anchor-ed25519", "redline-anchor-ed25519 ab!c x", "ssh-ed25519 " + "A" * 44, "\n\n"):
        nonsense.write_text(words)
        assert run("journal", "verify", state, "--public-key", nonsense)[0] == 2
    assert run("journal", "verify", state, "--public-key", tmp_path / "not-there")[0] == 2
    assert run("journal", "verify", tmp_path / "not-there")[0] == 2
    (state / KEY_NAME).unlink()
    assert run("journal", "key", state)[0] == 1
    (tmp_path / "empty").mkdir()
    assert run("journal", "verify", tmp_path / "empty")[0] == 1
