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
