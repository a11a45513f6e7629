"""The synthetic devices, read by the driver of the product: what they serve is what the plant folder says."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from drivers import registry
from monitor.cli.processes import free_port
from monitor.clock import SystemClock
from monitor.plant.folder import read_plant
from tests.benchmarks.modbus_field import Field
from tests.benchmarks.service import Child
from tests.benchmarks.synthetic_plant import ANALOGS, BEYOND, DISCRETES, NOISE, NORMAL, PERIOD_S, write_plant


def test_the_plant_is_accepted_and_has_one_alarm_for_each_point(tmp_path: Path) -> None:
    checked = read_plant(write_plant(tmp_path / "plant", [15020, 15021]), registry)
    assert not checked.warnings
    plant = checked.plant
    assert len(plant.tags) == 2 * (ANALOGS + DISCRETES)
    assert len(plant.rules) == len(plant.tags)
    assert {tag.scan_period_ns for tag in plant.tags.tags} == {round(PERIOD_S * 1e9)}


def test_what_is_driven_is_served_at_once_and_stays_while_values_move() -> None:
    field = Field(2)
    assert field.drive(1, 7, is_abnormal=True) == "FT-01007.H"
    field.move()
    served = np.frombuffer(field.answer(1, 3, 14, 2)[1:], ">f4")[0]
    assert abs(served - BEYOND) <= NOISE
    assert field.drive(1, ANALOGS + 9, is_abnormal=True) == "XS-01009.state"
    assert field.answer(1, 2, 0, DISCRETES) == bytes((3, 0, 2, 0))
    assert field.drive(1, 7, is_abnormal=False) == "FT-01007.H"
    assert np.frombuffer(field.answer(1, 3, 14, 2)[1:], ">f4")[0] == NORMAL
    assert field.answer(1, 3, 2 * ANALOGS - 1, 2) == b"", "beyond the table"
    assert field.answer(1, 6, 0, 1) == b"", "never a write"


@pytest.mark.slow
async def test_the_driver_reads_what_the_process_says_it_wrote(tmp_path: Path) -> None:
    port = free_port(0)
    checked = await asyncio.to_thread(read_plant, write_plant(tmp_path / "plant", [port]), registry)
    plant = checked.plant
    (device,) = plant.devices
    await asyncio.to_thread(registry.load, [device.kind])
    with Child("tests.benchmarks.modbus_field", str(port)) as source:
        assert source.line() == {"listening": 1}
        source.tell("2 0")
        begun = [source.line() for _ in range(2)]
        assert all(line["is_abnormal"] for line in begun)
        rows = {tag.id: row for row, tag in enumerate(plant.tags.tags)}
        driven = {rows[line["alarm_id"].rsplit(".", 1)[0]] for line in begun}
        driver = registry.open_driver(device.kind, device.id, device.settings, device.addresses, SystemClock())
        async with driver:
            batches = driver.batches()
            batch = await anext(batches)
            await batches.aclose()  # type: ignore[attr-defined]  # an async generator has it; the port says iterator
        value = dict(zip(batch.row.tolist(), batch.value.tolist(), strict=True))
        assert len(value) == ANALOGS + DISCRETES
        beyond = {
            row for row, tag in enumerate(plant.tags.tags) if value[row] > (0.5 if tag.discrete else NORMAL + 2 * NOISE)
        }
        assert beyond == driven
