"""When a scan comes: at once, paced, after its events were told, and although nothing came."""

import asyncio

import pytest

from monitor.scan.loop import Scanner
from monitor.scan.pace import BURST, SHORTEST_NS
from tests.monitor.scan.support import LEVEL, SECOND_NS, Bench, ManualClock, acknowledge


class RunningClock(ManualClock):
    """The loop's own time, so that `run` can be watched pacing itself."""

    def mono_ns(self) -> int:
        return int(asyncio.get_running_loop().time() * SECOND_NS)


async def test_batches_close_together_are_scanned_at_once_and_a_flood_of_them_is_paced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench = Bench()
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        bench.clock.pass_s(seconds)

    monkeypatch.setattr("monitor.scan.pace.asyncio.sleep", pause)
    for number in range(20):
        bench.read({LEVEL: 5.0})
        await bench.scanner.wait()
        await bench.scanner.scan()
        assert len(pauses) == max(0, number + 1 - BURST), "the first of a burst wait for nothing"
    assert sum(pauses) == pytest.approx((20 - BURST) * SHORTEST_NS / SECOND_NS)
    bench.clock.pass_s(1.0)
    bench.read({LEVEL: 5.0})
    await bench.scanner.wait()
    assert len(pauses) == 20 - BURST, "after a quiet second a burst is free again"


async def test_what_a_scan_told_leaves_before_the_next_one_begins() -> None:
    bench = Bench()
    bench.read_all(switch=1.0)
    await bench.scanner.scan()
    feed, offered = bench.publisher.subscribe(), asyncio.Event()
    # while the acknowledgement is on its way to the disk the next batch comes in
    bench.disk.during = lambda: bench.read({LEVEL: 12.0}) if not offered.is_set() else None

    async def person() -> int:
        await bench.publisher.obey(acknowledge("LSHH-1.state", 1))
        return bench.publisher.view().scan

    async def hub() -> int:
        view, _ = await feed.next()
        offered.set()
        return view.scan

    async def sender() -> int:
        await offered.wait()
        return bench.publisher.view().scan

    async with asyncio.TaskGroup() as tasks, asyncio.timeout(30):
        answered, told, sent = (tasks.create_task(work()) for work in (person, hub, sender))
        await asyncio.sleep(0)  # all three wait
        scanning = tasks.create_task(bench.scanner.run())
        await asyncio.wait((answered, told, sent))
        while bench.publisher.view().scan < 3:
            await asyncio.sleep(0)
        scanning.cancel()
    assert (answered.result(), told.result(), sent.result()) == (2, 2, 2)
    assert bench.triggers()[-1] == ("LT-1.H", "raised"), "the batch that came meanwhile was judged right after"


async def test_a_scan_comes_although_nothing_does() -> None:
    bench = Bench()
    bench.scanner = Scanner(bench.plan, bench.inbox, bench.publisher, bench.disk, RunningClock(), bench.facts)
    feed = bench.publisher.subscribe()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(bench.scanner.run())
        async with asyncio.timeout(5):
            for _ in range(3):
                await feed.next()
        task.cancel()
    assert bench.publisher.view().scan >= 3
