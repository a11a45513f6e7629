"""Nodes registered with the server: handles, its limit, and what happens when it forgets them."""

import contextlib
from typing import Any

import pytest
from asyncua import ua
from asyncua.server import uaprocessor
from asyncua.server.internal_session import InternalSession
from asyncua.ua.ua_binary import struct_from_binary

from drivers.opcua.plan import parse_node_address
from drivers.opcua.settings import read_settings
from drivers.opcua.transport import Session
from rules.columns.quality import Quality
from tests.drivers.opcua.driving import CLOCK
from tests.drivers.opcua.living import driver_for
from tests.drivers.opcua.plant import Plc, tags

pytestmark = pytest.mark.slow


@pytest.fixture
def handles(monkeypatch: pytest.MonkeyPatch) -> dict[ua.NodeId, ua.NodeId]:
    """A server that gives handles and reads by them; the test may make it forget them."""
    given: dict[ua.NodeId, ua.NodeId] = {}
    decode, read = struct_from_binary, InternalSession.read

    def with_handles(kind: Any, data: Any) -> Any:
        found = decode(kind, data)
        if kind is ua.RegisterNodesParameters:
            aliases = [ua.NodeId(900_000 + len(given) + at, 1) for at in range(len(found.NodesToRegister))]  # type: ignore[arg-type]  # asyncua's own types are narrower
            given.update(zip(aliases, found.NodesToRegister, strict=True))
            found.NodesToRegister = aliases
        return found

    async def read_by_handle(self: InternalSession, params: ua.ReadParameters) -> Any:
        for node in params.NodesToRead:
            node.NodeId = given.get(node.NodeId, node.NodeId)
        return await read(self, params)

    monkeypatch.setattr(uaprocessor, "struct_from_binary", with_handles)
    monkeypatch.setattr(InternalSession, "read", read_by_handle)
    return given


async def test_nodes_are_read_by_handles_and_by_name_again_when_the_server_forgets(
    handles: dict[ua.NodeId, ua.NodeId], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"n{number}" for number in range(25)]
    async with Plc() as plc:
        for number, name in enumerate(names[:-1]):
            await plc.add(name, float(number))
        async with driver_for(plc.endpoint, tags(names), register_nodes=True) as driver:
            assert len(handles) == 25
            async with contextlib.aclosing(driver.batches()) as batches:
                before = await anext(batches)
                handles.clear()
                after = await anext(batches)
            assert driver.health().impairment.en == "1 points are refused by the server"
    for batch in (before, after):
        assert batch.value.tolist()[:-1] == list(range(24))
        assert (batch.quality[:-1] == Quality.GOOD).all()
        assert batch.status[-1] == 0x80340000


async def test_registering_keeps_the_servers_limit(handles: dict[ua.NodeId, ua.NodeId]) -> None:
    async with Plc() as plc:
        for name in "abcdefg":
            await plc.add(name, 1.0)
        async with Session(read_settings({"endpoint": plc.endpoint}), CLOCK, "test") as session:
            session.limits.nodes_per_register = 3
            prepared = session.prepare([parse_node_address(tag.address) for tag in tags("abcdefg")])
            await session.register(prepared)
            assert len(prepared.canonical) == 7
            assert (await session.read(prepared)).value.tolist() == [1.0] * 7
