"""Rigs for the tests of the whole chain."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.rig import Rig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    """Everything but the monitor is running; the test starts the monitor when it wants."""
    with Rig(tmp_path) as running:
        yield running


@pytest.fixture
def running(rig: Rig) -> Rig:
    """The monitor scans, the observer watches."""
    rig.start()
    rig.watch()
    return rig


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """One running chain for all tests of a module; each test leaves it as it found it."""
    with Rig(tmp_path_factory.mktemp("rig")) as running:
        running.start()
        yield running
