"""Backup, verify and restore of the whole service as it runs, with the commands a person types."""

import pytest

from tests.faults.rig import Rig, redline, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def said(*words: str) -> str:
    done = redline(*words, "-l", "en")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_backup_and_verify_beside_the_service_and_restore_after_it(running: Rig) -> None:
    rig = running
    state, backup = str(rig.state_dir), str(rig.folder / "backup")
    rig.fault("set", tag="BPS-101", value=1)
    alarm = rig.wait_for("SIS-101.bypass", "unacknowledged")
    key = redline("journal", "key", state)
    assert key.returncode == 0
    (rig.folder / "kept.pub").write_text(key.stdout)

    assert "the journal is as it was written" in said("journal", "verify", state)
    copied = said("backup", state, backup)
    last = int(copied.split("rows 1 to ")[1].split()[0])
    assert "as it was written" in said("journal", "verify", backup, "--public-key", str(rig.folder / "kept.pub"))
    assert (redline("restore", backup, state).returncode, rig.health() is not None) == (1, True)  # in use

    # acknowledged after the backup: the restored journal does not know it, and says so
    assert rig.acknowledge("SIS-101.bypass", alarm["occurrence"]).status_code == 200
    until("the acknowledgement is in the journal", lambda: "acknowledged" in rig.triggers("SIS-101.bypass"))
    assert rig.stop() == 0
    newer = redline("restore", backup, state, "-l", "en")
    assert newer.returncode == 1
    assert f"rows {last + 1} to " in newer.stderr
    assert redline("restore", backup, state, "--overwrite-newer", "-l", "en").returncode == 0
    rig.start(wait=False)
    assert rig.ended() == 1
    assert "--accept-missing-rows" in rig.log() or "REDLINE_ACCEPT_MISSING_ROWS" in rig.log()

    rig.start("--accept-missing-rows")
    assert rig.entries("disk")[-1]["values"]["first_missing_seq"] == last + 1
    again = rig.wait_for("SIS-101.bypass", "unacknowledged")
    assert again["occurrence"] == alarm["occurrence"]  # told again rather than forgotten
    checked = said("journal", "verify", state, "--public-key", str(rig.folder / "kept.pub"))
    assert "the journal is as it was written" in checked
    assert f"missing, accepted at a start: rows {last + 1} to" in checked
    assert rig.stop() == 0
    assert "the journal is as it was written" in said("journal", "verify", state)
