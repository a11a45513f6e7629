"""The engineer's commands."""

import pytest

from drivers.opcua import tool
from tests.drivers.opcua.plant import Plc, SystemClock, free_port, tags


def test_plan_tells_scan_classes_and_requests(capsys: pytest.CaptureFixture[str]) -> None:
    addresses = [*tags(["a"], period_s=0.2), *tags([f"n{number}" for number in range(25)], period_s=1.0)]
    assert tool.plan({"endpoint": "opc.tcp://127.0.0.1:4840", "max_nodes_per_read": 10}, addresses) == 0
    assert capsys.readouterr().out.splitlines() == [
        "every 0.2 s: 1 nodes in 1 requests",
        "every 1 s: 25 nodes in 3 requests",
    ]


@pytest.mark.slow
async def test_read_prints_every_address_once(capsys: pytest.CaptureFixture[str]) -> None:
    async with Plc() as plc:
        await plc.add("a", 1.5)
        settings = {"endpoint": plc.endpoint}
        assert await tool.read("PLC-1", settings, tags(["a"]), SystemClock()) == 0
        assert "1.5  GOOD  0x00000000" in capsys.readouterr().out
        assert await tool.read("PLC-1", settings, tags(["a", "b"]), SystemClock()) == 1
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 2
        assert lines[1].endswith("nan  BAD  0x80340000")
        assert await tool.read("PLC-1", settings, [], SystemClock()) == 0


async def test_read_tells_a_device_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    settings = {"endpoint": f"opc.tcp://127.0.0.1:{free_port()}"}
    assert await tool.read("PLC-1", settings, tags(["a"]), SystemClock()) == 1
    assert capsys.readouterr().out.startswith("PLC-1: connecting to opc.tcp://127.0.0.1")
