import pytest

from drivers.errors import MisconfiguredError
from drivers.modbus.plan import Limits
from drivers.modbus.settings import check_address, check_settings, read_settings

GOOD = {"host": "10.0.0.7", "port": 502, "unit_id": 3}


def test_the_least_is_a_host() -> None:
    settings = read_settings({"host": "plc-2.plant.local"})
    assert (settings.port, settings.unit_id, settings.timeout_s, settings.connect_timeout_s) == (502, 1, 1.0, 3.0)
    assert settings.limits == Limits(max_registers=120, max_coils=1000, max_gap=16, max_gap_coils=128)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "fe80::1", "localhost", "PLC_2", "a.b-c.example"])
def test_hosts(host: str) -> None:
    assert check_settings({"host": host}) == []


@pytest.mark.parametrize(
    "host", ["", "tcp://10.0.0.7", "10.0.0.7:502", "10.0.0", "10.0.0.256", "a b", "-x", "１０.0.0.7"]
)
def test_what_is_not_a_host(host: str) -> None:
    (found,) = check_settings({"host": host})
    assert "must be an IP address or a host name" in found
    assert repr(host) in found


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"port": 0}, "port: 0 should be greater than or equal to 1"),
        ({"port": "502"}, "port: '502' should be a valid integer"),
        ({"port": True}, "port: True should be a valid integer"),
        ({"unit_id": 256}, "unit_id: 256 should be less than or equal to 255"),
        ({"timeout_s": 0}, "timeout_s: 0 should be greater than 0"),
        ({"timeout_s": float("nan")}, "timeout_s: nan should be"),
        ({"max_registers": 126}, "max_registers: 126 should be less than or equal to 125"),
        ({"max_registers": 3}, "max_registers: 3 should be greater than or equal to 4"),
        ({"max_coils": 2001}, "max_coils: 2001 should be less than or equal to 2000"),
        ({"unit": 1}, "unit: unknown key, did you mean unit_id?"),
        ({"zzz": 1}, "zzz: unknown key; known: host, port"),
    ],
)
def test_a_mistake_says_what_would_be_right(change: dict[str, object], words: str) -> None:
    (found,) = check_settings({**GOOD, **change})
    assert found.startswith(words)


def test_all_mistakes_at_once() -> None:
    found = check_settings({"port": 70000, "unit_id": -1, "tiemout_s": 1})
    assert [text.partition(":")[0] for text in found] == ["host", "port", "unit_id", "tiemout_s"]
    assert found[0] == "host: is missing (or serial_port for a serial line)"
    assert found[3] == "tiemout_s: unknown key, did you mean timeout_s?"
    with pytest.raises(MisconfiguredError, match=r"host: is missing \(or .*\); port: 70000"):
        read_settings({"port": 70000})


def test_addresses() -> None:
    assert check_address(GOOD, "hr:100", "float32", "CDAB") == []
    assert len(check_address(GOOD, "hr:x", "real", "Z")) == 3
