"""A plant folder of any size for the benchmark: Modbus devices of 500 points, one alarm for each point."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Final

ANALOGS: Final = 480
"""Of one device: float32 in holding registers from 0, eight blocks of 120 registers."""
DISCRETES: Final = 20
"""Of one device: discrete inputs from 0."""
NORMAL, NOISE, BEYOND, LIMIT = 50.0, 1.0, 90.0, 80.0
PERIOD_S: Final = 0.2

TOML: Final = """schema = 1

[site]
id = "bench"
name_zh = "基准装置"
name_en = "Benchmark plant"
start_grace_s = 15

[scan_classes]
fast = {period_s}

[[persons]]
id = "operator-1"
name_zh = "值班员"
name_en = "Operator"
mobile = "13800000001"

[[hazard_sources]]
id = "HS-1"
name_zh = "基准罐区"
name_en = "Benchmark tank farm"
level = 2
principal_responsible = "operator-1"
technical_responsible = "operator-1"
operation_responsible = "operator-1"
chemicals = [{{ name_zh = "甲醇", name_en = "Methanol", cas = "67-56-1", quantity_t = 7700, critical_quantity_t = 500 }}]

[history]
keep_days = 30
"""
DEVICE: Final = """
[[devices]]
id = "{device}"
kind = "modbus"
name_zh = "{device}"
name_en = "{device}"
host = "127.0.0.1"
port = {port}
unit_id = 1
timeout_s = 2.0
"""


def device_id(device: int) -> str:
    """Id of a device by number."""
    return f"PLC-{device:02d}"


def analog_id(device: int, place: int) -> str:
    """Tag id of an analog point."""
    return f"FT-{device:02d}{place:03d}"


def discrete_id(device: int, place: int) -> str:
    """Tag id of a discrete point."""
    return f"XS-{device:02d}{place:03d}"


def write_plant(folder: Path, ports: Sequence[int]) -> Path:
    """Write the folder for one device on each port of 127.0.0.1; returns it."""
    folder.mkdir(parents=True)
    devices = "".join(DEVICE.format(device=device_id(number), port=port) for number, port in enumerate(ports))
    (folder / "plant.toml").write_text(TOML.format(period_s=PERIOD_S) + devices, encoding="utf-8")
    (folder / "interlocks.toml").write_text("schema = 1\n", encoding="utf-8")
    tags: list[dict[str, object]] = []
    alarms: list[dict[str, object]] = []
    for number in range(len(ports)):
        place_of = {"hazard_source": "HS-1", "device": device_id(number), "scan_class": "fast"}
        for place in range(ANALOGS):
            tag = analog_id(number, place)
            tags.append({"id": tag, "description_zh": f"{tag} 流量", "address": f"hr:{2 * place}", "type": "float32",
                         "low": 0, "high": 100, "eu": "m3/h"} | place_of)  # fmt: skip
            alarms.append(
                {"tag": tag, "kind": "H", "set_point": LIMIT, "dead_band": 1, "priority": 3, "class": "process"}
            )
        for place in range(DISCRETES):
            tag = discrete_id(number, place)
            tags.append({"id": tag, "description_zh": f"{tag} 开关", "address": f"di:{place}", "type": "bool", "low": 0,
                         "high": 1, "normal_state": 0} | place_of)  # fmt: skip
            alarms.append({"tag": tag, "kind": "state", "set_point": 1, "priority": 2, "class": "interlock"})
    _write(folder / "tags.csv", tags)
    _write(folder / "alarms.csv", alarms)
    return folder


def _write(path: Path, rows: Sequence[dict[str, object]]) -> None:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)
