"""`redline replay` as an engineer types it: a CSV, the service's own history, new rules, and what is wrong."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from monitor.store.history_file import HistoryFile
from rules.columns.readings import NO_TIME, Origin, ReadingBatch
from tests.monitor.cli.test_cli import DEMO, redline, spoil
from tests.rules.plants import SECOND, START_WALL_NS

pytestmark = pytest.mark.slow  # each is a process of its own

LEVELS = [8.0, 10.0, 10.6, 10.6, 11.0, 11.0, 11.0, 11.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0]


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    path = tmp_path / "recording.csv"
    first = START_WALL_NS // SECOND
    path.write_text(
        "time,LT-101A\n" + "".join(f"{first + 10 * at},{level}\n" for at, level in enumerate(LEVELS)), encoding="utf-8"
    )
    return path


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder whose history holds the same series."""
    file = HistoryFile(tmp_path / "history.duckdb", ["LT-101A", "GONE"])
    for at, level in enumerate(LEVELS):
        file.append(
            [
                ReadingBatch(
                    device="PLC-2",
                    received_mono_ns=at * 10 * SECOND,
                    received_wall_ns=START_WALL_NS + at * 10 * SECOND,
                    origin=Origin.LIVE,
                    row=np.array([0, 1], np.int32),
                    value=np.array([level, 1.0]),
                    quality=np.zeros(2, np.uint8),
                    status=np.zeros(2, np.uint32),
                    source_time_ns=np.full(2, NO_TIME, np.int64),
                )
            ]
        )
    file.close()
    return tmp_path


def alarms(answer: str) -> list[tuple[str, str]]:
    return [
        (item["id"], item["trigger"]) for item in json.loads(answer)["alarms"] if item["id"].startswith("LT-101A.H")
    ]


def test_a_csv_is_played_and_told(recorded: Path) -> None:
    done = redline("replay", str(DEMO), "--history", str(recorded), "-l", "en")
    assert done.returncode == 0, done.stderr
    assert "LT-101A.HH" in done.stdout
    assert "times real time" in done.stdout
    assert "no difference" not in done.stdout
    chinese = redline("replay", str(DEMO), "--history", str(recorded)).stdout
    assert "实时的" in chinese


def test_history_and_csv_give_the_same_alarms(recorded: Path, state: Path) -> None:
    of_csv = redline("replay", str(DEMO), "--history", str(recorded), "--json")
    of_state = redline("replay", str(DEMO), "--history", str(state), "--json", "--period", "10")
    assert of_csv.returncode == of_state.returncode == 0, of_csv.stderr + of_state.stderr
    assert ("LT-101A.HH", "raised") in alarms(of_csv.stdout)
    assert alarms(of_csv.stdout) == alarms(of_state.stdout)


def test_new_rules_are_compared(recorded: Path, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    shutil.copytree(DEMO, folder)
    row = next(
        line for line in (folder / "alarms.csv").read_text(encoding="utf-8").splitlines() if ",LT-101A,HH," in line
    )
    cells = row.split(",")
    cells[3] = "10.55"
    spoil(folder, "alarms.csv", row, ",".join(cells))
    done = redline("replay", str(DEMO), "--history", str(recorded), "--rules", str(folder), "--json")
    assert done.returncode == 0, done.stderr
    found = {(item["only"], item["id"], item["trigger"]) for item in json.loads(done.stdout)["differences"]}
    assert {("now", "LT-101A.HH", "raised"), ("new", "LT-101A.HH", "raised")} <= found, "earlier with the lower limit"


def test_what_is_wrong_is_said(recorded: Path, tmp_path: Path) -> None:
    recorded.write_text("time,LT-101A\n1,high\n2,low\n", encoding="utf-8")
    done = redline("replay", str(DEMO), "--history", str(recorded), "-l", "en")
    assert done.returncode == 1
    assert "recording.csv:2: LT-101A" in done.stderr
    assert "recording.csv:3: LT-101A" in done.stderr
    (tmp_path / "history.duckdb").write_bytes(b"not a database")
    broken = redline("replay", str(DEMO), "--history", str(tmp_path), "-l", "en")
    assert broken.returncode == 1
    assert "cannot be opened" in broken.stderr
    assert redline("replay", str(DEMO), "--history", str(tmp_path), "--from", "monday").returncode == 2
