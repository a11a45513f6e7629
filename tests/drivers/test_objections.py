"""Everything that is said of settings and addresses is said in Chinese and in English."""

import math
import re
from collections.abc import Mapping
from typing import Final

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError

from drivers import registry
from drivers.errors import MisconfiguredError
from drivers.modbus.addresses import parse, parse_range
from drivers.modbus.settings import ModbusSettings
from drivers.objections import Objection, objections_of, refused
from drivers.opcua.plan import parse_node_address
from drivers.opcua.settings import OpcUaSettings
from tests.drivers.modbus.device import TagAddress

SOUND: Final[Mapping[str, dict[str, object]]] = {
    "modbus": {"host": "plc"},
    "opcua": {"endpoint": "opc.tcp://plc:4840", "security": "sign"},
}
WRONG: Final[tuple[object, ...]] = (
    None, "", "x y", 1.5, -1, 10**9, -1e9, math.nan, True, [], ["x"], [1], {"a": 1}, "hr:1/3", "opc.tcp://h", "opc.tcp://h:0",
    "opc.tcp://a@h:1", "opc.tcp://h:99999",
)  # fmt: skip
ADDRESSES: Final = (
    "", "100", "hr100", "HR:100", "hr：１００", "hr:65536", "hr:1.16", "co:5.1", "40000", "20001", "hr:1/0", "co:1/4", "hr:65535",
    "hr:1.4", "hr:1/8", "co:1", "hr:12", "i=abc", "g=12", "b=***", "ns=70000;s=x", "TK-101",
)  # fmt: skip


def is_chinese(text: str) -> bool:
    """Whether it says something in Chinese beside what is quoted."""
    return any("\u4e00" <= sign <= "\u9fff" for sign in re.sub(r"'[^']*'", "", text))


def both(objections: list[Objection]) -> list[Objection]:
    """The same, each with a text in both languages."""
    for each in objections:
        assert each.key
        assert is_chinese(each.zh), each
        assert not is_chinese(each.en), each
        assert not re.search(r"[Ii]nput|should|must", each.zh), each
    return objections


@pytest.mark.parametrize(("kind", "model"), [("modbus", ModbusSettings), ("opcua", OpcUaSettings)])
def test_every_wrong_value_of_every_key_is_said_in_both_languages(kind: str, model: type[BaseModel]) -> None:
    objected = set()
    for key in model.model_fields:
        for value in WRONG:
            objected |= {each.key for each in both(registry.check_device(kind, {**SOUND[kind], key: value}))}
    user = {"username", "password_env", "password_file", "user_certificate", "user_key"}  # any text will do
    assert objected >= set(model.model_fields) - user - {"pki", "sentinel", "host"}
    both(registry.check_device(kind, {}))
    both(registry.check_device(kind, {**SOUND[kind], "zzz": 1, "tiemout_s": 1, "endpont": 1}))
    both(registry.check_device("profibus", {}))


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("modbus", {"serial_port": "/dev/ttyS0"}),
        ("modbus", {"framing": "rtu", "window": 2, "connections": 2}),
        ("modbus", {"sentinel": "hr:1", "forbidden": ["hr:0-9"]}),
        ("modbus", {"heartbeat": "hr:200", "start_at_zero": True}),
        ("opcua", {"security": "none", "username": "op"}),
        ("opcua", {"username": "op", "user_key": "/x"}),
        ("opcua", {"password_env": "X", "user_certificate": "/x"}),
    ],
)
def test_keys_that_do_not_fit_together_are_said_in_both_languages(kind: str, keys: dict[str, object]) -> None:
    assert both(registry.check_device(kind, {**SOUND[kind], **keys}))


@pytest.mark.parametrize("kind", sorted(SOUND))
@pytest.mark.parametrize("address", ADDRESSES)
def test_every_wrong_address_is_said_in_both_languages(kind: str, address: str) -> None:
    more: dict[str, object] = {"forbidden": ["hr:10-20"], "start_at_zero": True} if kind == "modbus" else {}
    settings = {**SOUND[kind], **more}
    found = [both(registry.check_address(kind, settings, address, of, order))
             for of in ("bool", "float32", "text", "real") for order in ("", "CDAB", "Z")]  # fmt: skip
    assert all(found[-3:]), "a type that is unknown"
    assert {each.key for some in found for each in some} <= {"address", "type", "word_order"}


