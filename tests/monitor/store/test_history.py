"""History against a slow reference, and everything that can go wrong with its file."""

import asyncio
import math
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import numpy as np
import pytest

from monitor.api import ports
from monitor.store import history as history_module
from monitor.store.batches import BatchQueue
from monitor.store.history import HistoryStore, open_history
from rules.columns.quality import Quality
from rules.columns.readings import NO_TIME, Origin, ReadingBatch
from rules.columns.tags import Tag, TagTable
from tests.monitor.store.samples import WALL_NS, StillClock
from tests.patience import eventually

SECOND = 1_000_000_000


def table(*ids: str) -> TagTable:
    return TagTable(
        [
            Tag(
                id=tag_id,
                device="PLC-1",
                hazard_source="lpg",
                process_unit="spheres",
                equipment="V-1",
                description_zh="",
                description_en="",
                eu="m",
                low=0.0,
                high=20.0,
                discrete=False,
                normal_state=None,
                scan_class="fast",
                scan_period_ns=SECOND,
            )
            for tag_id in ids
        ]
    )


def batch(
    wall_ns: int,
    rows: list[int],
    values: list[float],
    quality: int = Quality.GOOD,
    source_ns: int = NO_TIME,
    origin: Origin = Origin.LIVE,
) -> ReadingBatch:
    return ReadingBatch(
        device="PLC-1",
        received_mono_ns=wall_ns - WALL_NS,
        received_wall_ns=wall_ns,
        origin=origin,
        row=np.array(rows, np.int32),
        value=np.array(values, np.float64),
        quality=np.full(len(rows), quality, np.uint8),
        status=np.zeros(len(rows), np.uint32),
        source_time_ns=np.full(len(rows), source_ns, np.int64),
    )


def as_port(store: HistoryStore) -> ports.History:
    """Never called: mypy proves here that the store fits the API's port."""
    return store


