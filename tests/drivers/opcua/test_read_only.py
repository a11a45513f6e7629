"""Nothing that could change the plant can be said by this package: not by its text, not by its connection."""

import ast
import inspect
import re
from pathlib import Path

import pytest
from asyncua import ua
from asyncua.client.client import Client
from asyncua.common.node import Node
from asyncua.ua import uaprotocol_auto

from drivers.opcua import stack
from drivers.opcua.settings import read_settings
from drivers.opcua.stack import READ_ONLY_REQUESTS, ReadOnlyProtocol
from drivers.opcua.transport import Session
from tests.drivers.opcua.plant import Plc, SystemClock

PACKAGE = Path(inspect.getfile(stack)).parent
FORBIDDEN = re.compile(
    r"write(?!able$)|(?<!ItemsPer)call(?!back|able)|Method|HistoryUpdate|history_update|(Add|Delete|add|delete)_?(Node|Ref|node|ref)|"
    r"set_(value|attribute|data_value|writable)|SetTriggering|TransferSub|import_xml|register_server",
    re.IGNORECASE,
)

BYTES = ("self.transport.writelines", "file.write")
"""Bytes to the socket, after the check of what they are; a certificate to the folder of trust."""


def names_in(path: Path) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            if ast.unparse(node) not in BYTES:
                found.append((node.lineno, node.attr))
        elif isinstance(node, ast.Name):
            found.append((node.lineno, node.id))
        elif isinstance(node, ast.ImportFrom | ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"getattr", "eval", "exec"}
        ):
            found.append((node.lineno, f"call_by_{node.func.id}"))
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.glob("*.py")), ids=lambda path: path.name)
def test_no_name_of_a_changing_service_is_written(path: Path) -> None:
    offending = [(line, name) for line, name in names_in(path) if FORBIDDEN.search(name)]
    assert not offending, f"{path.name}: {offending}"
    requests = {name for _, name in names_in(path) if name.endswith("Request") and name != "Request"}
    requests -= {"MonitoredItemCreateRequest"}  # no service: one item of CreateMonitoredItemsRequest
    assert requests <= {request.__name__ for request in READ_ONLY_REQUESTS}


def test_the_scan_would_find_one(tmp_path: Path) -> None:
    for text in (
        "client.write_values(a)",
        "node.call_method(x)",
        "ua.WriteRequest()",
        "from asyncua.ua import CallRequest",
    ):
        source = tmp_path / "x.py"
        source.write_text(text)
        assert any(FORBIDDEN.search(name) for _, name in names_in(source)), text


def test_only_few_modules_import_asyncua() -> None:
    importing = {
        path.name for path in PACKAGE.glob("*.py") if re.search(r"^(from|import) asyncua", path.read_text(), re.M)
    }
    assert importing <= {
        *(
            "buffers.py",
            "bulk.py",
            "clear.py",
            "connection.py",
            "limits.py",
            "prepared.py",
            "publishing.py",
            "reference.py",
            "requests.py",
            "security.py",
            "stack.py",
        ),
        *("subscription.py", "tool.py", "transport.py", "tree.py"),
    }


def changing_requests() -> list[str]:
    names = [name for name in dir(uaprotocol_auto) if name.endswith("Request")]
    return [name for name in names if getattr(uaprotocol_auto, name) not in READ_ONLY_REQUESTS]


def test_every_other_request_is_refused_before_it_is_encoded() -> None:
    names = changing_requests()
    assert {"WriteRequest", "CallRequest", "HistoryUpdateRequest", "AddNodesRequest", "DeleteNodesRequest"} <= set(
        names
    )
    assert len(names) >= 20
    for name in names:
        protocol = ReadOnlyProtocol()
        with pytest.raises(PermissionError, match=name):
            protocol._send_request(getattr(uaprotocol_auto, name)())
        assert protocol._request_id == 0


@pytest.mark.slow
async def test_even_asyncuas_own_write_does_not_leave_on_our_connection() -> None:
    async with Plc() as plc:
        await plc.add("set_point", 1.0)
        await plc.nodes["set_point"].set_writable()
        async with Session(read_settings({"endpoint": plc.endpoint}), SystemClock(), "test") as session:
            node = Node(session._connection.client.uaclient.session, plc.nodes["set_point"].nodeid)
            with pytest.raises(PermissionError):
                await node.write_value(2.0)
            with pytest.raises(PermissionError):
                await session._connection.client.get_objects_node().call_method("0:x")
        assert await plc.nodes["set_point"].read_value() == 1.0
        # The server would have taken it: the refusal was ours.
        async with Client(plc.endpoint) as other:
            await other.get_node(plc.nodes["set_point"].nodeid).write_value(ua.Variant(2.0))
        assert await plc.nodes["set_point"].read_value() == 2.0
