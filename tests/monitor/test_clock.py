"""The clocks of the machine, and by what one start of it is known."""

import subprocess
import sys
from pathlib import Path

import pytest

from monitor import clock
from monitor.clock import SystemClock, boot_id


def elsewhere() -> tuple[str, int]:
    """What another process says: the start of the machine, and its monotonic time in ns."""
    code = "from monitor.clock import SystemClock, boot_id; print(boot_id(), SystemClock().mono_ns())"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    name, _, mono_ns = said.stdout.rpartition(" ")
    return name, int(mono_ns)


def test_two_processes_that_say_the_same_start_of_the_machine_share_its_monotonic_time() -> None:
    before_ns = SystemClock().mono_ns()
    name, mono_ns = elsewhere()
    assert name == boot_id()
    assert not name or before_ns < mono_ns < SystemClock().mono_ns()


def test_a_system_that_does_not_say_it_has_no_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_BOOT_ID", tmp_path / "none")
    assert boot_id() == ""
    (tmp_path / "none").write_bytes(b"\xff\xfe")
    assert boot_id() == ""
    (tmp_path / "none").write_text("a-b-c\n")
    assert boot_id() == "a-b-c"