def test_a_range_and_a_point_are_refused_in_both_languages() -> None:
    for text in ("hr:100-", "hr:9-8", "hr:70000"):
        with pytest.raises(MisconfiguredError) as error:
            parse_range(text)
        assert is_chinese(error.value.zh)
        assert not is_chinese(str(error.value))
    point = TagAddress(tag="T", row=0, address="hr:x", type="float32", raw_low=1.0)
    for kind, settings in SOUND.items():
        with pytest.raises(MisconfiguredError) as error:
            registry.open_driver(kind, "PLC-9", settings, [point], None)  # type: ignore[arg-type]  # it asks no clock
        assert "'hr:x'" in error.value.zh
        assert is_chinese(error.value.zh)


def test_what_can_be_read_is_not_objected_to() -> None:
    assert parse("hr:1") and parse_node_address("i=1")
    for kind, settings in SOUND.items():
        assert registry.check_device(kind, settings) == []


def test_an_error_says_all_in_the_language_that_is_asked_for() -> None:
    one, two = Objection("host", "必填", "is missing"), Objection("port", "0 应不小于 1", "0 should be 1 or more")
    error = refused([one, two], "PLC-1")
    assert str(error) == "PLC-1: host: is missing; port: 0 should be 1 or more"
    assert error.zh == "PLC-1: host: 必填；port: 0 应不小于 1"
    assert (one.text("zh"), one.text("en"), str(one)) == ("host: 必填", "host: is missing", "host: is missing")


def test_what_pydantic_says_that_nobody_worded_stands_as_it_came() -> None:
    class Model(BaseModel):
        model_config = ConfigDict(strict=True)
        key: bytes

    with pytest.raises(ValidationError) as error:
        Model.model_validate({"key": 1})
    (found,) = objections_of(error.value, ["key"])
    assert found.zh == "1 Input should be a valid bytes"
    assert found.en == "1 should be a valid bytes"


LINE: Final[dict[str, object]] = {"host": "gateway", "shared_line": True}
SERIAL: Final[dict[str, object]] = {"serial_port": "/dev/ttyS0"}


@pytest.mark.parametrize(
    ("one", "other", "keys"),
    [
        ({}, {}, []),
        ({"unit_id": 2, "timeout_s": 0.3}, {}, []),
        ({"request_pause_s": 0.1}, {}, ["request_pause_s"]),
        ({"connect_timeout_s": 9.0, "window": 2}, {"connect_pause_s": 1.0}, ["window", "connect_timeout_s", "connect_pause_s"]),
        ({"port": 503, "request_pause_s": 0.1}, {}, []),
        ({"framing": "rtu"}, {}, ["framing"]),
        ({"shared_line": False, "request_pause_s": 0.1}, {}, []),
        ({**SERIAL, "baud_rate": 19200, "parity": "even"}, SERIAL, ["baud_rate", "parity"]),
    ],
)  # fmt: skip
def test_devices_of_one_line_that_contradict_each_other_are_told(
    one: dict[str, object], other: dict[str, object], keys: list[str]
) -> None:
    settings = {name: {**LINE, **changes} for name, changes in (("PLC-A", other), ("PLC-B", one))}
    for each in settings.values():
        if "serial_port" in each:
            each.pop("host")
    found = registry.check_devices({name: ("modbus", each) for name, each in settings.items()})
    assert [each.key for _, each in found] == keys
    assert {device for device, _ in found} <= {"PLC-B"}
    both([each for _, each in found])
    assert all("PLC-A" in each.zh and "PLC-A" in each.en for _, each in found)


def test_devices_of_other_kinds_have_no_line() -> None:
    settings = SOUND["opcua"]
    assert registry.check_devices({"A": ("opcua", settings), "B": ("opcua", settings)}) == []