async def test_trend_agrees_with_a_slow_reference(tmp_path: Path) -> None:
    random = np.random.default_rng(7)
    samples: list[tuple[int, float, int]] = []
    moment = WALL_NS
    async with open_history(tmp_path / "h.duckdb", table("A", "B", "C"), 3650, 0, StillClock()) as history:
        for _ in range(3000):
            moment += int(random.integers(1, 3 * SECOND))
            value = float(random.choice([math.nan, math.inf, *random.normal(10, 3, 8)]))
            quality = int(random.choice([0, 0, 0, 1, 2, 3]))
            samples.append((moment, value, quality))
            history.put(batch(moment, [1, 0], [value, -99.0], quality))
        await eventually(lambda: history.written_rows == 6000)
        span = moment - WALL_NS
        for points, from_ns, to_ns in (
            (100, WALL_NS, moment + 1),
            (1, WALL_NS, moment + 1),
            (5000, WALL_NS, moment + 1),
            (37, WALL_NS + span // 3, WALL_NS + span // 2),
        ):
            found = await history.trend("B", from_ns, to_ns, points)
            expected = reference(samples, from_ns, to_ns, points)
            assert len(found.time_ns) <= points
            assert (
                list(zip(found.time_ns, found.value, found.minimum, found.maximum, found.quality, strict=True))
                == expected
            )
            assert found.oldest_ns == samples[0][0]
        nothing = await history.trend("C", WALL_NS, moment, 10)
        assert (nothing.time_ns, nothing.value) == ([], [])
        assert (await history.trend("unknown", WALL_NS, moment, 10)).time_ns == []
        assert (await history.trend("B", moment, WALL_NS, 10)).time_ns == []
        assert history.error == ""


def reference(
    samples: list[tuple[int, float, int]], from_ns: int, to_ns: int, points: int
) -> list[tuple[int, float | None, float | None, float | None, int]]:
    width = -(-(to_ns - from_ns) // points)
    buckets: dict[int, list[tuple[int, float, int]]] = {}
    for sample in samples:
        if from_ns <= sample[0] < to_ns:
            buckets.setdefault((sample[0] - from_ns) // width, []).append(sample)
    rows = []
    for number in sorted(buckets):
        usable = [value for _, value, quality in buckets[number] if quality < Quality.BAD and math.isfinite(value)]
        rows.append(
            (
                buckets[number][-1][0],
                usable[-1] if usable else None,
                min(usable, default=None),
                max(usable, default=None),
                max(quality for _, _, quality in buckets[number]),
            )
        )
    return rows


async def test_row_numbers_do_not_persist(tmp_path: Path) -> None:
    path = tmp_path / "h.duckdb"
    async with open_history(path, table("A", "B"), 3650, 0, StillClock()) as history:
        history.put(batch(WALL_NS, [0, 1], [1.0, 2.0]))
    async with open_history(path, table("NEW", "B", "A"), 3650, 0, StillClock()) as history:
        history.put(batch(WALL_NS + 1, [0, 1, 2], [30.0, 20.0, 10.0]))
        await eventually(lambda: history.written_rows == 3)
        for tag, values in {"A": [1.0, 10.0], "B": [2.0, 20.0], "NEW": [30.0]}.items():
            assert (await history.trend(tag, WALL_NS, WALL_NS + 2, 2)).value == values


async def test_source_times_are_kept_and_backfill_stands_at_its_source_time(tmp_path: Path) -> None:
    path = tmp_path / "h.duckdb"
    async with open_history(path, table("A"), 3650, 0, StillClock()) as history:
        history.put(batch(WALL_NS, [0], [1.0], source_ns=WALL_NS - 7))
        history.put(batch(WALL_NS + 1, [0], [2.0]))
        history.put(batch(WALL_NS + 2, [0], [3.0], source_ns=WALL_NS - 500, origin=Origin.BACKFILL))
        history.put(batch(WALL_NS + 3, [0], [4.0], origin=Origin.BACKFILL))
    with duckdb.connect(str(path)) as file:
        stored = file.execute(
            "SELECT time_ns - ?, source_time_ns - ?, value FROM reading ORDER BY value", [WALL_NS] * 2
        )
        assert stored.fetchall() == [(0, -7, 1.0), (1, None, 2.0), (-500, -500, 3.0), (3, None, 4.0)]


@pytest.mark.slow
async def test_what_is_older_than_keep_days_is_forgotten(tmp_path: Path) -> None:
    path, day = tmp_path / "h.duckdb", 86_400 * SECOND
    clock = StillClock(WALL_NS)
    async with open_history(path, table("A"), 2, 0, clock) as history:
        for number in range(5):
            history.put(batch(WALL_NS + number * day, [0], [float(number)]))
        await eventually(lambda: history.written_rows == 5)
        clock.now_ns = WALL_NS + 4 * day
        await eventually(lambda: history._file is not None and history._file.oldest_ns == WALL_NS + 2 * day)
        found = await history.trend("A", WALL_NS, WALL_NS + 9 * day, 9)
        assert found.value == [2.0, 3.0, 4.0]
        assert found.oldest_ns == WALL_NS + 2 * day


@pytest.mark.slow
async def test_history_pauses_at_the_journals_reserve_and_goes_on(tmp_path: Path) -> None:
    async with open_history(tmp_path / "h.duckdb", table("A"), 30, 2**60, StillClock()) as history:
        assert history.paused
        history.put(batch(WALL_NS, [0], [1.0]))
        await eventually(lambda: history.dropped_rows == 1)
        assert history.written_rows == 0
        history._reserve_bytes = 0
        await eventually(lambda: not history.paused)
        history.put(batch(WALL_NS, [0], [1.0]))
        await eventually(lambda: history.written_rows == 1)


@pytest.mark.parametrize("damage", ["garbage", "half"])
async def test_a_damaged_file_is_moved_aside_and_history_goes_on(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "h.duckdb"
    if damage == "garbage":
        path.write_bytes(b"x" * 20_000)
    else:
        async with open_history(path, table("A"), 3650, 0, StillClock()) as history:
            for number in range(50):
                history.put(
                    batch(WALL_NS + number, [0] * 1000, np.random.default_rng(number).normal(size=1000).tolist())
                )
        whole = path.read_bytes()
        path.write_bytes(whole[:4096] + b"\x5a" * 8192 + whole[12288:])
    async with open_history(path, table("A"), 3650, 0, StillClock()) as history:
        assert "moved to h.duckdb.damaged-" in history.error
        history.put(batch(WALL_NS, [0], [1.5]))
        await eventually(lambda: history.written_rows == 1)
        assert (await history.trend("A", WALL_NS, WALL_NS + 1, 1)).value == [1.5]
    assert len(list(tmp_path.glob("h.duckdb.damaged-*"))) == 1


@pytest.mark.slow
async def test_a_file_that_another_process_holds_is_left_alone_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_module, "_RETRY_EVERY_NS", 0)
    path = tmp_path / "h.duckdb"
    script = f"import duckdb, sys; c = duckdb.connect({str(path)!r}); print('held', flush=True); sys.stdin.read()"
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdin is not None
    assert holder.stdout is not None
    assert await holder.stdout.readline() == b"held\n"
    async with open_history(path, table("A"), 3650, 0, StillClock()) as history:
        assert "lock" in history.error
        history.put(batch(WALL_NS, [0], [1.0]))
        assert (await history.trend("A", WALL_NS, WALL_NS + 1, 1)).time_ns == []
        holder.stdin.close()
        await holder.wait()
        await eventually(lambda: history.error == "")
        history.put(batch(WALL_NS + 1, [0], [2.0]))
        await eventually(lambda: history.written_rows == 2)
        assert (await history.trend("A", WALL_NS, WALL_NS + 2, 2)).value == [1.0, 2.0]
    assert list(tmp_path.glob("*.damaged-*")) == []


async def test_a_directory_that_cannot_be_made_shows_as_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    async with open_history(tmp_path / "file" / "h.duckdb", table("A"), 30, 0, StillClock()) as history:
        assert history.error
        history.put(batch(WALL_NS, [0], [1.0]))
        assert (await history.trend("A", WALL_NS, WALL_NS + 1, 1)).time_ns == []


def test_the_queue_drops_whole_oldest_batches_and_counts_them() -> None:
    queue = BatchQueue(10)
    for number in range(5):
        queue.put(batch(WALL_NS + number, [0, 1, 2, 3], [1.0] * 4))
    assert (queue.rows, queue.dropped_rows) == (8, 12)
    queue.put(batch(WALL_NS, [], []))
    assert [item.received_wall_ns - WALL_NS for item in queue.take()] == [3, 4]
    assert (queue.rows, queue.dropped_rows) == (0, 12)


def test_the_queue_loses_count_of_nothing_between_two_threads() -> None:
    queue, taken, done = BatchQueue(50), 0, threading.Event()
    one = batch(WALL_NS, [0, 1, 2], [1.0] * 3)

    def take() -> None:
        nonlocal taken
        while not done.is_set():
            taken += sum(len(item) for item in queue.take())

    thread = threading.Thread(target=take)
    thread.start()
    for _ in range(20_000):
        queue.put(one)
    done.set()
    thread.join()
    taken += sum(len(item) for item in queue.take())
    assert queue.rows == 0
    assert taken + queue.dropped_rows == 60_000
