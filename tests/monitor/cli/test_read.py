"""`redline read`: what an engineer sees of every tag before commissioning."""

from pathlib import Path

import pytest

from drivers import registry
from monitor.cli import demo
from monitor.cli.read import read_plant_once
from monitor.plant.folder import read_plant
from tests.faults.rig import Rig


@pytest.mark.slow
def test_every_demo_tag_is_read_once_and_a_dead_device_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Rig(tmp_path) as rig:
        assert read_plant_once(rig.plant, None, "zh") == 0
        words = capsys.readouterr().out
        devices = read_plant(rig.plant, registry).plant.devices
        count = {device.id: len(device.addresses) for device in devices}
        assert set(count) == {"PLC-1", "PLC-2", "SIS-1"}
        for device, points in count.items():
            assert f"{device}：{points} 个点中 {points} 个可用" in words
        rig.fault("bad", tag="LT-201A")
        assert read_plant_once(rig.plant, "PLC-1", "en") == 1
        assert f"PLC-1: {count['PLC-1'] - 1} of {count['PLC-1']} points good" in capsys.readouterr().out
        rig.fault("kill-plc2")
        assert read_plant_once(rig.plant, "PLC-2", "en") == 1
        assert f"PLC-2: 0 of {count['PLC-2']} points good; no connection to" in capsys.readouterr().out
        assert read_plant_once(rig.plant, "PLC-2", "zh") == 1
        assert "：连接被拒绝" in capsys.readouterr().out


def test_an_unknown_device_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(demo.__file__).resolve().parents[1] / "plant" / "demo"
    assert read_plant_once(folder, "PLC-9", "en") == 2
    assert "one of PLC-1, PLC-2, SIS-1" in capsys.readouterr().out
    assert read_plant_once(folder, "PLC-9", "zh") == 2
    assert "没有设备 'PLC-9'" in capsys.readouterr().out
