"""What Redline will not start with, and how it says so; and what must not keep it from starting."""

import json
import os
import shutil
import socket
from pathlib import Path

import pytest

from tests.faults.rig import Rig, redline, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def run(rig: Rig, state: Path, *extra: str, plant: Path | None = None, port: int = 0) -> tuple[int, str]:
    """`redline run` that is expected to end by itself: exit code and what it said on standard error."""
    found = redline(
        "run", str(plant or rig.plant), "--state", str(state), "--port", str(port), "--language", "en", *extra
    )
    assert "Traceback" not in found.stderr
    return found.returncode, found.stderr


def goes_on(rig: Rig) -> None:
    """The running monitor scans, undisturbed."""
    health = rig.scanning()
    assert health is not None
    assert health["status"] == "ok"


def test_a_second_service_on_the_same_state_folder(shared: Rig) -> None:
    code, said = run(shared, shared.state_dir)
    assert code == 1
    assert "in use by another redline process" in said
    assert shared.monitor is not None
    assert f"pid {shared.monitor.pid}" in said
    goes_on(shared)


def test_a_port_in_use(shared: Rig, tmp_path: Path) -> None:
    code, said = run(shared, tmp_path / "state", port=shared.ports.console)
    assert code == 1
    assert f"127.0.0.1:{shared.ports.console} is in use" in said
    assert not (tmp_path / "state" / "journal.sqlite").exists(), "nothing was begun"
    goes_on(shared)


def test_a_plant_with_mistakes(shared: Rig, tmp_path: Path) -> None:
    plant = tmp_path / "plant"
    shutil.copytree(shared.plant, plant)
    lines = (plant / "alarms.csv").read_text(encoding="utf-8").splitlines()
    lines[3] = lines[3].replace("LT-201A,", "LT-2O1A,", 1).replace(",LT-201A,", ",LT-2O1A,")
    (plant / "alarms.csv").write_text("\n".join(lines), encoding="utf-8")
    (plant / "plant.toml").write_text(
        (plant / "plant.toml").read_text(encoding="utf-8").replace("[history]\nkeep_days", "[history]\nkeep_day"),
        encoding="utf-8",
    )
    code, said = run(shared, tmp_path / "state", plant=plant)
    assert code == 1
    assert "alarms.csv:4: tag:" in said
    assert "plant.toml:" in said
    assert "keep_day" in said, "every mistake at once"
    assert not (tmp_path / "state").exists(), "nothing was begun"


def test_wrong_use(shared: Rig, tmp_path: Path) -> None:
    code, said = run(shared, tmp_path / "state", "--no-such-option")
    assert code == 2
    assert "--no-such-option" in said
    assert redline("run", str(shared.plant), "--port", "99999999").returncode == 2
    assert redline("run").returncode == 2
    assert redline("nonsense").returncode == 2
    found = redline("run", str(shared.plant), environment={**os.environ, "REDLINE_SESSION_HOURS": "soon"})
    assert found.returncode == 2
    assert "REDLINE_SESSION_HOURS" in found.stderr
    assert redline("run", str(tmp_path / "nowhere")).returncode == 1


def test_a_state_folder_that_is_a_file(shared: Rig, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("not a folder")
    code, said = run(shared, tmp_path / "state")
    assert code == 1
    assert str(tmp_path / "state") in said
    assert (tmp_path / "state").read_text() == "not a folder"


def test_another_plant_s_journal(shared: Rig, tmp_path: Path) -> None:
    plant = tmp_path / "plant"
    shutil.copytree(shared.plant, plant)
    text = (plant / "plant.toml").read_text(encoding="utf-8")
    (plant / "plant.toml").write_text(text.replace('id = "demo"', 'id = "neighbour"', 1), encoding="utf-8")
    assert shared.stop() == 0
    try:
        code, said = run(shared, shared.state_dir, plant=plant)
        assert code == 1
        assert 'belongs to plant "demo", not "neighbour"' in said
    finally:
        shared.start()
    goes_on(shared)


def test_acknowledged_rows_are_missing(shared: Rig, tmp_path: Path) -> None:
    assert shared.stop() == 0
    shared.copy_database(tmp_path / "older")
    shared.start()
    shared.fault("set", tag="P-101.FAULT", value=1)
    shared.wait_for("P-101.FAULT.state", "unacknowledged")
    assert shared.acknowledge("P-101.FAULT.state", 1).status_code == 200
    assert shared.stop() == 0
    with shared.reading() as connection:
        (last,) = connection.execute("select max(seq) from journal").fetchone()
    for path in shared.state_dir.glob("journal.sqlite*"):
        path.unlink()
    for path in (tmp_path / "older").iterdir():
        shutil.copy2(path, shared.state_dir)
    with shared.reading() as connection:
        (older,) = connection.execute("select max(seq) from journal").fetchone()
    assert last - older >= 3

    code, said = run(shared, shared.state_dir)
    assert code == 1
    assert f"{last - older} acknowledged rows are missing" in said
    assert "REDLINE_ACCEPT_MISSING_ROWS" in said
    with shared.reading() as connection:
        assert connection.execute("select max(seq) from journal").fetchone() == (older,), "refused: nothing written"

    shared.start("--accept-missing-rows")
    (entry,) = shared.entries("disk")
    assert f"{last - older} acknowledged rows are missing" in entry["message_en"]
    assert entry["values"]["first_missing_seq"] == older + 1
    assert entry["values"]["last_missing_seq"] == last
    shared.wait_for("P-101.FAULT.state", "unacknowledged"), "what was lost is judged anew, never taken for normal"
    assert shared.stop() == 0
    shared.start()  # accepted once: the next start needs no flag
    shared.fault("set", tag="P-101.FAULT", value=0)
    shared.quiet()


def test_a_missing_webhook_address_is_a_channel_alarm_not_the_end(shared: Rig) -> None:
    assert shared.stop() == 0
    shared.start(environment={"REDLINE_WECOM_URL": None})
    alarm = shared.wait_for("channel.wecom-duty", "unacknowledged", within_s=30)
    assert alarm["priority"] == 2
    channel = shared.channel("wecom-duty")
    assert (channel["up"], channel["refused"]) == (False, True)
    assert "REDLINE_WECOM_URL" in channel["last_error"]
    assert shared.channel("mqtt-plant")["up"], "the other channel goes on"
    shared.fault("set", tag="BPS-101", value=1)
    shared.wait_for("SIS-101.bypass", "unacknowledged")
    waiting = [row for row in shared.outbox() if row["id"] == "SIS-101.bypass" and row["channel"] == "wecom-duty"]
    assert {row["status"] for row in waiting} == {"waiting"}
    assert shared.stop() == 0
    shared.start()
    until("it was told after all", lambda: any("SIS-101.bypass#1" in push["text"] for push in shared.pushes()))
    shared.wait_for("channel.wecom-duty", "returned_unacknowledged", "normal")
    shared.fault("set", tag="BPS-101", value=0)


def test_nothing_secret_is_in_the_log_or_the_answers(shared: Rig) -> None:
    key = "key=demo-key"
    assert key not in shared.log(10_000)
    assert key not in json.dumps(shared.get("/channels"))
    with socket.create_connection(("127.0.0.1", shared.ports.console)) as raw:
        raw.sendall(b"GET /api/v1/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        assert b"200 OK" in raw.recv(4096)
