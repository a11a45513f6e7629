import pytest

from drivers.errors import MisconfiguredError
from drivers.modbus.place import Range, Table
from drivers.modbus.plan import Fill, Limits
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
    assert "must be an IP address or a host name" in found.en
    assert repr(host) in found.en


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
        ({"fill": "full"}, "fill: 'full' should be 'shrink', 'rearrange' or 'max_insert'"),
        ({"parity": "E"}, "parity: 'E' should be 'none', 'even' or 'odd'"),
        ({"forbidden": ["hr:5-2"]}, "forbidden: 'hr:5-2': the last address must be from 5"),
        ({"heartbeat": "hr"}, "heartbeat: 'hr' is not a Modbus address"),
        ({"heartbeat": "hr:1/3"}, "heartbeat: 'hr:1/3' must be one register or bit"),
        ({"sentinel": "hr:1"}, "sentinel_value: is missing: what must the sentinel hold?"),
        ({"sentinel": "hr:1", "sentinel_value": 5, "forbidden": ["hr:0-9"]}, "sentinel: hr:1 lies in hr:0-9"),
        ({"serial_port": "/dev/ttyUSB0"}, "serial_port: not together with host"),
        ({"framing": "rtu", "window": 2}, "window: RTU frames have no transaction id"),
        ({"framing": "rtu", "connections": 2}, "connections: one is all a line with RTU frames can carry"),
        ({"unit": 1}, "unit: unknown key, did you mean unit_id?"),
        ({"zzz": 1}, "zzz: unknown key; known: host, port"),
    ],
)
def test_a_mistake_says_what_would_be_right(change: dict[str, object], words: str) -> None:
    (found,) = check_settings({**GOOD, **change})
    assert str(found).startswith(words)


def test_all_mistakes_at_once() -> None:
    found = check_settings({"port": 70000, "unit_id": -1, "tiemout_s": 1})
    assert [each.key for each in found] == ["host", "port", "unit_id", "tiemout_s"]
    assert str(found[0]) == "host: is missing (or serial_port for a serial line)"
    assert str(found[3]) == "tiemout_s: unknown key, did you mean timeout_s?"
    with pytest.raises(MisconfiguredError, match=r"host: is missing \(or .*\); port: 70000"):
        read_settings({"port": 70000})


def test_addresses() -> None:
    assert check_address(GOOD, "hr:100", "float32", "CDAB") == []
    assert len(check_address(GOOD, "hr:x", "real", "Z")) == 3


def test_limits() -> None:
    settings = read_settings(
        {"host": "plc", "fill": "rearrange", "forbidden": ["ir:3", "hr:10-12"], "max_unused": 7, "start_at_zero": True}
    )
    assert settings.limits == Limits(
        fill=Fill.REARRANGE,
        forbidden=(Range(Table.INPUT_REGISTERS, 3, 4), Range(Table.HOLDING_REGISTERS, 10, 13)),
        max_unused=7,
        start_at_zero=True,
    )
    assert hash(settings) == hash(settings.model_copy())


@pytest.mark.parametrize(
    ("settings", "address", "kind", "words"),
    [
        ({"forbidden": ["hr:10-12"]}, "hr:9", "uint16", ""),
        ({"forbidden": ["hr:10-12"]}, "hr:9", "float32", "address: hr:9 lies in hr:10-12, which is forbidden"),
        ({"forbidden": ["hr:10-12"]}, "ir:11", "uint16", ""),
        ({"max_registers": 8}, "hr:0/9", "text", "takes 9 registers, more than one request carries here (8)"),
        ({"start_at_zero": True, "max_registers": 8}, "hr:6", "float32", ""),
        (
            {"start_at_zero": True, "max_registers": 8},
            "hr:7",
            "float32",
            "requests start at 0 for this device and end at 7",
        ),
        ({"start_at_zero": True, "forbidden": ["hr:3"]}, "hr:7", "uint16", "a request that starts at 0 would touch"),
        ({"start_at_zero": True, "forbidden": ["hr:30"]}, "hr:7", "uint16", ""),
        ({"port": 0, "forbidden": ["hr:9"]}, "hr:9", "uint16", ""),
    ],
)
def test_what_a_device_cannot_be_asked_for_is_told_before(
    settings: dict[str, object], address: str, kind: str, words: str
) -> None:
    found = check_address({"host": "plc", **settings}, address, kind, "")
    assert len(found) == bool(words)
    assert all(words in str(each) for each in found)


@pytest.mark.parametrize("path", ["/dev/ttyUSB0", "/dev/pts/7", "/dev/serial/by-id/usb-FTDI_FT232R-if00-port0", "COM3"])
def test_serial_ports(path: str) -> None:
    assert check_settings({"serial_port": path}) == []


@pytest.mark.parametrize("path", ["socket://10.0.0.7:4001", "/dev/tty USB0", "ttyUSB0", "//x://y", "COM"])
def test_what_is_not_a_serial_port(path: str) -> None:
    (found,) = check_settings({"serial_port": path})
    assert str(found) == f"serial_port: {path!r} must be the path of a port, such as /dev/ttyUSB0"


def test_lines() -> None:
    tcp = read_settings({"host": "plc"}).line
    assert (tcp.where, tcp.is_rtu, tcp.is_shared) == ("plc:502", False, False)
    assert read_settings({"host": "plc", "shared_line": True}).line.is_shared
    converter = read_settings({"host": "plc", "port": 4001, "framing": "rtu"}).line
    assert (converter.where, converter.is_rtu, converter.is_shared) == ("plc:4001", True, True)
    serial = read_settings({"serial_port": "/dev/ttyS0", "parity": "even"}).line
    assert (serial.where, serial.is_rtu, serial.is_shared) == ("/dev/ttyS0", True, True)
