"""The server processes of the farm: started, fed, killed and started again one by one."""

import multiprocessing
import select
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Final

from simulators.plc import modbus_server, opcua_server, plc1_map, plc2_map, sis1_map
from simulators.plc.messages import Behave, Failed, Frame, FromServer, Listening, ToServer, Written
from simulators.plc.points import Point

SPAWN: Final = multiprocessing.get_context("spawn")
STOP_S: Final = 1.5


@dataclass(slots=True, kw_only=True)
class ServerProcess:
    """One device: its map, how to run it, and the process while there is one."""

    device: str
    points: Sequence[Point]
    target: Callable[..., None]
    arguments: tuple[Any, ...]
    process: BaseProcess | None = None
    pipe: "Connection[Any, Any] | None" = None
    address: str = ""
    """Where it listens; empty until it does."""
    failure: str = ""
    skipped_frames: int = 0
    bad: dict[str, int] = field(default_factory=dict)
    """Tag -> OPC UA status served instead of its value."""

    @property
    def is_up(self) -> bool:
        """It listens."""
        return bool(self.address) and self.process is not None and self.process.is_alive()

    @property
    def pid(self) -> int | None:
        """Process id while it lives."""
        return self.process.pid if self.process is not None and self.process.is_alive() else None

    def start(self) -> None:
        """Start a fresh process; does nothing while one is alive."""
        if self.process is not None and self.process.is_alive():
            return
        self.close_pipe()
        self.address = self.failure = ""
        self.pipe, theirs = SPAWN.Pipe(duplex=True)
        self.process = SPAWN.Process(
            target=self.target, args=(theirs, self.device, *self.arguments), name=self.device, daemon=True
        )
        self.process.start()
        theirs.close()

    def kill(self) -> None:
        """Kill it as a power failure would; nothing is closed cleanly."""
        if self.process is not None:
            self.process.kill()
            self.process.join(STOP_S)
        self.close_pipe()
        self.address = ""

    def stop(self) -> None:
        """End it by closing its pipe; kill it when it does not end."""
        self.close_pipe()
        if self.process is not None:
            self.process.join(STOP_S)
            if self.process.is_alive():
                self.process.kill()
                self.process.join(STOP_S)
        self.address = ""

    def close_pipe(self) -> None:
        """Close our end."""
        if self.pipe is not None:
            self.pipe.close()
            self.pipe = None

    def send(self, message: ToServer) -> None:
        """Give it a message; a frame is left out when the process does not read, so that we never wait."""
        if self.pipe is None:
            return
        try:
            if isinstance(message, Frame) and not select.select([], [self.pipe], [], 0)[1]:
                self.skipped_frames += 1
                return
            self.pipe.send(message)
        except OSError:
            self.close_pipe()  # it died; `is_up` says so

    def feed(self, readings: Mapping[str, float], sampled_wall_ns: int) -> None:
        """Send the present values of its points."""
        self.send(
            Frame(
                sampled_wall_ns=sampled_wall_ns,
                values=tuple(readings[point.tag] for point in self.points),
                bad=tuple((place, self.bad[p.tag]) for place, p in enumerate(self.points) if p.tag in self.bad),
            )
        )

    def received(self) -> list[Written]:
        """What it wrote since the last call; notes when it listens or failed."""
        written: list[Written] = []
        try:
            while self.pipe is not None and self.pipe.poll():
                self._note(self.pipe.recv(), written)
        except (EOFError, OSError):
            self.close_pipe()
            self.address = ""
        return written

    def _note(self, message: FromServer, written: list[Written]) -> None:
        if isinstance(message, Written):
            written.append(message)
        elif isinstance(message, Listening):
            self.address = message.address
        elif isinstance(message, Failed):
            self.failure = message.reason

    def behave(self, message: Behave) -> None:
        """Change how it answers.

        :raises ValueError: an OPC UA server has one behaviour only.
        """
        if self.target is opcua_server.run:
            raise ValueError(f"{self.device} is an OPC UA server: it can be killed, not made to answer wrongly")
        self.send(message)


def farm(opcua_port: int, modbus_a_port: int, modbus_b_port: int) -> dict[str, ServerProcess]:
    """The three devices of the farm, not started."""
    return {
        "PLC-1": ServerProcess(
            device="PLC-1",
            points=plc1_map.POINTS,
            target=opcua_server.run,
            arguments=(plc1_map.POINTS, plc1_map.NAMESPACE, opcua_port),
        ),
        "PLC-2": ServerProcess(
            device="PLC-2",
            points=plc2_map.POINTS,
            target=modbus_server.run,
            arguments=(plc2_map.POINTS, plc2_map.LOW_WORD_FIRST, plc2_map.UNIT_ID, modbus_a_port),
        ),
        "SIS-1": ServerProcess(
            device="SIS-1",
            points=sis1_map.POINTS,
            target=modbus_server.run,
            arguments=(sis1_map.POINTS, sis1_map.LOW_WORD_FIRST, sis1_map.UNIT_ID, modbus_b_port),
        ),
    }
