"""The journal's disk fills up: the last alarm is recorded, the process says why it ends, and finds it all again."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.store.errors import EXIT_DISK_FULL
from tests.faults.rig import Rig, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

DISK = "48m"
BALLAST_BYTES = 2_000_000
RESERVE_BYTES = 8_000_000
SMALL = {"REDLINE_BALLAST_BYTES": str(BALLAST_BYTES), "REDLINE_JOURNAL_RESERVE_BYTES": str(RESERVE_BYTES)}


@pytest.fixture
def small(rig: Rig) -> Iterator[Rig]:
    """The state folder is a small disk of its own."""
    rig.state_dir.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "none", str(rig.state_dir)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert mounted.returncode == 0, f"this test needs the right to mount a tmpfs (root): {mounted.stderr}"
    try:
        yield rig
    finally:
        if rig.monitor is not None and rig.monitor.poll() is None:
            rig.monitor.kill()
            rig.monitor.wait()
        subprocess.run(["umount", str(rig.state_dir)], check=True)


def free_bytes(rig: Rig) -> int:
    found = os.statvfs(rig.state_dir)
    return found.f_bavail * found.f_frsize


def fill(rig: Rig, leave_bytes: int) -> Path:
    """Take all room but this."""
    path = rig.state_dir / "somebody-elses-file"
    with path.open("ab") as file:
        room = free_bytes(rig) - leave_bytes
        if room > 0:
            os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), room)
    return path


def test_history_pauses_first_and_the_journal_goes_on(small: Rig) -> None:
    rig = small
    rig.start(environment=SMALL)
    assert (rig.state_dir / "ballast").stat().st_size == BALLAST_BYTES
    until("history is written", lambda: rig.get("/tags/LT-101A/trend")["t"])
    filler = fill(rig, RESERVE_BYTES // 2)
    rig.wait_for("system.history", "unacknowledged")
    rig.wait_for("system.disk", "unacknowledged")
    rig.fault("set", tag="BPS-101", value=1)
    rig.wait_for("SIS-101.bypass", "unacknowledged")
    assert rig.acknowledge("SIS-101.bypass", 1).status_code == 200
    until("it is told", lambda: any("SIS-101.bypass#1" in push["text"] for push in rig.pushes()))
    size = (rig.state_dir / "history.duckdb").stat().st_size
    time.sleep(3)
    assert (rig.state_dir / "history.duckdb").stat().st_size == size, "history takes no more room"
    filler.unlink()
    rig.wait_for("system.history", "returned_unacknowledged")
    rig.wait_for("system.disk", "returned_unacknowledged")
    newest = rig.get("/tags/LT-101A/trend")["t"][-1]
    until("history goes on", lambda: rig.get("/tags/LT-101A/trend")["t"][-1] > newest)


def test_a_full_disk_records_the_last_alarm_and_ends_with_its_own_code(small: Rig) -> None:
    rig = small
    rig.start(environment=SMALL)
    rig.watch()
    fill(rig, RESERVE_BYTES // 2)
    rig.wait_for("system.history", "unacknowledged")  # from now on only the journal writes
    fill(rig, 0)
    shown: dict[str, int] = {}
    deadline = time.monotonic() + 60
    assert rig.monitor is not None
    while rig.monitor.poll() is None:  # change something until the journal's log must grow
        assert time.monotonic() < deadline, "the disk is full and nothing ended"
        number = 101 + len(shown) % 8
        shown[f"BPS-{number}"] = 1 - shown.get(f"BPS-{number}", 0)
        rig.fault("set", tag=f"BPS-{number}", value=shown[f"BPS-{number}"])
        fill(rig, 0) if (rig.state_dir / "ballast").exists() else None
        time.sleep(0.2)
    assert rig.ended() == EXIT_DISK_FULL, rig.log()
    assert "the journal's disk is full" in rig.log(400)
    assert not (rig.state_dir / "ballast").exists(), "the ballast was freed for the last commit"
    stored = {(step["id"], step["occurrence"], step["transition"]) for step in rig.transitions()}
    assert rig.seen.keys() <= stored
    last = next(step for step in reversed(rig.transitions()) if step["trigger"] == "raised")
    assert last["id"].endswith(".bypass") or last["id"].startswith("system.")

    (rig.state_dir / "somebody-elses-file").unlink()
    rig.start(environment=SMALL)
    found = rig.get(f"/alarms/{last['id']}")
    assert found["occurrence"] >= last["occurrence"]
    assert rig.triggers(last["id"])[0] == "raised"
    after = rig.transitions()
    assert [step for step in after if (step["id"], step["occurrence"], step["transition"]) in stored][-1]
    assert len({(step["id"], step["occurrence"], step["transition"]) for step in after}) == len(after)
    for tag, value in shown.items():
        active = ("unacknowledged", "acknowledged")
        idle = ("normal", "returned_unacknowledged")
        rig.wait_for(f"SIS-{tag.removeprefix('BPS-')}.bypass", *(active if value else idle))
    assert (rig.state_dir / "ballast").stat().st_size == BALLAST_BYTES, "taken again for the next time"
    assert shutil.disk_usage(rig.state_dir).free > BALLAST_BYTES
