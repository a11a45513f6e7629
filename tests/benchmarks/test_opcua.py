"""The OPC UA benchmark with counts too small for a figure: every process, every name."""

import asyncio

import pytest

from tests.benchmarks import opcua
from tests.benchmarks.opcua_outages import Relay
from tests.benchmarks.opcua_stub import BOOLEANS, MIXED, UNIFORM, item
from tests.ports import free_ports

WANTED = {
    "opcua.read_cpu_x_asyncua",
    "opcua.read_cpu_x_asyncua_encrypted",
    "opcua.read_cpu_x_node_opcua",
    "opcua.mixed_layout_cpu_x_asyncua",
    "opcua.subscription_cpu_x_asyncua",
    "opcua.read_x_recv",
    "opcua.reconnect_p95_s",
}
FEW = opcua.Size(
    pairs=1, nodes=1000, received=50, rate=4000, subscription_pairs=1, subscription_s=1.0, outages=1, outage_s=1.0
)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_it_runs_and_names_its_figures() -> None:
    figures, notes = opcua.run(FEW)
    values = {figure.name: figure.value for figure in figures}
    assert set(values) == WANTED
    assert all(value > 0 for value in values.values()), values
    # however busy the machine: bulk decoding is not merely a little cheaper
    assert values["opcua.read_cpu_x_asyncua"] > 5
    assert any("us CPU a value there" in note for note in notes)


def test_the_nodes_of_the_stub_are_what_the_method_says() -> None:
    assert (len(UNIFORM), len(BOOLEANS), len(MIXED)) == (11_000, 1000, 11_000)
    assert len(item(1).encode()) == 26
    assert len(item(10_001).encode()) == 19
    layouts = {len(item(number).encode()) for number in MIXED}
    assert len(layouts) >= 4
    assert sum(item(number).value is None for number in MIXED) == 110


async def test_a_relay_goes_away_and_comes_back() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    port, upstream = free_ports(2)
    server = await asyncio.start_server(echo, "127.0.0.1", upstream)
    relay = Relay(port, upstream)
    for _ in range(2):
        relay.listen()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"hello")
        assert await reader.readexactly(5) == b"hello"
        await asyncio.to_thread(relay.cut)
        with pytest.raises(ConnectionError):
            assert await reader.read(1), "the end, not a reset"
            raise AssertionError("still connected")
        writer.close()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
    server.close()
    await server.wait_closed()
