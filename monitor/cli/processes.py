"""Child processes of the demo: started with their own log, stopped by pid in the reverse order."""

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self


def free_port(wanted: int) -> int:
    """The wanted port of 127.0.0.1 when it is free, else any free one."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")


class Processes:
    """A handful of child processes; leaving the context stops them all."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _, process in reversed(self._running):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(timeout=8)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()

    def start(self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
        """Start one child; its output goes to `<name>.log`."""
        log = (self._logs / f"{name}.log").open("ab")
        with log:
            process = subprocess.Popen(
                command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env={**os.environ, **(environment or {})}
            )
        self._running.append((name, process))

    def dead(self) -> str | None:
        """Name of a child that ended, None while all run."""
        return next((name for name, process in self._running if process.poll() is not None), None)

    def log_tail(self, name: str, lines: int = 15) -> str:
        """Last lines of one child's log."""
        path = self._logs / f"{name}.log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""


def pause(seconds: float) -> None:
    """Wait without reading a clock."""
    threading.Event().wait(seconds)
