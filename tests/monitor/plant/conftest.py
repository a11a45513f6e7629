"""A plant folder to damage."""

import importlib.resources
from pathlib import Path

import pytest

from monitor.plant.folder import FILES

DEMO = importlib.resources.files("monitor.plant") / "demo"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the files of the demo plant."""
    for name in FILES:
        (tmp_path / name).write_bytes((DEMO / name).read_bytes())
    return tmp_path
