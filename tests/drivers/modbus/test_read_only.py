"""No write can be expressed: proven on the source of the package and on everything it can send."""

import ast
import itertools
from pathlib import Path

import pytest

import drivers.modbus
from drivers.modbus.plan import Table
from drivers.modbus.wire import Exchange, ReadFunction, ReadRequest

SOURCES = sorted(Path(drivers.modbus.__file__).parent.glob("*.py"))
WRITING = {5, 6, 15, 16, 21, 22, 23}
"""Write single and multiple coils and registers, write file record, mask write, read/write."""


def test_the_package_was_found() -> None:
    assert {path.stem for path in SOURCES} >= {"wire", "plan", "transport", "driver"}


def test_function_codes_are_one_to_four() -> None:
    assert {code.value for code in ReadFunction} == {1, 2, 3, 4}
    assert {table.function for table in Table} == set(ReadFunction)


@pytest.mark.parametrize("code", sorted(WRITING))
def test_a_writing_function_code_has_no_name(code: int) -> None:
    with pytest.raises(ValueError, match="is not a valid ReadFunction"):
        ReadFunction(code)


def test_every_request_that_can_be_encoded_reads() -> None:
    for function, start, count in itertools.product(ReadFunction, (0, 1, 5, 6, 15, 16, 65410), (1, 5, 6, 16, 125)):
        sent = Exchange().begin(ReadRequest(1, function, start, count))
        assert len(sent) == 12
        assert sent[7] in {1, 2, 3, 4}


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
        assert [ast.unparse(send.args[0]).startswith("self._exchange.begin(") for send in sends] == [True]
    else:
        assert not sends
    assert len(packs) == (1 if path.stem == "wire" else 0)
    if path.stem == "wire":
        assert ast.unparse(packs[0].args[4]) == "request.function"


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
            modules.add(node.module or "")
    assert not [name for name in names if "write" in name.lower() or "force" in name.lower()]
    assert not [module for module in modules if module.split(".")[0] in {"pymodbus", "socket"}]
