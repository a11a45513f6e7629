"""Every demo tag is read over the wire with plain clients, decoded here by tags.csv, and compared with the truth."""

import asyncio
import csv
import math
import struct
import time
from collections.abc import Callable
from typing import Any

import pytest
from asyncua import ua
from asyncua.client.client import Client
from asyncua.ua.uaerrors import UaError
from pymodbus.client import AsyncModbusTcpClient

from tests.patience import PATIENCE_S, eventually
from tests.simulators.conftest import ROOT, RunningPlant

pytestmark = pytest.mark.slow

DEMO = ROOT / "monitor" / "plant" / "demo"
UNIT_ID = 1
MOST_REGISTERS = 120


def tag_rows() -> list[dict[str, str]]:
    with (DEMO / "tags.csv").open(encoding="utf-8", newline="") as sheet:
        return list(csv.DictReader(sheet))


def node_id(identifier: str, index: int) -> ua.NodeId:
    return ua.NodeId(ua.String(identifier), ua.Int16(index))


async def read_opcua(port: int, rows: list[dict[str, str]]) -> dict[str, ua.DataValue]:
    async with Client(f"opc.tcp://127.0.0.1:{port}/redline/") as client:
        index = await client.get_namespace_index("urn:redline:simulated-plant")
        prefix = "nsu=urn:redline:simulated-plant;s="
        nodes = []
        for row in rows:
            assert row["address"].startswith(prefix)
            nodes.append(client.get_node(node_id(row["address"].removeprefix(prefix), index)))
        values = await client.read_attributes(nodes)
        return {row["id"]: value for row, value in zip(rows, values, strict=True)}


async def read_tables(client: AsyncModbusTcpClient) -> dict[str, list[Any]]:
    coils = await client.read_coils(0, count=128, device_id=UNIT_ID)
    inputs = await client.read_discrete_inputs(0, count=128, device_id=UNIT_ID)
    tables: dict[str, list[Any]] = {"co": list(coils.bits), "di": list(inputs.bits), "hr": [], "ir": []}
    for first in (0, MOST_REGISTERS):
        holding = await client.read_holding_registers(first, count=MOST_REGISTERS, device_id=UNIT_ID)
        tables["hr"] += holding.registers
        registers = await client.read_input_registers(first, count=MOST_REGISTERS, device_id=UNIT_ID)
        tables["ir"] += registers.registers
    return tables


async def read_modbus(port: int) -> dict[str, list[Any]]:
    client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=5, retries=1)
    assert await client.connect()
    try:
        return await read_tables(client)
    finally:
        client.close()


