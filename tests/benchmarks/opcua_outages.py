"""How soon a device that was away is read again: from its listener's return to the first good value in the API."""

import socket
import struct
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from monitor.cli import demo
from tests.benchmarks.opcua_stub import NAMESPACE
from tests.benchmarks.service import Child, Service
from tests.benchmarks.synthetic_plant import TOML
from tests.ports import free_ports

POLL_S: Final = 0.02
PATIENCE_S: Final = 60.0
TAG: Final = "LT-1"
DEVICE: Final = """
[[devices]]
id = "PLC-1"
kind = "opcua"
name_zh = "PLC-1"
name_en = "PLC-1"
endpoint = "opc.tcp://127.0.0.1:{port}/stub"
"""
TAGS: Final = f"""id,description_zh,hazard_source,device,address,type,low,high,eu,scan_class
{TAG},液位,HS-1,PLC-1,ns={NAMESPACE};i=42,float64,0,100,%,fast
"""
ALARMS: Final = f"""tag,kind,set_point,dead_band,priority,class
{TAG},H,90,1,3,process
"""
_RESET: Final = struct.pack("ii", 1, 0)


class Relay:
    """A device's address that can go away: nobody listens, and every connection is reset."""

    def __init__(self, port: int, upstream: int) -> None:
        self._port = port
        self._upstream = upstream
        self._listener: socket.socket | None = None
        self._open: list[socket.socket] = []
        self._guard = threading.Lock()

    def listen(self) -> None:
        """Be there."""
        self._listener = socket.create_server(("127.0.0.1", self._port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        """Go away."""
        if self._listener is not None:
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread in accept
            self._listener.close()
        with self._guard:
            for each in self._open:
                with suppress(OSError):
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                    each.shutdown(socket.SHUT_RD)  # wakes the thread in recv; what is sent is the reset of close
                each.close()
            self._open.clear()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                down, _ = listener.accept()
                up = socket.create_connection(("127.0.0.1", self._upstream))
                with self._guard:
                    self._open += [down, up]
                for source, sink in ((down, up), (up, down)):
                    threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)


def reconnects(outages: int, outage_s: float) -> list[float]:
    """Seconds from each return of the device's listener to its first good value in the API."""
    with tempfile.TemporaryDirectory(prefix="redline-bench-") as name, _service(Path(name)) as (service, relay):
        return [_reconnect(service, relay, outage_s) for _ in range(outages)]


@contextmanager
def _service(folder: Path) -> Iterator[tuple[Service, Relay]]:
    """A monitor with one device behind a relay, watching it."""
    console, upstream, port = free_ports(3)
    plant = folder / "plant"
    plant.mkdir()
    (plant / "plant.toml").write_text(TOML.format(period_s=0.2) + DEVICE.format(port=port), encoding="utf-8")
    (plant / "tags.csv").write_text(TAGS, encoding="utf-8")
    (plant / "alarms.csv").write_text(ALARMS, encoding="utf-8")
    (plant / "interlocks.toml").write_text("schema = 1\n", encoding="utf-8")
    addresses = demo.Ports(console=console, opcua=0, modbus_a=0, modbus_b=0, control=0, wecom=0, mqtt=0, nats=0)
    command, environment = demo.monitor_command(folder, plant, addresses)
    relay = Relay(port, upstream)
    with (
        Child("tests.benchmarks.opcua_stub", str(upstream)) as child,
        Service(folder, command, environment, console) as service,
    ):
        child.line()
        relay.listen()
        try:
            service.start()
            service.log_in()
            yield service, relay
        finally:
            relay.cut()


def _reconnect(service: Service, relay: Relay, outage_s: float) -> float:
    _wait_for(service, good=True)
    relay.cut()
    begun = time.monotonic()
    _wait_for(service, good=False)
    time.sleep(max(0.0, outage_s - (time.monotonic() - begun)))
    relay.listen()
    back = time.monotonic()
    _wait_for(service, good=True)
    return time.monotonic() - back


def _wait_for(service: Service, *, good: bool) -> None:
    """Wait until the API shows the value good, or not good."""
    begun = time.monotonic()
    while (service.get(f"/tags/{TAG}")["quality"] == "good") != good:
        assert time.monotonic() - begun < PATIENCE_S, f"{TAG} is not {'good' if good else 'bad'} after {PATIENCE_S:g} s"
        time.sleep(POLL_S)
