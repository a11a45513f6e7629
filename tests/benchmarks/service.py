"""The monitor under measurement: a process that is started, killed, asked and weighed from outside."""

import json
import queue
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx
import psutil

from tests.ports import free_ports as free_ports

POLL_S = 0.01
PATIENCE_S = 90.0


@dataclass(frozen=True, kw_only=True)
class Weight:
    """CPU seconds and memory of the process at one moment."""

    mono_s: float
    cpu_s: float
    rss_mb: float


class Service:
    """One `redline run`; leaving the context ends it."""

    def __init__(self, folder: Path, command: Sequence[str], environment: Mapping[str, str], port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self.folder = folder
        self._command = list(command)
        # as installed: modules are compiled once (pip does it), whatever the shell that measures is set to
        self._environment = {
            **{name: value for name, value in environment.items() if name != "PYTHONDONTWRITEBYTECODE"},
            "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._http = httpx.Client(base_url=f"{self.base}/api/v1", timeout=30, headers={"origin": self.base})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._http.close()
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def start(self) -> tuple[float, float]:
        """Start it; seconds until /health first says 200, and until every device is up and no point is blind."""
        return self.watching(self.launch())

    def launch(self) -> float:
        """Start it and wait for nothing; returns the mono time (s) before."""
        begun = time.monotonic()
        with (self.folder / "monitor.log").open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, env=self._environment)
        return begun

    def watching(self, begun: float) -> tuple[float, float]:
        """Wait until it watches everything; seconds since `begun` as `start` tells them."""
        first_s: float | None = None
        while time.monotonic() - begun < PATIENCE_S:
            health = self._health()
            if health is not None:
                first_s = first_s or time.monotonic() - begun
                if health["devices_up"] == health["devices"] and not health["blind_points"]:
                    return first_s, time.monotonic() - begun
            time.sleep(POLL_S)
        raise AssertionError(f"the monitor does not watch everything after {PATIENCE_S:g} s")

    def _health(self) -> dict[str, Any] | None:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "monitor.log").read_text(errors="replace")[-3000:]
        try:
            answer = self._http.get("/health")
        except httpx.TransportError:
            return None
        body: dict[str, Any] = answer.json()
        return body if answer.status_code == 200 else None

    def kill(self) -> None:
        """kill -9."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def log_in(self) -> str:
        """Log in as the demo operator; returns the cookie."""
        self._http.post("/session", json={"username": "operator", "password": "demo-operator"}).raise_for_status()
        return "; ".join(f"{name}={value}" for name, value in self._http.cookies.items())

    def get(self, path: str, **parameters: Any) -> Any:
        """GET as the operator."""
        return self._http.get(path, params=parameters).raise_for_status().json()

    def acknowledge(self, alarm_id: str, occurrence: int) -> float:
        """Acknowledge as the operator; seconds from the request to the answer 200."""
        begun = time.perf_counter()
        answer = self._http.post(f"/alarms/{alarm_id}/acknowledge", json={"occurrence": occurrence, "comment": ""})
        taken_s = time.perf_counter() - begun
        answer.raise_for_status()
        return taken_s

    def weight(self) -> Weight:
        """What it has used so far."""
        assert self._process is not None
        process = psutil.Process(self._process.pid)
        times = process.cpu_times()
        return Weight(mono_s=time.monotonic(), cpu_s=times.user + times.system, rss_mb=process.memory_info().rss / 1e6)

    def overruns(self) -> int:
        """Scan class periods that a driver could not keep, and merges of the inbox, since the start."""
        missed = sum(device["overruns"] for device in self.get("/devices"))
        return int(missed + self.get("/diagnostics")["overruns"])

    def bodies(self, after_seq: int = 0) -> list[tuple[int, dict[str, Any]]]:
        """(seq, body) of every transition in the journal file, oldest first."""
        path = self.folder / "state" / "journal.sqlite"
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)
        try:
            rows = connection.execute(
                "select seq, body from journal where kind = 'transition' and seq > ? order by seq", (after_seq,)
            ).fetchall()
        finally:
            connection.close()
        return [(seq, json.loads(body)) for seq, body in rows]


class Child:
    """A helper process of ours that speaks lines of JSON."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._said: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        # read all the time: a full pipe would make it wait in the middle of a measurement
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._reader.join()
        self._process.stdin.close()
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for text in self._process.stdout:
            self._said.put(json.loads(text))
        self._said.put(None)

    def line(self) -> dict[str, Any]:
        """The next line; fails when the process ended."""
        said = self._said.get(timeout=PATIENCE_S)
        assert said is not None, f"{self._process.args!r} ended with {self._process.wait()}"
        return said

    def tell(self, text: str) -> None:
        """Write one line to it."""
        assert self._process.stdin is not None
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()

    def lines(self) -> list[dict[str, Any]]:
        """Everything it said that was not read yet."""
        found = []
        while not self._said.empty():
            found.append(self.line())
        return found
