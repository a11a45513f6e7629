"""The process dies with its scanner: no HTTP 200 while nothing scans."""

import os
import signal
import sqlite3
import time

import httpx
import pytest

from monitor.watchdog import EXIT_SCANNER_STUCK, LIMIT_NS
from tests.faults.rig import Rig, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


def test_a_frozen_process_is_late_and_recovers(rig: Rig) -> None:
    rig.start()
    assert rig.monitor is not None
    pid = rig.monitor.pid
    os.kill(pid, signal.SIGSTOP)
    time.sleep(3)
    with pytest.raises(httpx.TimeoutException):  # it cannot answer, so it cannot answer 200
        httpx.get(f"{rig.base}/api/v1/health", timeout=0.5)
    os.kill(pid, signal.SIGCONT)
    health = until("it scans again", rig.health)
    assert health["scan_age_ms"] < 1000
    assert rig.monitor.poll() is None
    assert rig.monitor.pid == pid
    until("every point is good", lambda: all(tag["quality"] == "good" for tag in rig.tags().values()))

    # frozen for longer than the watchdog allows: whoever looks next finds it gone or right, never a stale 200
    os.kill(pid, signal.SIGSTOP)
    time.sleep(LIMIT_NS / 1e9 + 2)
    os.kill(pid, signal.SIGCONT)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and rig.monitor.poll() is None:
        try:
            answer = httpx.get(f"{rig.base}/api/v1/health", timeout=5)
        except httpx.TransportError:
            continue
        if answer.status_code == 200:
            assert answer.json()["scan_age_ms"] <= 1000
            break
        assert answer.status_code == 503
        assert answer.json()["status"] == "late"
    assert rig.monitor.poll() in (None, EXIT_SCANNER_STUCK), rig.log()


def test_a_journal_that_fails_ends_the_service(rig: Rig) -> None:
    """Another program takes the transitions' table away: what cannot be recorded may not go on untold."""
    rig.start()
    rig.watch()
    connection = sqlite3.connect(rig.database, timeout=10, isolation_level=None)
    connection.execute("alter table journal rename to stolen")
    connection.close()
    rig.fault("set", tag="BPS-101", value=1)
    code = rig.ended(60)
    assert code == 70, rig.log()
    assert not rig.seen.triggers("SIS-101.bypass"), "nothing was shown that is not on disk"
    assert "a part of the service died" in rig.log(400)
    assert not [push for push in rig.pushes() if "SIS-101.bypass" in push["text"]]
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{rig.base}/api/v1/health", timeout=5)
    connection = sqlite3.connect(rig.database, timeout=10, isolation_level=None)
    connection.execute("alter table stolen rename to journal")
    connection.close()
    assert rig.seen.keys() <= {(step["id"], step["occurrence"], step["transition"]) for step in rig.transitions()}
    rig.start()
    rig.wait_for("SIS-101.bypass", "unacknowledged")
    assert rig.triggers("SIS-101.bypass") == ["raised"]


def test_a_journal_that_is_locked_for_good_ends_the_service(rig: Rig) -> None:
    rig.start()
    connection = sqlite3.connect(rig.database, timeout=10, isolation_level=None)
    connection.execute("begin immediate")
    try:
        rig.fault("set", tag="BPS-101", value=1)
        code = rig.ended(60)
    finally:
        connection.execute("rollback")
        connection.close()
    assert code in (70, EXIT_SCANNER_STUCK), rig.log()
    rig.start()
    rig.wait_for("SIS-101.bypass", "unacknowledged")
    assert rig.triggers("SIS-101.bypass") == ["raised"]
