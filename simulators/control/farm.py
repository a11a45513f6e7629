"""The farm in real time: physics stepped 20 times a second, servers fed, the incident played, the log kept."""

import asyncio
import time
from collections import deque
from dataclasses import asdict, dataclass
from typing import Final, NoReturn

import numpy as np

from simulators.control.servers import ServerProcess
from simulators.plant.buncefield import Buncefield
from simulators.plant.plant import Plant
from simulators.plc.messages import Written

STEP_S: Final = 0.05
LONGEST_STEP_S: Final = 0.5
LOG_ENTRIES: Final = 100_000
LISTEN_WITHIN_S: Final = 60.0
NANOSECONDS: Final = 1_000_000_000


class StartError(Exception):
    """A server of the farm did not come up; the text says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One line of `/log`: event is change (a served discrete changed), stage (of an incident) or fault."""

    wall_ns: int
    event: str
    device: str
    tag: str
    value: float | None


class Farm:
    """Plant, servers, incident and log together; all used from one event loop."""

    def __init__(self, servers: dict[str, ServerProcess], speed: float, seed: int) -> None:
        self.servers = servers
        self.speed = speed
        self.plant = Plant(np.random.default_rng(seed))
        self.incident: Buncefield | None = None
        self.is_paused = False
        """Physics and noise stand still; the servers go on serving."""
        self.readings: dict[str, float] = self.plant.read()
        self.entries: deque[LogEntry] = deque(maxlen=LOG_ENTRIES)
        self.points = {point.tag: (server, point) for server in servers.values() for point in server.points}

    def truth(self) -> dict[str, float | None]:
        """Tag -> what a client that decodes rightly reads now; None where a bad status is served."""
        return {
            tag: None if tag in server.bad else point.served(self.readings[tag])
            for tag, (server, point) in self.points.items()
        }

    def log(self, since_wall_ns: int = 0) -> list[dict[str, object]]:
        """Log entries after a moment, oldest first within each device."""
        self._collect()  # a reader may be faster than our next tick
        return [asdict(entry) for entry in self.entries if entry.wall_ns > since_wall_ns]

    def note(self, event: str, tag: str, value: float | None = None, device: str = "") -> None:
        """Add one line of our own to the log."""
        self.entries.append(LogEntry(wall_ns=time.time_ns(), event=event, device=device, tag=tag, value=value))

    async def listen(self) -> None:
        """Start every server and wait until all listen.

        :raises StartError: one failed or took too long.
        """
        for server in self.servers.values():
            server.start()
            server.feed(self.readings, time.time_ns())
        try:
            async with asyncio.timeout(LISTEN_WITHIN_S):
                while not all(server.is_up for server in self.servers.values()):
                    await asyncio.sleep(STEP_S)
                    self._collect()
                    self._refuse_failed()
        except TimeoutError:
            late = [server.device for server in self.servers.values() if not server.is_up]
            raise StartError(f"not listening after {LISTEN_WITHIN_S:g} s: {', '.join(late)}") from None

    def _refuse_failed(self) -> None:
        for server in self.servers.values():
            if server.failure:
                raise StartError(server.failure)
            if server.process is not None and not server.process.is_alive() and not server.is_up:
                raise StartError(f"{server.device}: its process ended with code {server.process.exitcode}")

    async def live(self) -> NoReturn:
        """Step for ever in real time."""
        last_ns = time.monotonic_ns()
        while True:
            await asyncio.sleep(STEP_S)
            now_ns = time.monotonic_ns()
            self.tick(min((now_ns - last_ns) / NANOSECONDS, LONGEST_STEP_S))
            last_ns = now_ns

    def tick(self, dt_s: float) -> None:
        """Advance by `dt_s` real seconds, feed the servers, collect what they wrote."""
        if not self.is_paused:
            if self.incident is not None:
                stage = self.incident.advance(self.plant, dt_s)
                if stage is not None:
                    self.note("stage", stage)
                if self.incident.is_over:
                    self.incident = None
            self.plant.step(dt_s * self.speed)
        self.readings = self.plant.read()
        sampled_wall_ns = time.time_ns()
        for server in self.servers.values():
            server.feed(self.readings, sampled_wall_ns)
        self._collect()

    def _collect(self) -> None:
        for server in self.servers.values():
            for written in server.received():
                self._keep(server.device, written)

    def _keep(self, device: str, written: Written) -> None:
        for tag, value in written.changes:
            self.entries.append(LogEntry(wall_ns=written.wall_ns, event="change", device=device, tag=tag, value=value))

    def stop(self) -> None:
        """End all servers, at the same time."""
        for server in self.servers.values():
            server.close_pipe()
        for server in self.servers.values():
            server.stop()
