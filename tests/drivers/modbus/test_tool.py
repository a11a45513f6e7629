"""The engineer's commands against a real peer, and through the command line against a plant folder."""

import asyncio
import json
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from drivers.modbus import tool
from drivers.modbus.identification import OBJECT_NAMES
from monitor.cli.app import app
from monitor.clock import SystemClock
from tests.drivers.modbus.device import Device, TagAddress
from tests.drivers.modbus.gateway import Gateway, serving
from tests.drivers.modbus.peer import listening

DEMO = str(Path(tool.__file__).parents[2] / "monitor" / "plant" / "demo")
TAGS = [
    TagAddress(tag="A", row=0, address="hr:0", type="float32", scan_period_ns=50_000_000),
    TagAddress(tag="B", row=1, address="hr:6", scan_period_ns=50_000_000),
    TagAddress(tag="C", row=2, address="co:3", type="bool", scan_period_ns=1_000_000_000),
]


def device(port: int, language: str = "en", **settings: object) -> tool.Device:
    keys = {"host": "127.0.0.1", "port": port, "timeout_s": 0.2, **settings}
    return tool.Device(id="PLC-2", settings=keys, addresses=TAGS, language=language)


def test_the_plan_names_every_request_and_what_one_per_tag_would_be(capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.plan(device(1, heartbeat="hr:2"), SystemClock(), machine=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["naive"] == 3
    assert told["requests"] == [
        {"period_s": 0.05, "table": "hr", "start": 0, "count": 7, "unused": 3, "tags": ["A", "heartbeat", "B"]},
        {"period_s": 1.0, "table": "co", "start": 3, "count": 1, "unused": 0, "tags": ["C"]},
        {"period_s": 1.0, "table": "hr", "start": 2, "count": 1, "unused": 0, "tags": ["heartbeat"]},
    ]
    assert tool.plan(device(1, "zh"), SystemClock()) == 0
    assert "2 个请求读取 3 个位号" in capsys.readouterr().out


async def test_scanning_a_line_finds_who_answers(capsys: pytest.CaptureFixture[str]) -> None:
    gateway = Gateway({unit: Device() for unit in (2, 5)}, dead={1, 3, 4, 6, 7})
    async with serving(gateway):
        assert await tool.scan(device(gateway.port, timeout_s=0.05), 1, 7) == 0
    told = capsys.readouterr().out
    assert "of units 1 to 7, 2 answer" in told
    assert told.count("answers, knows no 43/14") == 2


@asynccontextmanager
async def introducing() -> AsyncIterator[int]:
    """A device that says who it is, whatever it is asked, in two answers."""
    said = {0: bytes.fromhex("ff 04 01 0003") + b"Red", 4: bytes.fromhex("00 00 01 0402") + b"R1"}

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in said:
            head = await reader.readexactly(11)
            pdu = bytes.fromhex("2b0e01 01") + said[head[10]]
            writer.write(head[:4] + (len(pdu) + 1).to_bytes(2, "big") + head[6:7] + pdu)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    await asyncio.sleep(0.01)


async def test_what_a_unit_says_of_itself_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    async with introducing() as port:
        assert await tool.scan(device(port), 9, 9) == 0
    assert f"{OBJECT_NAMES[0]} Red, {OBJECT_NAMES[4]} R1" in capsys.readouterr().out


async def test_one_address_in_every_word_order(capsys: pytest.CaptureFixture[str]) -> None:
    registers = {"hr": {0: 0x4148, 1: 0x0000, 2: 0xBF80, 3: 0}, "ir": {}}
    async with listening(device=Device(registers=registers)) as peer:
        assert await tool.read(device(peer.port), "hr:0", "float32", "", 2) == 0
        told = capsys.readouterr().out
        assert "4148 0000" in told
        assert "12.5" in told
        assert "bf80 0000" in told
        assert all(order in told for order in ("ABCD", "CDAB", "BADC", "DCBA"))
        assert await tool.read(device(peer.port), "hr:2", "float32", "ABCD", 1) == 0
        told = capsys.readouterr().out
        assert "-1" in told
        assert "CDAB" not in told


async def test_what_cannot_be_read_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    async with listening(device=Device(forbidden={("ir", 4): 2})) as peer:
        assert await tool.read(device(peer.port), "ir:4", "uint16", "", 1) == 1
        assert "ir:4: exception 02 (illegal data address)" in capsys.readouterr().err
        assert await tool.read(device(peer.port), "ir:x", "uint17", "", 1) == 2
        told = capsys.readouterr().err
        assert "'uint17' is unknown" in told
        assert "'ir:x' is not a Modbus address" in told
        assert len(peer.asked) == 1


async def test_watching_tells_batches_and_figures(capsys: pytest.CaptureFixture[str]) -> None:
    async with listening() as peer:
        assert await tool.watch(device(peer.port), SystemClock(), 0.4) == 0
        told = capsys.readouterr().out
        assert "points 2  usable 2  round trip ms" in told
        assert "0 timeouts, 0 late answers" in told
        assert "nothing wrong" in told
        peer.device.forbidden[("hr", 6)] = 2
        assert await tool.watch(device(peer.port), SystemClock(), 0.3) == 1
        assert "1 point refused, first B (hr:6)" in capsys.readouterr().out


def invoked(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["modbus", *words])
    return done.exit_code, done.output


def test_the_command_line_knows_the_devices_of_the_plant() -> None:
    code, told = invoked("plan", DEMO, "PLC-2", "-l", "en")
    assert code == 0
    assert "PLC-2: 6 requests read 130 tags (130 with one request per tag)" in told
    code, told = invoked("plan", DEMO, "PLC-1")
    assert code == 2
    assert "there is no Modbus device 'PLC-1'; there are: PLC-2, SIS-1" in told
    assert invoked("plan", DEMO, "PLC-2", "-l", "fr")[0] == 2
    assert invoked("plan", "no-such-folder", "PLC-2")[0] == 1


def test_a_device_that_is_away_is_an_error_in_words(tmp_path: Path) -> None:
    folder = tmp_path / "plant"
    shutil.copytree(DEMO, folder)
    text = (folder / "plant.toml").read_text(encoding="utf-8")
    assert "port = 15020" in text
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound, not listening: refused, and nobody else can take the port
        changed = text.replace("port = 15020", f"port = {held.getsockname()[1]}")
        (folder / "plant.toml").write_text(changed, encoding="utf-8")
        said = {language: invoked("read", str(folder), "PLC-2", "hr:0", "-l", language) for language in ("zh", "en")}
    assert {code for code, _ in said.values()} == {1}
    assert "no connection to 127.0.0.1" in said["en"][1]
    assert "无法连接 127.0.0.1" in said["zh"][1]
    assert "连接被拒绝" in said["zh"][1]
