"""The composition root: optional parts that are set wrong are shown, not fatal."""

from dataclasses import replace
from pathlib import Path

import pytest

from drivers import registry
from monitor.app.outward import outer_history
from monitor.app.surface import plant_card
from monitor.plant.folder import read_plant
from monitor.plant.plant import Plant
from monitor.scan.conditions import Facts

DEMO = Path(__file__).resolve().parents[2] / "monitor" / "plant" / "demo"


@pytest.fixture(scope="module")
def plant() -> Plant:
    return read_plant(DEMO, registry).plant


async def test_no_outer_history_asked_for_is_none(plant: Plant) -> None:
    facts = Facts()
    async with outer_history(plant, facts) as writer:
        assert writer is None
    assert facts.outward_error == ""


async def test_an_outer_history_without_an_address_is_an_alarm_not_an_end(plant: Plant) -> None:
    facts = Facts()
    async with outer_history(replace(plant, influx={"bucket": "redline"}), facts) as writer:
        assert writer is None
    assert "url" in facts.outward_error


def test_the_card_shows_where_devices_are_and_no_secret(plant: Plant) -> None:
    devices = [replace(plant.devices[0], settings={**plant.devices[0].settings, "password_env": "HIDDEN"})]
    card = plant_card(replace(plant, devices=tuple(devices)))
    assert card.devices[0].endpoint.startswith("opc.tcp://127.0.0.1:")
    assert "HIDDEN" not in repr(card)
