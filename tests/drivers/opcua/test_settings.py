"""Every mistake in the keys of an OPC UA device is named, in words."""

import pytest

from drivers.errors import MisconfiguredError
from drivers.opcua.driver import open_driver
from drivers.opcua.settings import TYPES, check_address, check_settings, read_settings
from tests.drivers.opcua.plant import SystemClock, Tag, tags

GOOD = {"endpoint": "opc.tcp://127.0.0.1:4840/plc"}
SIGNED = {**GOOD, "security": "sign"}
BY_NAME = {"username": "op", "password_env": "PLC_PASSWORD"}


def test_an_endpoint_is_enough() -> None:
    assert check_settings(GOOD) == []
    settings = read_settings(GOOD)
    assert (settings.session_timeout_s, settings.max_nodes_per_read, settings.security) == (30.0, 1000, "none")


def test_security_with_a_user() -> None:
    settings = read_settings({**SIGNED, **BY_NAME, "certificate_exceptions": ["host", "validity"]})
    assert settings.certificate_exceptions == ("host", "validity")
    assert (settings.security_policy, settings.pki) == ("Basic256Sha256", "pki")


def test_whole_numbers_are_seconds_too() -> None:
    assert check_settings({**GOOD, "request_timeout_s": 2, "session_timeout_s": 60}) == []


@pytest.mark.parametrize(
    ("keys", "word"),
    [
        ({}, "endpoint: missing"),
        ({"endpoint": "http://h:1"}, "opc.tcp://"),
        ({"endpoint": "opc.tcp://h"}, "host and port"),
        ({"endpoint": "opc.tcp://h:99999"}, "1 to 65535"),
        ({"endpoint": "opc.tcp://me:secret@h:4840"}, "must not carry"),
        ({**GOOD, "endpont": "x"}, "endpont: unknown key, did you mean endpoint?"),
        ({**GOOD, "security": "Basic256Sha256"}, "supported: none, sign, sign_and_encrypt"),
        ({**SIGNED, "security_policy": "Basic128Rsa15"}, "supported: Basic256Sha256"),
        ({**SIGNED, "certificate_exceptions": ["trust"]}, "supported: host, revocation"),
        ({**SIGNED, "certificate_exceptions": "host"}, "certificate_exceptions"),
        ({**SIGNED, "username": "op"}, "password_env: missing"),
        ({**SIGNED, "password_file": "/x"}, "username: missing"),
        ({**SIGNED, "user_certificate": "/x"}, "user_key: missing"),
        ({**SIGNED, "user_key": "/x"}, "user_certificate: missing"),
        ({**SIGNED, **BY_NAME, "user_key": "/x", "user_certificate": "/y"}, "by name or by certificate"),
        ({**GOOD, "user_key": "/x", "user_certificate": "/y"}, "take the log-in over"),
        ({**GOOD, "max_clock_skew_s": 0}, "max_clock_skew_s"),
        ({**GOOD, "session_timeout_s": 3600}, "session_timeout_s"),
        ({**GOOD, "session_timeout_s": 5}, "session_timeout_s"),
        ({**GOOD, "max_nodes_per_read": 0}, "max_nodes_per_read"),
        ({**GOOD, "max_nodes_per_read": "many"}, "'many'"),
        ({**GOOD, "max_concurrent_requests": 1}, "max_concurrent_requests"),
        ({**GOOD, "username": "op"}, "crosses the network readable"),
        ({**GOOD, "password_env": "PLC_PASSWORD"}, "crosses the network readable"),
    ],
)
def test_a_mistake_is_named(keys: dict[str, object], word: str) -> None:
    mistakes = check_settings(keys)
    assert len(mistakes) == 1
    assert word in str(mistakes[0])
    assert "secret" not in mistakes[0].en + mistakes[0].zh
    with pytest.raises(MisconfiguredError) as error:
        read_settings(keys)
    assert str(error.value) == str(mistakes[0])
    assert error.value.zh == mistakes[0].text("zh")


def test_all_mistakes_come_at_once() -> None:
    mistakes = check_settings({"endpoint": "x", "security": "none?", "timeout": 1, "username": "op"})
    assert len(mistakes) == 4


@pytest.mark.parametrize(
    "address",
    [
        "nsu=urn:demo:plc;s=TK-101.LT",
        "ns=2;s=a;b=c",
        "i=2258",
        "ns=3;i=4294967295",
        "g=09087e75-8e5e-499b-954f-f2a9603db28a",
        "nsu=http://a/b;b=YWJjZA==",
        "ns=2;s=液位",
    ],
)
def test_addresses_that_are_nodes(address: str) -> None:
    assert check_address(GOOD, address, "float64", "") == []


@pytest.mark.parametrize(
    "address",
    [
        "",
        "TK-101",
        "hr:100",
        "ns=a;s=x",
        "ns=70000;s=x",
        "i=abc",
        "i=4294967296",
        "i=１",
        "g=12",
        "b=***",
        "b=YQ",
        "nsu=;s=x",
        "s=",
    ],
)
def test_addresses_that_are_none(address: str) -> None:
    (mistake,) = check_address(GOOD, address, "float64", "")
    assert mistake.key == "address"


def test_types_and_word_orders() -> None:
    assert all(check_address(GOOD, "i=1", each, "ABCD") == [] for each in TYPES)
    assert "real" in check_address(GOOD, "i=1", "real", "")[0].en
    assert "CDAB" in check_address(GOOD, "i=1", "bool", "CDAB")[0].en


def test_a_driver_is_not_made_of_mistakes() -> None:
    with pytest.raises(MisconfiguredError, match="hr:100"):
        open_driver("PLC-1", GOOD, [Tag(tag="a", row=0, address="hr:100")], SystemClock())
    with pytest.raises(MisconfiguredError, match="endpoint"):
        open_driver("PLC-1", {}, tags(["a"]), SystemClock())
