"""No write can be expressed: proven on the source of the package and on everything it can send."""

import ast
import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import drivers.modbus
from drivers.modbus import identification, wire
from drivers.modbus.identification import IdentifyRequest
from drivers.modbus.mbap import MbapExchange
from drivers.modbus.place import Table
from drivers.modbus.rtu import RtuExchange
from drivers.modbus.wire import ReadFunction, ReadRequest, Request

SOURCES = sorted(Path(drivers.modbus.__file__).parent.glob("*.py"))
READING = {1, 2, 3, 4, 43}
WRITING = {5, 6, 15, 16, 21, 22, 23}
"""Write single and multiple coils and registers, write file record, mask write, read/write."""


def test_the_package_was_found() -> None:
    assert {path.stem for path in SOURCES} >= {"wire", "plan", "transport", "driver", "mbap", "rtu", "line", "ports"}


def test_function_codes_are_one_to_four_and_identification() -> None:
    assert {code.value for code in ReadFunction} == READING
    assert {table.function.value for table in Table} == READING - {43}


@pytest.mark.parametrize("code", sorted(WRITING))
def test_a_writing_function_code_has_no_name(code: int) -> None:
    with pytest.raises(ValueError, match="is not a valid ReadFunction"):
        ReadFunction(code)


def test_the_two_requests_are_all_there_are() -> None:
    kinds = {
        name
        for module in (wire, identification)
        for name, kind in vars(module).items()
        if isinstance(kind, type) and hasattr(kind, "pdu") and kind is not Request
    }
    assert kinds == {"ReadRequest", "IdentifyRequest"}


def function_codes_sent(request: Request) -> set[int]:
    tcp, rtu = MbapExchange[int]().begin(request, 0), RtuExchange[int]().begin(request, 0)
    assert tcp[7:] == rtu[1:-2] == request.pdu
    return {tcp[7], rtu[1]}


def test_every_request_that_can_be_encoded_reads() -> None:
    tables = [table.function for table in Table]
    for function, start, count in itertools.product(tables, (0, 1, 5, 6, 15, 16, 65410), (1, 5, 6, 16, 125)):
        request = ReadRequest(1, function, start, count)
        assert len(request.pdu) == 5
        assert function_codes_sent(request) <= {1, 2, 3, 4}


@given(unit=st.integers(0, 255), first=st.integers(0, 255))
def test_identification_asks_for_nothing_else(unit: int, first: int) -> None:
    request = IdentifyRequest(unit, first)
    assert function_codes_sent(request) == {43}
    assert request.pdu == bytes((43, 14, 1, first))


def test_identification_is_no_read_of_a_table() -> None:
    with pytest.raises(ValueError, match="a request of its own"):
        ReadRequest(1, ReadFunction.READ_IDENTIFICATION, 0, 1)


def calls_of(tree: ast.AST, *names: str) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in names
    ]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_only_the_transport_sends_and_only_what_the_codec_encodes(path: Path) -> None:
    tree = ast.parse(path.read_text())
    sends = calls_of(tree, "write", "writelines", "sendto", "send", "sendall", "sock_sendall", "sendmsg")
    packs = calls_of(tree, "pack", "pack_into")
    if path.stem == "transport":
        assert [ast.unparse(send.args[0]) for send in sends] == ["frames[0] if len(frames) == 1 else b''.join(frames)"]
        filled = [call for call in calls_of(tree, "append", "extend", "insert") if "frames" in ast.unparse(call.func)]
        assert [ast.unparse(call.args[0]).startswith("exchange.begin(") for call in filled] == [True]
    else:
        assert not sends
    assert len(packs) == (1 if path.stem in {"wire", "mbap"} else 0)
    if path.stem == "wire":
        assert ast.unparse(packs[0].args[0]) == "self.function"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_name_in_the_package_speaks_of_writing_to_a_device(path: Path) -> None:
    names: set[str] = set()
    modules: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules |= {f"{node.module}.{alias.name}" for alias in node.names}
    assert not [name for name in names if "write" in name.lower() or "force" in name.lower()]
    # pymodbus moves the bytes of a serial port; nothing of it that can encode a request is at hand
    allowed = {"pymodbus.transport.serialtransport.SerialTransport"} if path.stem == "ports" else set()
    assert {module for module in modules if module.split(".")[0] in {"pymodbus", "socket", "serial"}} == allowed
