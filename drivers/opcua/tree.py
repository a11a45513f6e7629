"""The address space of a server walked from its Objects folder: every variable with type, value, unit and range."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Final

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors import UaStatusCodeError

from drivers.opcua.plan import chunks
from drivers.opcua.stack import as_driver_error, node_id, value_of
from drivers.opcua.transport import Session

TAG_TYPES: Final = {
    1: "bool",
    2: "int16",
    3: "uint16",
    4: "int16",
    5: "uint16",
    6: "int32",
    7: "uint32",
    8: "int64",
    9: "uint64",
    10: "float32",
    11: "float64",
}
"""Built-in type of OPC UA to the type of `tags.csv` that holds all its values."""

_NODES_AT_ONCE: Final = 100
_PATIENCE_S: Final = 10.0
"""For one question: servers are slow at listing themselves."""
_LONGEST_VALUE: Final = 60
_OWN_AFFAIRS: Final = (ObjectIds.Server, ObjectIds.Aliases, ObjectIds.Locations)
"""What a server says of itself, below Objects."""
_HAS_PROPERTY: Final = node_id(ObjectIds.HasProperty)
_OF_INTEREST: Final = ("EURange", "EngineeringUnits")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable as an engineer looks at it."""

    path: str
    """Browse names from the Objects folder down, with slashes."""
    address: str
    """As `tags.csv` takes it."""
    type: str
    """Name of the OPC UA type, with [] where the value is an array."""
    tag_type: str
    """Type for `tags.csv`; empty where no tag can hold the value."""
    value: str
    status: int
    eu: str
    """Unit as the server writes it; empty where it names none."""
    low: float | None
    high: float | None


@dataclass(slots=True)
class _Found:
    """A variable on the way: its node, and where its range and unit stand."""

    node: ua.NodeId
    path: str
    properties: dict[str, ua.NodeId] = field(default_factory=dict)


async def walk(session: Session, pattern: str = "", limit: int = 1000) -> AsyncIterator[Variable]:
    """Yield variables whose path or address contains `pattern` (or matches it, with * and ?), at most `limit`.

    :raises DriverError: the server stopped answering or refuses to be browsed.
    """
    left = limit
    waiting: deque[tuple[ua.NodeId, str]] = deque([(node_id(ObjectIds.ObjectsFolder), "")])
    seen = {waiting[0][0], *(node_id(each) for each in _OWN_AFFAIRS)}
    variables: dict[ua.NodeId, _Found] = {}
    while waiting and left > 0:
        size = min(_NODES_AT_ONCE, session.limits.nodes_per_browse, len(waiting))
        asked = [waiting.popleft() for _ in range(size)]
        for (parent, path), references in zip(
            asked, await _children(session, [node for node, _ in asked]), strict=True
        ):
            for reference in references:
                _sort(reference, parent, path, variables, seen, waiting)
        # complete once it was itself asked for its children, among them range and unit
        done = [variables.pop(node) for node, _ in asked if node in variables]
        wanted = [each for each in done if _matches(each.path, session.address_of(each.node), pattern)][:left]
        left -= len(wanted)
        for variable in await _look_at(session, wanted):
            yield variable


def _sort(
    reference: ua.ReferenceDescription,
    parent: ua.NodeId,
    path: str,
    variables: dict[ua.NodeId, _Found],
    seen: set[ua.NodeId],
    waiting: deque[tuple[ua.NodeId, str]],
) -> None:
    """Put one child where it belongs: a property to its variable, a variable or an object to what is walked on."""
    name = str(reference.BrowseName.Name)
    if reference.ReferenceTypeId == _HAS_PROPERTY and parent in variables:
        if name in _OF_INTEREST:
            variables[parent].properties[name] = _local(reference.NodeId)
        return
    node = _local(reference.NodeId)
    if node in seen:
        return
    seen.add(node)
    below = f"{path}/{name}" if path else name
    if reference.NodeClass == ua.NodeClass.Variable:
        variables[node] = _Found(node, below)
    waiting.append((node, below))


async def _look_at(session: Session, found: Sequence[_Found]) -> list[Variable]:
    """Read value, range and unit of variables."""
    nodes = [each.node for each in found]
    extra = [node for each in found for node in each.properties.values()]
    values = await _values(session, nodes + extra)
    of_node = dict(zip(nodes + extra, values, strict=True))
    return [_variable(session, each, of_node) for each in found]


async def _values(session: Session, nodes: list[ua.NodeId]) -> list[ua.DataValue]:
    values: list[ua.DataValue] = []
    for part in chunks(len(nodes), min(_NODES_AT_ONCE, session.limits.nodes_per_read)):
        values += await _some_values(session, nodes[part])
    return values


async def _children(session: Session, nodes: list[ua.NodeId]) -> list[list[ua.ReferenceDescription]]:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await session.connection.browse(nodes)
    except Exception as error:
        raise as_driver_error(error, "browsing") from error


async def _some_values(session: Session, nodes: list[ua.NodeId]) -> list[ua.DataValue]:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await session.connection.read(nodes, AttributeIds.Value)
    except UaStatusCodeError as error:
        if len(nodes) == 1:
            return [ua.DataValue(StatusCode=ua.StatusCode(ua.UInt32(error.code)))]
    except Exception as error:
        raise as_driver_error(error, "reading") from error
    # One node that makes the server refuse all of them must not cost the others theirs.
    middle = len(nodes) // 2
    return [*await _some_values(session, nodes[:middle]), *await _some_values(session, nodes[middle:])]


def _variable(session: Session, found: _Found, of_node: dict[ua.NodeId, ua.DataValue]) -> Variable:
    result = of_node[found.node]
    variant = result.Value
    kind = variant.VariantType if variant is not None else ua.VariantType.Null
    is_array = variant is not None and variant.is_array
    low, high = _range(of_node, found)
    return Variable(
        path=found.path,
        address=session.address_of(found.node),
        type=f"{kind.name}[]" if is_array else kind.name,
        tag_type="" if is_array else TAG_TYPES.get(kind.value, ""),
        value=_shown(value_of(result)),
        status=int(result.StatusCode.value) if result.StatusCode is not None else 0,
        eu=_unit(of_node, found),
        low=low,
        high=high,
    )


def _range(of_node: dict[ua.NodeId, ua.DataValue], found: _Found) -> tuple[float | None, float | None]:
    node = found.properties.get("EURange")
    value = None if node is None else value_of(of_node[node])
    if isinstance(value, ua.Range) and value.Low < value.High:
        return float(value.Low), float(value.High)
    return None, None


def _unit(of_node: dict[ua.NodeId, ua.DataValue], found: _Found) -> str:
    node = found.properties.get("EngineeringUnits")
    value = None if node is None else value_of(of_node[node])
    return str(value.DisplayName.Text or "") if isinstance(value, ua.EUInformation) else ""


def _shown(value: object) -> str:
    if value is None:
        return "-"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 1]}…"


def _matches(path: str, address: str, pattern: str) -> bool:
    if not pattern:
        return True
    wanted = pattern.lower()
    if not any(each in wanted for each in "*?"):
        wanted = f"*{wanted}*"
    return fnmatchcase(path.lower(), wanted) or fnmatchcase(address.lower(), wanted)


def _local(node: ua.NodeId) -> ua.NodeId:
    """A node as this server calls it, without the address of another server."""
    return ua.NodeId(node.Identifier, node.NamespaceIndex, node.NodeIdType)
