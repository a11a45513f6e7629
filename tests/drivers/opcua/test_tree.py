"""Browsing finds every variable once, with its type, unit and range, whatever the server's tree looks like."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from asyncua import ua
from asyncua.common.node import Node
from asyncua.server.internal_session import InternalSession
from asyncua.ua.object_ids import ObjectIds

from drivers.opcua.plan import parse_node_address
from drivers.opcua.settings import read_settings
from drivers.opcua.transport import Session
from drivers.opcua.tree import Variable, walk
from tests.drivers.opcua.driving import CLOCK
from tests.drivers.opcua.plant import URI, Plc

pytestmark = pytest.mark.slow


async def analog(parent: Node, index: int, name: str, eu: str, low: float, high: float) -> Node:
    node: Node = await parent.add_variable(ua.NodeId(name, index), ua.QualifiedName(name, index), 1.5)  # type: ignore[arg-type]  # asyncua's own types are narrower
    await node.add_property(ua.NodeId(f"{name}.r", index), ua.QualifiedName("EURange", 0), ua.Range(low, high))  # type: ignore[arg-type]  # asyncua's own types are narrower
    unit = ua.EUInformation(DisplayName=ua.LocalizedText(eu))
    await node.add_property(ua.NodeId(f"{name}.u", index), ua.QualifiedName("EngineeringUnits", 0), unit)  # type: ignore[arg-type]  # asyncua's own types are narrower
    return node


async def grow(plc: Plc) -> None:
    """A small tank farm with everything that makes a tree awkward."""
    farm = await plc.server.nodes.objects.add_object(plc.index, "Farm")
    tank = await farm.add_object(plc.index, "V-101")
    level = await analog(tank, plc.index, "Level", "m", 0.0, 12.5)
    await analog(tank, plc.index, "Upside down", "m", 5.0, 5.0)
    await tank.add_variable(ua.NodeId(7001, plc.index), ua.QualifiedName("High", plc.index), True)  # type: ignore[arg-type]  # asyncua's own types are narrower
    await tank.add_variable(plc.index, "Name", "球罐")
    await tank.add_variable(plc.index, "Profile", [1.0, 2.0])
    raw = ua.Variant(7, ua.VariantType.UInt16)
    await level.add_variable(ua.NodeId("inner", plc.index), ua.QualifiedName("Raw", plc.index), raw)  # type: ignore[arg-type]  # asyncua's own types are narrower
    await farm.add_reference(level, ObjectIds.Organizes)  # a second way to the same node
    await tank.add_reference(farm, ObjectIds.Organizes)  # and a way back: a ring
    # the server cannot encode it and refuses every Read that asks for it
    await tank.add_variable(plc.index, "Poison", ua.Variant("text", ua.VariantType.Double))
    lost = await tank.add_variable(plc.index, "Lost", 1.0)
    await plc.server.write_attribute_value(
        lost.nodeid, ua.DataValue(ua.Variant(None), ua.StatusCode(ua.UInt32(0x808A0000)))
    )


@asynccontextmanager
async def browsing() -> AsyncIterator[Session]:
    async with Plc() as plc:
        await grow(plc)
        async with Session(read_settings({"endpoint": plc.endpoint}), CLOCK, "test") as session:
            yield session


async def found(session: Session, pattern: str = "", limit: int = 1000) -> dict[str, Variable]:
    variables = [each async for each in walk(session, pattern, limit)]
    paths = [each.path for each in variables]
    assert len(set(paths)) == len(paths), "a node that can be reached twice is listed once"
    return {each.path.rpartition("/")[2]: each for each in variables}


async def test_every_variable_with_its_type_value_unit_and_range() -> None:
    async with browsing() as session:
        all_of_it = await found(session)
        level = all_of_it["Level"]
        assert (level.type, level.tag_type, level.value, level.eu) == ("Double", "float64", "1.5", "m")
        assert (level.low, level.high, level.status) == (0.0, 12.5, 0)
        assert level.address == f"nsu={URI};s=Level"
        assert all_of_it["High"].tag_type == "bool"
        assert all_of_it["High"].address == f"nsu={URI};i=7001"
        assert (all_of_it["Name"].tag_type, all_of_it["Name"].value) == ("", "球罐")
        assert (all_of_it["Profile"].type, all_of_it["Profile"].tag_type) == ("Double[]", "")
        assert (all_of_it["Raw"].tag_type, all_of_it["Raw"].value) == ("uint16", "7")
        assert (all_of_it["Upside down"].low, all_of_it["Upside down"].eu) == (None, "m")
        assert all_of_it["Lost"].status == 0x808A0000
        assert all_of_it["Poison"].status >> 30 == 2
        assert not {"EURange", "EngineeringUnits", "CurrentTime", "NamespaceArray"} & set(all_of_it)
        # What browse says can be read back by the driver as it stands.
        prepared = session.prepare([parse_node_address(all_of_it[name].address) for name in ("Level", "High", "Raw")])
        assert (await session.read(prepared)).value.tolist() == [1.5, 1.0, 7.0]


async def test_filter_and_limit() -> None:
    async with browsing() as session:
        assert set(await found(session, "farm/level")) == {"Level", "Raw"}
        assert set(await found(session, "*i=7001")) == {"High"}
        assert await found(session, "no such thing") == {}
        assert len(await found(session, limit=3)) == 3


async def test_small_limits_of_the_server_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    original = InternalSession.browse

    async def browse(self: InternalSession, params: ua.BrowseParameters) -> Any:
        sizes.append(len(params.NodesToBrowse))
        return await original(self, params)

    monkeypatch.setattr(InternalSession, "browse", browse)
    async with browsing() as session:
        whole = await found(session)
        session.limits.nodes_per_browse = 2
        session.limits.nodes_per_read = 2
        sizes.clear()
        assert await found(session) == whole
    assert max(sizes) == 2
