"""The plant and the scanner of the tests of interlocks."""

import pytest

from monitor.interlocks.axes import Action, Service
from monitor.plant.plant import Plant
from tests.monitor.scan.yard import Yard, barrier_plant_in


@pytest.fixture(scope="session")
def barrier_plant(tmp_path_factory: pytest.TempPathFactory) -> Plant:
    """Read once: nobody changes it."""
    return barrier_plant_in(tmp_path_factory.mktemp("barriers") / "plant")


@pytest.fixture
async def yard(barrier_plant: Plant) -> Yard:
    """Everything read, the start grace over, SIS-101 in service and ready."""
    yard = Yard(barrier_plant)
    await yard.calm()
    assert yard.state().service is Service.IN_SERVICE
    assert yard.state().action is Action.READY
    return yard
