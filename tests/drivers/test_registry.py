import subprocess
import sys

import pytest

from drivers.errors import MisconfiguredError
from drivers.registry import KINDS, check_address, check_device, open_driver
from monitor.clock import SystemClock
from tests.drivers.modbus.device import TagAddress

MODBUS = {"host": "127.0.0.1", "port": 502}
OPCUA = {"endpoint": "opc.tcp://127.0.0.1:48400"}


def test_kinds() -> None:
    assert set(KINDS) == {"modbus", "opcua"}


@pytest.mark.parametrize(("kind", "settings"), [("modbus", MODBUS), ("opcua", OPCUA)])
def test_good_settings_have_no_mistake_and_an_unknown_key_is_one(kind: str, settings: dict[str, object]) -> None:
    assert check_device(kind, settings) == []
    (found,) = check_device(kind, {**settings, "no_such_key": 1})
    assert found.key == "no_such_key"


@pytest.mark.parametrize(
    ("kind", "settings", "good", "bad"),
    [("modbus", MODBUS, "hr:100", "ns=2;s=LT-1"), ("opcua", OPCUA, "nsu=urn:plant;s=LT-1", "hr:100")],
)
def test_each_kind_has_its_own_addresses(kind: str, settings: dict[str, object], good: str, bad: str) -> None:
    assert check_address(kind, settings, good, "float32", "") == []
    assert check_address(kind, settings, bad, "float32", "") != []


def test_drivers_are_made_fresh_and_not_entered() -> None:
    addresses = [TagAddress(tag="LT-1", row=0, address="hr:0")]
    made = [open_driver("modbus", "PLC-2", MODBUS, addresses, SystemClock()) for _ in range(2)]
    assert made[0] is not made[1]
    assert made[0].health().overruns == 0


def test_an_unknown_kind_names_the_known_ones() -> None:
    words = "kind: 'profibus' is unknown: one of modbus, opcua"
    assert [str(each) for each in check_device("profibus", {})] == [words]
    assert [str(each) for each in check_address("profibus", {}, "hr:1", "bool", "")] == [words]
    with pytest.raises(MisconfiguredError, match=words):
        open_driver("profibus", "PLC-9", {}, [], SystemClock())


def test_a_kind_is_imported_when_it_is_needed() -> None:
    script = (
        "import sys; from drivers import registry\n"
        f"assert registry.check_device('opcua', {OPCUA!r}) == []\n"
        "assert registry.check_address('opcua', {}, 'nsu=urn:plant;s=LT-1', 'float32', '') == []\n"
        "registry.load(['modbus', 'profibus'])\n"
        "assert 'drivers.modbus.driver' in sys.modules and 'asyncua' not in sys.modules\n"
        "registry.load(['opcua'])\n"
        "assert 'asyncua' in sys.modules\n"
    )
    # a process of its own: here everything has been imported by some test already
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
