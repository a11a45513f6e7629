"""A journal of years: a million rows are verified, searched and copied in reasonable time."""

import asyncio
from pathlib import Path

import pytest

from monitor.store import lookup
from monitor.store.audit import audit
from monitor.store.backup import back_up, restore
from monitor.store.commit import Commit
from monitor.store.database import open_reading
from monitor.store.journal import open_journal
from tests.monitor.store.samples import PLANT, WALL_NS, StillClock, settings, transition

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]
BURSTS, BURST = 100, 10_000


async def write(state: Path) -> None:
    async with open_journal(state, PLANT, settings(state), StillClock()) as store:
        for occurrence in range(1, BURSTS + 1):
            many = tuple(transition(f"T-{number}.HH", occurrence) for number in range(BURST))
            await store.commit(Commit(wall_ns=WALL_NS + occurrence, transitions=many))


def test_a_million_rows(tmp_path: Path) -> None:
    state = tmp_path / "state"
    asyncio.run(write(state))
    found = audit(state)
    assert (found.rows, found.findings, found.signed_seq) == (BURSTS * BURST, (), BURSTS * BURST)
    assert found.anchors >= BURSTS
    engine = open_reading(state / "journal.sqlite")
    with engine.connect() as connection:
        rows = lookup.rows(connection, WALL_NS, WALL_NS + 51, "T-7.HH", 100, None)
        assert [row.occurrence for row in rows] == list(range(50, 0, -1))
        assert len(lookup.rows(connection, WALL_NS, None, None, 1000, None)) == 1000
    engine.dispose()
    manifest, findings = back_up(state, tmp_path / "backup", WALL_NS, "1", with_history=False)
    assert (manifest.seq, findings) == (BURSTS * BURST, ())
    assert restore(tmp_path / "backup", tmp_path / "new", overwrite_newer=False).manifest == manifest
