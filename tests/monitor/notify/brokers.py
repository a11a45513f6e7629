"""Real MQTT brokers as processes of their own, and an observer that hears what they say."""

import contextlib
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.ports import free_port as free_port

BrokerKind = Literal["mosquitto", "nats"]


class BrokerProcess:
    """A broker on 127.0.0.1; may be stopped, frozen and started again on the same port."""

    def __init__(self, kind: BrokerKind, folder: Path, extra: str = "") -> None:
        self.kind = kind
        self.port = free_port()
        self._folder = folder
        self._extra = extra
        self._lives = 0
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._lives += 1
        command = self._nats() if self.kind == "nats" else self._mosquitto()
        log = (self._folder / f"broker-{self._lives}.log").open("wb")
        with log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.05)
        raise AssertionError(f"{self.kind} does not listen: {self.log()}")

    def _mosquitto(self) -> list[str]:
        program = shutil.which("mosquitto") or shutil.which("/usr/sbin/mosquitto")
        assert program, "mosquitto is missing: apt-get install mosquitto"
        config = self._folder / "mosquitto.conf"
        lines = f"listener {self.port} 127.0.0.1\nuser root\npersistence false\n{self._extra}\n"
        config.write_text(lines if "allow_anonymous" in lines else lines + "allow_anonymous true\n", encoding="utf-8")
        return [program, "-c", str(config)]

    def _nats(self) -> list[str]:
        config = self._folder / "nats.conf"
        store = self._folder / f"jetstream-{self._lives}"  # forgets everything, as a broker on a new machine
        config.write_text(
            f'server_name: redline-test\nhost: 127.0.0.1\nport: {free_port()}\njetstream {{ store_dir: "{store}" }}\n'
            f"mqtt {{ host: 127.0.0.1, port: {self.port} }}\n",
            encoding="utf-8",
        )
        return [str(Path(sys.executable).with_name("nats-server")), "-c", str(config)]

    def log(self) -> str:
        return (self._folder / f"broker-{self._lives}.log").read_text(encoding="utf-8", errors="replace")

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class Observer:
    """Hears every message under a prefix; its own client, so that it shares nothing with what it watches."""

    def __init__(self, port: int, topic: str = "redline/#") -> None:
        self.heard: list[tuple[str, bytes, bool]] = []
        self._client = Client(CallbackAPIVersion.VERSION2, client_id="observer", protocol=MQTTProtocolVersion.MQTTv311)
        self._client.on_message = lambda _c, _u, got: self.heard.append((got.topic, bytes(got.payload), got.retain))
        self._client.on_connect = lambda client, _u, _f, _code, _p: client.subscribe(topic, 1)
        self._port = port

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self._port, 30)
        self._client.loop_start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, qos=1, retain=True).wait_for_publish(10)

    def payloads(self, topic: str) -> list[bytes]:
        return [payload for where, payload, _ in list(self.heard) if where == topic]


def retained(port: int, settle_s: float = 0.5) -> dict[str, bytes]:
    """What a newcomer is told (blocking)."""
    with Observer(port) as newcomer:
        deadline = time.monotonic() + settle_s
        while time.monotonic() < deadline:
            time.sleep(0.02)
        return {topic: payload for topic, payload, is_retained in list(newcomer.heard) if is_retained}