def decode(row: dict[str, str], tables: dict[str, list[Any]]) -> float:
    """Independent of both the simulator's encoder and the monitor's decoder: bytes in the order that the sheet names."""
    name, _, place = row["address"].partition(":")
    number, _, bit = place.partition(".")
    address = int(number)
    if name in ("co", "di"):
        return float(tables[name][address])
    registers = tables[name]
    if row["type"] == "bool":
        return float(registers[address] >> int(bit) & 1)
    formats = {"int16": "h", "uint16": "H", "uint32": "I", "float32": "f"}
    size = struct.calcsize(formats[row["type"]])
    data = b"".join(struct.pack(">H", word) for word in registers[address : address + size // 2])
    if size == 4:
        places = ["ABCD".index(letter) for letter in row["word_order"]]
        ordered = bytearray(4)
        for seen, meant in enumerate(places):
            ordered[meant] = data[seen]
        data = bytes(ordered)
    value = float(struct.unpack(">" + formats[row["type"]], data)[0])
    if row["raw_low"]:
        raw_low, raw_high, low, high = (float(row[key]) for key in ("raw_low", "raw_high", "low", "high"))
        value = low + (value - raw_low) * (high - low) / (raw_high - raw_low)
    return value


async def read_all(plant: RunningPlant) -> dict[str, float]:
    rows = tag_rows()
    by_device = {device: [row for row in rows if row["device"] == device] for device in ("PLC-1", "PLC-2", "SIS-1")}
    values: dict[str, float] = {}
    for tag, value in (await read_opcua(plant.opcua_port, by_device["PLC-1"])).items():
        assert value.StatusCode is not None and value.StatusCode.is_good()
        assert value.Value is not None
        values[tag] = float(value.Value.Value)
    for device, port in (("PLC-2", plant.modbus_a_port), ("SIS-1", plant.modbus_b_port)):
        tables = await read_modbus(port)
        values |= {row["id"]: decode(row, tables) for row in by_device[device]}
    return values


def differences(values: dict[str, float], truth: dict[str, float]) -> dict[str, tuple[float, float]]:
    """Tags that are served otherwise than they are."""
    return {
        tag: (values[tag], truth[tag])
        for tag in truth
        if not math.isclose(values[tag], truth[tag], rel_tol=1e-6, abs_tol=1e-6)
    }


async def test_every_demo_tag_reads_as_the_truth(plant: RunningPlant) -> None:
    assert (await asyncio.to_thread(plant.post, "/fault/pause"))[0] == 202
    try:
        truth = await asyncio.to_thread(plant.get, "/truth")
        deadline = time.monotonic() + PATIENCE_S
        while wrong := differences(values := await read_all(plant), truth):
            assert time.monotonic() < deadline, wrong  # the last moving values reach the servers a moment later
            truth = await asyncio.to_thread(plant.get, "/truth")
        assert values.keys() == truth.keys()
        assert len(values) > 300
        # the check above would be empty if everything were zero or everything the same
        assert len({value for value in values.values() if value not in (0.0, 1.0)}) > 80
    finally:
        await asyncio.to_thread(plant.post, "/fault/resume")


async def test_values_move_and_carry_the_moment_of_sampling(plant: RunningPlant) -> None:
    rows = [row for row in tag_rows() if row["device"] == "PLC-1"]
    first = await read_opcua(plant.opcua_port, rows)

    def moment(values: dict[str, ua.DataValue], tag: str) -> float:
        stamp = values[tag].SourceTimestamp
        assert stamp is not None
        return float(stamp.timestamp())

    level = "LT-201A"
    second = first
    deadline = time.monotonic() + PATIENCE_S
    while second[level].Value == first[level].Value:
        assert time.monotonic() < deadline, "it never moved"
        second = await read_opcua(plant.opcua_port, rows)
    assert moment(second, level) > moment(first, level)
    battery = "PLC-1.BATTERY"  # a discrete keeps the moment of its last change
    assert moment(second, battery) == moment(first, battery)


async def test_a_bad_status_and_a_broken_wire_are_served(plant: RunningPlant) -> None:
    rows = [row for row in tag_rows() if row["id"] == "PT-201A"]
    assert (await asyncio.to_thread(plant.post, "/fault/bad?tag=PT-201A&status=0x80350000"))[0] == 202
    assert (await asyncio.to_thread(plant.post, "/fault/bad?tag=LT-102A"))[0] == 202
    assert (await asyncio.to_thread(plant.post, "/fault/bad?tag=LT-103B"))[0] == 202
    try:
        by_id = {row["id"]: row for row in tag_rows()}

        async def bad() -> bool:
            status = (await read_opcua(plant.opcua_port, rows))["PT-201A"].StatusCode
            return status is not None and status.value == 0x80350000

        async def broken() -> bool:
            tables = await read_modbus(plant.modbus_a_port)
            beyond = tables["hr"][int(by_id["LT-103B"]["address"].removeprefix("hr:"))]
            return math.isnan(decode(by_id["LT-102A"], tables)) and beyond == 0x8000

        await eventually(bad)
        await eventually(broken)
        truth = await asyncio.to_thread(plant.get, "/truth")
        assert truth["PT-201A"] is truth["LT-102A"] is truth["LT-103B"] is None
    finally:
        for tag in ("PT-201A", "LT-102A", "LT-103B"):
            await asyncio.to_thread(plant.post, f"/fault/good?tag={tag}")
    await plant.wait("good again", lambda: plant.get("/truth")["LT-102A"] is not None)


async def test_a_lost_bit_is_refused_and_its_neighbours_are_not(plant: RunningPlant) -> None:
    async def ask(address: int, count: int) -> str:
        """Bytes after the frame's head of the answer to a read of discrete inputs."""
        reader, writer = await asyncio.open_connection("127.0.0.1", plant.modbus_b_port)
        try:
            writer.write(bytes.fromhex("0007000000060102") + address.to_bytes(2, "big") + count.to_bytes(2, "big"))
            async with asyncio.timeout(1.0):
                return (await reader.read(260))[7:9].hex()
        finally:
            writer.close()
            await writer.wait_closed()

    async def asks(address: int, count: int, answer: str) -> bool:
        return await ask(address, count) == answer

    assert (await asyncio.to_thread(plant.post, "/fault/lose?tag=BPS-103"))[0] == 202  # di:42
    try:
        await eventually(lambda: asks(42, 1, "8202"))
        assert [await ask(40, 2), await ask(43, 5)] == ["0201", "0201"], "one byte of bits"
        assert [await ask(42, 1), await ask(40, 8), await ask(0, 64)] == ["8202"] * 3
        assert (await asyncio.to_thread(plant.get, "/truth"))["BPS-103"] is None
    finally:
        await asyncio.to_thread(plant.post, "/fault/good?tag=BPS-103")
    await eventually(lambda: asks(42, 1, "0201"))


async def test_nothing_can_be_written(plant: RunningPlant) -> None:
    client = AsyncModbusTcpClient("127.0.0.1", port=plant.modbus_a_port, timeout=5, retries=0)
    assert await client.connect()
    try:
        answer = await client.write_register(0, 7, device_id=UNIT_ID)
        assert answer.isError()
    finally:
        client.close()
    async with Client(f"opc.tcp://127.0.0.1:{plant.opcua_port}/redline/") as session:
        index = await session.get_namespace_index("urn:redline:simulated-plant")
        node = session.get_node(node_id("SphereFarm.V-201.LT-201A", index))
        with pytest.raises(UaError):
            await node.write_value(ua.Variant(1.0, ua.VariantType.Double))


async def test_modbus_answers_exceptions_garbage_and_nothing_when_told(plant: RunningPlant) -> None:
    async def ask() -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", plant.modbus_b_port)
        try:
            writer.write(bytes.fromhex("000700000006010200000008"))
            async with asyncio.timeout(1.0):
                return (await reader.read(260)).hex()
        except TimeoutError:
            return "nothing"
        finally:
            writer.close()
            await writer.wait_closed()

    async def told(behaviour: str, is_right: Callable[[str], bool]) -> None:
        assert (await asyncio.to_thread(plant.post, f"/fault/{behaviour}-sis1"))[0] == 202

        async def answers() -> bool:
            return is_right(await ask())

        await eventually(answers)

    try:
        await told("exception", lambda answer: answer == "000700000003018206")
        await told("garbage", lambda answer: answer not in ("", "nothing") and not answer.startswith("0007"))
        await told("silence", lambda answer: answer == "nothing")
    finally:
        await told("normal", lambda answer: answer == "0007000000040102" + "01" + "00")
    assert (await asyncio.to_thread(plant.post, "/fault/silence-plc1"))[0] == 404


async def test_a_killed_device_is_dead_and_comes_back(plant: RunningPlant) -> None:
    assert (await asyncio.to_thread(plant.post, "/fault/kill-plc2"))[0] == 202

    async def refuses() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", plant.modbus_a_port)
        except OSError:
            return True
        writer.close()
        return False

    await eventually(refuses)
    health = await asyncio.to_thread(plant.get, "/health")
    assert [device["up"] for device in health["devices"].values()] == [True, False, True]
    tables = await read_modbus(plant.modbus_b_port)
    assert any(tables["ir"]), "the others go on serving"
    assert (await asyncio.to_thread(plant.post, "/fault/start-plc2"))[0] == 202
    await plant.wait("PLC-2 up again", lambda: bool(plant.get("/health")["devices"]["PLC-2"]["up"]))
    assert any((await read_modbus(plant.modbus_a_port))["hr"])
