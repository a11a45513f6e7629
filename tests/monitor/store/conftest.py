"""What tests of the store share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.store.journal import JournalStore, open_journal
from tests.monitor.store.samples import PLANT, StillClock, settings


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[JournalStore]:
    """An open journal in a folder of its own, whose clock stands still."""
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        yield store
