"""`redline read`: what an engineer sees of every tag before commissioning."""

from pathlib import Path

import pytest

from monitor.cli import demo
from monitor.cli.read import read_plant_once
from tests.faults.rig import Rig


@pytest.mark.slow
def test_every_demo_tag_is_read_once_and_a_dead_device_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Rig(tmp_path) as rig:
        assert read_plant_once(rig.plant, None, "zh") == 0
        words = capsys.readouterr().out
        for line in ("PLC-1: 93 of 93 points good", "PLC-2: 130 of 130 points good", "SIS-1: 87 of 87 points good"):
            assert line in words
        rig.fault("bad", tag="LT-201A")
        assert read_plant_once(rig.plant, "PLC-1", "en") == 1
        assert "PLC-1: 92 of 93 points good" in capsys.readouterr().out
        rig.fault("kill-plc2")
        assert read_plant_once(rig.plant, "PLC-2", "en") == 1
        assert "PLC-2: 0 of 130 points good; " in capsys.readouterr().out


def test_an_unknown_device_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(demo.__file__).resolve().parents[1] / "plant" / "demo"
    assert read_plant_once(folder, "PLC-9", "en") == 2
    assert "one of PLC-1, PLC-2, SIS-1" in capsys.readouterr().out
