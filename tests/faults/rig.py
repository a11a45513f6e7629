"""The whole chain on real sockets, as processes, with an observer that sees only what an outsider can see."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx
import websockets.exceptions
import websockets.sync.client
from websockets.typing import Origin

from monitor.cli import demo
from monitor.cli.processes import Processes
from tests.faults.journal_files import JournalFiles
from tests.faults.journal_files import Row as Row
from tests.ports import free_port as free_port

PATIENCE_S = 60.0
START_PATIENCE_S = 150.0
"""A start is the work of four processes; where others work, too, it takes its time."""


def until(what: str, holds: Callable[[], Any], within_s: float = PATIENCE_S) -> Any:
    """Poll until something is true; returns it.  Fails with `what` when it never is."""
    began = time.monotonic()
    while True:
        found = holds()
        if found:
            return found
        waited_s = time.monotonic() - began
        assert waited_s < within_s, f"never happened within {within_s:g} s: {what}"
        time.sleep(min(0.05 + waited_s / 20, 0.25))  # whoever asks without a pause takes the time of those he waits for


@dataclass
class Seen:
    """What one observer on the stream saw, in order."""

    events: list[Row] = field(default_factory=list)
    boards: list[Row] = field(default_factory=list)
    floods: list[Row] = field(default_factory=list)

    def keys(self) -> set[tuple[str, int, int]]:
        return {(event["alarm"]["id"], event["occurrence"], event["transition"]) for event in self.events}

    def triggers(self, alarm_id: str) -> list[str]:
        return [event["trigger"] for event in self.events if event["alarm"]["id"] == alarm_id]


class Rig(JournalFiles):
    """Simulated plant, WeCom, broker and monitor in one folder; the monitor can be killed and started again."""

    def __init__(self, folder: Path, *, with_broker: bool = True) -> None:
        found = {name: free_port() for name in demo.DEFAULT_PORTS}
        self.ports = demo.Ports(console=free_port(), nats=free_port(), **found)
        self.folder = folder
        self.plant = demo.copy_plant(folder, self.ports)
        self.base = f"http://127.0.0.1:{self.ports.console}"
        self.seen = Seen()
        self.monitor: subprocess.Popen[bytes] | None = None
        self._processes = Processes(folder)
        self._with_broker = with_broker
        self.http = httpx.Client(base_url=f"{self.base}/api/v1", timeout=PATIENCE_S, headers={"origin": self.base})
        self._plant_http = httpx.Client(base_url=self.control_url, timeout=PATIENCE_S)
        self._outside = httpx.Client(timeout=20)  # nobody is logged in; made once, for that costs more than to ask
        self._stop = threading.Event()
        self._watcher: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._processes.__enter__()
        demo.start_surroundings(self._processes, self.folder, self.ports)
        until("the simulated plant listens", self._plant_is_up, START_PATIENCE_S)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop_watching()
        if self.monitor is not None and self.monitor.poll() is None:
            self.monitor.terminate()
            try:
                self.monitor.wait(10)
            except subprocess.TimeoutExpired:
                self.monitor.kill()
                self.monitor.wait()
        self.http.close()
        self._plant_http.close()
        self._outside.close()
        self._processes.__exit__(None, None, None)

    def _plant_is_up(self) -> bool:
        dead = self._processes.dead()
        assert dead is None, f"{dead} died: {self._processes.log_tail(dead or '')}"
        try:
            return demo.plant_is_up(self.ports, self._outside)
        except httpx.TransportError:
            return False

    # --- the monitor ------------------------------------------------------------------------------

    def start(self, *extra: str, wait: bool = True, environment: Mapping[str, str | None] | None = None) -> None:
        """Start the monitor; with `wait` until it scans, all devices are up and we are logged in.

        `environment` changes that of the demo; None takes a variable out.
        """
        command, variables = demo.monitor_command(self.folder, self.plant, self.ports)
        changed = {**variables, **(environment or {})}
        kept = {name: value for name, value in changed.items() if value is not None}
        with (self.folder / "monitor.log").open("ab") as log:
            self.monitor = subprocess.Popen([*command, *extra], stdout=log, stderr=log, env=kept)
        if wait:
            until("the monitor scans", self.health, START_PATIENCE_S)
            self.log_in()

    def ended(self, within_s: float = PATIENCE_S) -> int:
        """Wait until the monitor ends by itself; returns the exit code."""
        assert self.monitor is not None
        code = self.monitor.wait(within_s)
        self.stop_watching()
        return code

    def health(self) -> Row | None:
        assert self.monitor is not None
        assert self.monitor.poll() is None, f"the monitor ended with {self.monitor.returncode}: {self.log()}"
        try:
            answer = self._outside.get(f"{self.base}/api/v1/health")
        except httpx.TransportError:
            return None
        body: Row = answer.json()
        return body if answer.status_code == 200 and body["devices_up"] == body["devices"] else None

    def scanning(self) -> Row | None:
        """Like `health`, whatever the devices do."""
        assert self.monitor is not None
        assert self.monitor.poll() is None, f"the monitor ended with {self.monitor.returncode}: {self.log()}"
        try:
            answer = self._outside.get(f"{self.base}/api/v1/health")
        except httpx.TransportError:
            return None
        body: Row = answer.json()
        return body if answer.status_code == 200 else None

    def kill(self) -> None:
        """kill -9."""
        assert self.monitor is not None
        self.monitor.send_signal(signal.SIGKILL)
        self.monitor.wait()
        self.stop_watching()

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        assert self.monitor is not None
        self.monitor.terminate()
        code = self.monitor.wait(20)
        self.stop_watching()
        return code

    def log(self, lines: int = 25) -> str:
        """The last lines that the monitor printed."""
        path = self.folder / "monitor.log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""

    def log_in(self, username: str = "operator", password: str = "demo-operator") -> None:
        answer = self.http.post("/session", json={"username": username, "password": password})
        assert answer.status_code in (200, 201), answer.text

    # --- what an outsider sees --------------------------------------------------------------------

    def watch(self) -> None:
        """Collect the stream in a thread until the monitor dies or `stop_watching`."""
        self._stop.clear()
        cookie = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
        url = f"{self.base.replace('http', 'ws')}/api/v1/stream"
        socket = websockets.sync.client.connect(
            url, additional_headers={"Cookie": cookie}, origin=Origin(self.base), max_size=None
        )

        def run() -> None:
            with socket:
                while not self._stop.is_set():
                    try:
                        message = json.loads(socket.recv(timeout=0.2))
                    except TimeoutError:
                        continue
                    except websockets.exceptions.ConnectionClosed:
                        return
                    if message["type"] == "alarm":
                        self.seen.events.append(message)
                    elif message["type"] == "alarms":
                        self.seen.boards.append(message)
                    elif message["type"] == "flood":
                        self.seen.floods.append(message)

        self._watcher = threading.Thread(target=run, name="observer")
        self._watcher.start()

    def stop_watching(self) -> None:
        self._stop.set()
        if self._watcher is not None:
            self._watcher.join()
            self._watcher = None

    def get(self, path: str, **parameters: Any) -> Any:
        answer = self.http.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def alarms(self, state: str = "all") -> dict[str, Row]:
        return {alarm["id"]: alarm for alarm in self.get("/alarms", state=state)}

    def active(self) -> dict[str, Row]:
        """Alarms whose condition holds now."""
        standing = ("unacknowledged", "acknowledged")
        return {name: alarm for name, alarm in self.alarms().items() if alarm["underlying_state"] in standing}

    def state(self, alarm_id: str) -> str:
        found: str = self.get(f"/alarms/{alarm_id}")["underlying_state"]
        return found

    def wait_for(self, alarm_id: str, *states: str, within_s: float = PATIENCE_S) -> Row:
        """Until an alarm is in one of the states; returns it."""

        def there() -> Row | None:
            alarm: Row = self.get(f"/alarms/{alarm_id}")
            return alarm if alarm["underlying_state"] in states else None

        found: Row = until(f"{alarm_id} is {' or '.join(states)}", there, within_s)
        return found

    def interlock_becomes(self, interlock: str, **axes: str | bool) -> Row:
        """Until an interlock is so; returns it."""

        def there() -> Row | None:
            found: Row = self.get(f"/interlocks/{interlock}")
            return found if all(found[axis] == wanted for axis, wanted in axes.items()) else None

        found: Row = until(f"{interlock} is {axes}", there)
        return found

    def tags(self) -> dict[str, Row]:
        return {tag["id"]: tag for tag in self.get("/tags")}

    def channel(self, channel_id: str) -> Row:
        return next(channel for channel in self.get("/channels") if channel["id"] == channel_id)

    def device(self, device_id: str) -> Row:
        return next(device for device in self.get("/devices") if device["id"] == device_id)

    def acknowledge(self, alarm_id: str, occurrence: int) -> httpx.Response:
        return self.http.post(f"/alarms/{alarm_id}/acknowledge", json={"occurrence": occurrence, "comment": "seen"})

    def acknowledge_all(self) -> None:
        """Answer everything that waits for a person."""
        for alarm in self.alarms().values():
            if alarm["underlying_state"].endswith("unacknowledged"):
                assert self.acknowledge(alarm["id"], alarm["occurrence"]).status_code in (200, 409)

    def sent(self) -> bool:
        """Nothing waits on any channel (reminders whose time has not come do not count)."""
        return all(channel["waiting"] == 0 and channel["up"] for channel in self.get("/channels"))

    def quiet(self) -> None:
        """Wait until the plant is well again, answer everything, and wait until all of it is told."""
        until("all devices are up", self.health)
        until("nothing is wrong any more", lambda: not self.active())
        until("every point is good", lambda: all(tag["quality"] == "good" for tag in self.tags().values()))
        self.acknowledge_all()
        until("all is told", self.sent, 90)

    def wecom_log(self) -> list[Row]:
        """Every request that the simulated WeCom got, oldest first; `errcode` None: left without an answer."""
        log: list[Row] = self._outside.get(f"http://127.0.0.1:{self.ports.wecom}/log").json()
        return log

    def pushes(self) -> list[Row]:
        """What the simulated WeCom accepted."""
        return [entry for entry in self.wecom_log() if entry["errcode"] == 0]

    # --- the plant --------------------------------------------------------------------------------

    @property
    def control_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.control}"

    def fault(self, name: str, **parameters: str | float) -> None:
        answer = self._plant_http.post(f"/fault/{name}", params=parameters)
        assert answer.status_code == 202, answer.text

    def truth(self) -> dict[str, float | None]:
        body: dict[str, float | None] = self._plant_http.get("/truth").json()
        return body

    def wecom(self, **behaviour: object) -> None:
        answer = self._outside.post(f"http://127.0.0.1:{self.ports.wecom}/control", json=behaviour)
        assert answer.status_code == 200, answer.text

    def edit(self, name: str, old: str, new: str) -> None:
        """Change the plant folder; `old` must be in the file."""
        path = self.plant / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    # --- the surroundings -------------------------------------------------------------------------

    def child(self, name: str) -> subprocess.Popen[bytes]:
        """The newest process of this name: nats, wecom or plant."""
        return next(process for found, process in reversed(self._processes._running) if found == name)

    def kill_child(self, name: str) -> None:
        process = self.child(name)
        process.kill()
        process.wait()

    def start_child(self, name: str) -> None:
        """Start a killed one again, on the same port."""
        command = self.child(name).args
        assert isinstance(command, list)
        self._processes.start(name, [str(word) for word in command])


def redline(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user does."""
    command: Sequence[str] = (sys.executable, "-m", "monitor", *arguments)
    return subprocess.run(command, capture_output=True, text=True, timeout=90, env=environment, check=False)
