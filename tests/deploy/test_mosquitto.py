"""The Mosquitto configuration for production, on a real broker: who may do what."""

import getpass
import queue
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.deploy.repository import DEPLOY
from tests.monitor.notify.brokers import BrokerProcess

pytestmark = pytest.mark.slow

NOT_AUTHORISED = 0x87
PASSWORDS = {"redline": "one", "screen": "two"}


class ExampleBroker(BrokerProcess):
    """Mosquitto with the example configuration; only paths, port and the user it runs as are of this machine."""

    def __init__(self, folder: Path) -> None:
        super().__init__("mosquitto", folder)
        self.folder = folder

    def _mosquitto(self) -> list[str]:
        text = (DEPLOY / "mosquitto" / "mosquitto.conf").read_text(encoding="utf-8")
        for before, after in (
            ("listener 1883", f"listener {self.port} 127.0.0.1\nuser {getpass.getuser()}"),
            ("/mosquitto/config/", f"{self.folder}/"),
            ("/mosquitto/data/", f"{self.folder}/"),
        ):
            assert before in text
            text = text.replace(before, after)
        (self.folder / "mosquitto.conf").write_text(text, encoding="utf-8")
        shutil.copy(DEPLOY / "mosquitto" / "acl", self.folder / "acl")
        (self.folder / "acl").chmod(0o600)
        (self.folder / "passwords").unlink(missing_ok=True)
        for place, (name, password) in enumerate(PASSWORDS.items()):
            make = ["mosquitto_passwd", "-b", *(["-c"] if place == 0 else []), str(self.folder / "passwords")]
            subprocess.run([*make, name, password], check=True, capture_output=True, timeout=60)
        program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        return [program, "-c", str(self.folder / "mosquitto.conf")]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[ExampleBroker]:
    started = ExampleBroker(tmp_path)
    started.start()
    yield started
    started.stop()


class Guest:
    """One MQTT 5 client; every answer of the broker as a reason code."""

    def __init__(self, port: int, name: str | None) -> None:
        self.answers: queue.Queue[int] = queue.Queue()
        self.heard: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self._client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        self._client.on_connect = lambda _c, _u, _f, reason, _p: self.answers.put(reason.value)
        self._client.on_publish = lambda _c, _u, _m, reason, _p: self.answers.put(reason.value)
        self._client.on_subscribe = lambda _c, _u, _m, reasons, _p: self.answers.put(reasons[0].value)
        self._client.on_message = self._message
        if name is not None:
            self._client.username_pw_set(name, PASSWORDS[name])
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self.connected = self.answers.get(timeout=30)

    def _message(self, _client: Client, _user: Any, message: Any) -> None:
        self.heard.put((message.topic, message.payload))

    def publish(self, topic: str) -> int:
        self._client.publish(topic, b"x", qos=1, retain=True)
        return self.answers.get(timeout=30)

    def subscribe(self, topic: str) -> int:
        self._client.subscribe(topic, 1)
        return self.answers.get(timeout=30)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def test_nobody_without_a_password(broker: ExampleBroker) -> None:
    guest = Guest(broker.port, None)
    assert guest.connected == NOT_AUTHORISED
    guest.close()


def test_redline_writes_below_its_prefix_and_screens_only_look(broker: ExampleBroker) -> None:
    redline, screen = Guest(broker.port, "redline"), Guest(broker.port, "screen")
    assert (redline.connected, screen.connected) == (0, 0)
    assert screen.subscribe("redline/v1/#") < 0x80
    for topic in (
        "redline/v1/example/$state",
        "redline/v1/example/event/LT-101.HH",
        "redline/v1/example/alarm/LT-101.HH",
    ):
        assert redline.publish(topic) < 0x80
        assert screen.heard.get(timeout=30) == (topic, b"x")
        assert screen.publish(topic) == NOT_AUTHORISED
    assert redline.publish("elsewhere/LT-101") == NOT_AUTHORISED
    assert redline.subscribe("redline/v1/example/alarm/#") < 0x80, "Redline clears orphans, so it must read them"
    assert redline.heard.get(timeout=30)[0] == "redline/v1/example/alarm/LT-101.HH"
    redline.close()
    screen.close()
