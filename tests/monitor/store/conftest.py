"""What tests of the store share."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.store import anchor as anchors
from monitor.store import audit as auditing
from monitor.store.journal import JournalStore, open_journal
from tests.monitor.store.forging import EVERY, write
from tests.monitor.store.samples import PLANT, StillClock, settings


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[JournalStore]:
    """An open journal in a folder of its own, whose clock stands still."""
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        yield store


@pytest.fixture
def small_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    """An anchor every ten rows."""
    monkeypatch.setattr(anchors, "EVERY_ROWS", EVERY)
    monkeypatch.setattr(auditing, "EVERY_ROWS", EVERY)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal with anchors that nobody touched; for reading only."""
    folder = tmp_path_factory.mktemp("pristine")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(anchors, "EVERY_ROWS", EVERY)
        asyncio.run(write(folder))
    return folder


@pytest.fixture
def state(pristine: Path, tmp_path: Path) -> Path:
    """A journal of its own for one test."""
    copy = tmp_path / "state"
    shutil.copytree(pristine, copy)
    return copy
