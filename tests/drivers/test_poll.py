"""One device, for ever: link states, back-off, counters, teardown; with scripted drivers and with a real Modbus peer."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
import pytest

from drivers.backoff import MISCONFIGURED_S
from drivers.errors import LinkLostError, MisconfiguredError, NotYetAllowedError, RefusedError
from drivers.link import LinkState
from drivers.modbus.driver import open_driver
from drivers.poll import _wait_s, poll
from drivers.port import BadItem, Driver, DriverHealth, LinkStatus
from monitor.clock import SystemClock
from rules.columns.quality import Quality
from rules.columns.readings import NO_TIME, Origin, ReadingBatch
from tests.drivers.modbus.device import TagAddress
from tests.drivers.modbus.peer import Connection, listening

DEADLINE_S = 30.0
UP, DOWN, CONNECTING = LinkState.UP, LinkState.DOWN, LinkState.CONNECTING


@dataclass
class Heard:
    """A sink that keeps everything."""

    batches: list[ReadingBatch] = field(default_factory=list)
    links: list[LinkStatus] = field(default_factory=list)

    def put(self, batch: ReadingBatch) -> None:
        self.batches.append(batch)

    def link(self, status: LinkStatus) -> None:
        self.links.append(status)

    def states(self) -> list[LinkState]:
        """The changes of state, in order."""
        return [
            status.state for n, status in enumerate(self.links) if n == 0 or self.links[n - 1].state is not status.state
        ]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not condition():
                await asyncio.sleep(0.005)


def batch_of(values: Sequence[float], first_row: int = 0) -> ReadingBatch:
    value = np.array(values, np.float64)
    length = len(values)
    return ReadingBatch(
        device="D",
        received_mono_ns=1,
        received_wall_ns=1,
        origin=Origin.LIVE,
        row=np.arange(first_row, first_row + length, dtype=np.int32),
        value=value,
        quality=np.where(np.isnan(value), Quality.BAD, Quality.GOOD).astype(np.uint8),
        status=np.zeros(length, np.uint32),
        source_time_ns=np.full(length, NO_TIME, np.int64),
    )


@dataclass
class Scripted:
    """A driver that plays its script: batches are yielded, exceptions raised, numbers slept, texts become the impairment."""

    script: Sequence[ReadingBatch | Exception | float | str]
    entering: Exception | None = None
    leaving: Exception | float | None = None
    overruns: int = 0
    left: bool = False
    impairment: str = ""
    clock_skew_ns: int | None = None
    bad_items: tuple[BadItem, ...] = ()

    async def __aenter__(self) -> Self:
        if self.entering is not None:
            raise self.entering
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.left = True
        if isinstance(self.leaving, Exception):
            raise self.leaving
        if self.leaving is not None:
            await asyncio.sleep(self.leaving)

    async def batches(self) -> AsyncIterator[ReadingBatch]:
        for step in self.script:
            if isinstance(step, Exception):
                raise step
            if isinstance(step, ReadingBatch):
                yield step
            elif isinstance(step, str):
                self.impairment = step
            else:
                await asyncio.sleep(step)

    def health(self) -> DriverHealth:
        return DriverHealth(
            overruns=self.overruns,
            round_trip_ms=1.5,
            impairment=self.impairment,
            clock_skew_ns=self.clock_skew_ns,
            bad_items=self.bad_items,
        )


class Waits:
    """Notes how long the back-off would wait, and does not."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def wait_s(self, error: Exception, attempts: int, jitter: float) -> float:
        self.seconds.append(_wait_s(error, attempts, jitter))
        return 0.0


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Waits:
    noted = Waits()
    monkeypatch.setattr("drivers.poll._wait_s", noted.wait_s)
    return noted


@asynccontextmanager
async def polling(
    factory: Callable[[], Driver], heard: Heard, jitter: Callable[[], float] = lambda: 0.0
) -> AsyncIterator[asyncio.Task[None]]:
    async with asyncio.TaskGroup() as tasks:
        task: asyncio.Task[None] = tasks.create_task(poll("D", factory, heard, SystemClock(), jitter))
        try:
            yield task
        finally:
            task.cancel()


def playing(*drivers: Scripted) -> Callable[[], Driver]:
    """A factory that hands out the drivers in order, then ones that stay silent."""
    waiting = list(drivers)
    return lambda: waiting.pop(0) if waiting else Scripted([3600.0])


async def test_the_life_of_a_link(waits: Waits) -> None:
    heard = Heard()
    good = batch_of([1.0, 2.0])
    drivers = [
        Scripted([], entering=LinkLostError("no connection to x")),
        Scripted([good, good, LinkLostError("no answer within 1 s")]),
        Scripted([good, 3600.0]),
    ]
    async with polling(playing(*drivers), heard):
        await heard.until(lambda: len(heard.batches) == 3)
    assert heard.states() == [CONNECTING, DOWN, CONNECTING, UP, DOWN, CONNECTING, UP]
    down = [status for status in heard.links if status.state is DOWN]
    assert [status.last_error for status in down] == ["no connection to x", "no answer within 1 s"]
    last = heard.links[-1]
    assert last.reconnects == 1
    assert last.last_error == "no answer within 1 s"
    assert [driver.left for driver in drivers] == [False, True, True]


async def test_a_connection_alone_is_not_up() -> None:
    heard = Heard()
    async with polling(lambda: Scripted([3600.0]), heard):
        await heard.until(lambda: len(heard.links) >= 2)
    assert heard.states() == [CONNECTING]


async def test_back_off_grows_while_lost_and_starts_anew_after_an_answer(waits: Waits) -> None:
    heard = Heard()
    lost = [Scripted([], entering=LinkLostError("away")) for _ in range(5)]
    again = Scripted([batch_of([1.0]), LinkLostError("gone")])
    async with polling(playing(*lost, again), heard, jitter=lambda: 1.0):
        await heard.until(lambda: len(waits.seconds) == 6)
    assert [round(seconds, 3) for seconds in waits.seconds] == [0.4, 0.8, 1.6, 2.0, 2.0, 0.4]
    attempts = [status.attempts for status in heard.links if status.state is CONNECTING]
    assert attempts[:6] == [1, 2, 3, 4, 5, 6]
    assert attempts[-1] == 1


async def test_refusals_wait_for_a_person(waits: Waits) -> None:
    heard = Heard()
    refused = [Scripted([], entering=RefusedError("wrong password")) for _ in range(4)]
    later = Scripted([batch_of([1.0]), RefusedError("certificate expired")])
    wrong = Scripted([MisconfiguredError("no tags")])
    async with polling(playing(*refused, later, wrong), heard, jitter=lambda: 1.0):
        await heard.until(lambda: len(waits.seconds) == 6)
    assert waits.seconds == [60.0, 120.0, 240.0, 300.0, 60.0, MISCONFIGURED_S]
    needs = [status.last_error for status in heard.links if status.state is LinkState.NEEDS_OPERATOR]
    assert list(dict.fromkeys(needs)) == ["wrong password", "certificate expired", "no tags"]
    assert DOWN not in heard.states()


async def test_a_factory_that_refuses_its_settings_needs_a_person(waits: Waits) -> None:
    heard = Heard()

    def factory() -> Driver:
        raise MisconfiguredError("port: 0 is wrong")

    async with polling(factory, heard):
        await heard.until(lambda: len(waits.seconds) >= 2)
    assert heard.states()[:2] == [CONNECTING, LinkState.NEEDS_OPERATOR]
    assert set(waits.seconds) == {MISCONFIGURED_S}


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (Scripted([], entering=ZeroDivisionError("oops")), "unexpected ZeroDivisionError: oops"),
        (Scripted([KeyError("oops")]), "unexpected KeyError: 'oops'"),
        (Scripted([]), "the driver stopped without saying why"),
        (Scripted([LinkLostError("")]), "LinkLostError"),
    ],
)
async def test_a_broken_driver_is_a_device_down_and_never_the_end(broken: Scripted, words: str, waits: Waits) -> None:
    heard = Heard()
    async with polling(playing(broken, Scripted([batch_of([1.0]), 3600.0])), heard):
        await heard.until(lambda: len(heard.batches) == 1)
    assert heard.states() == [CONNECTING, DOWN, CONNECTING, UP]
    assert heard.links[-1].last_error == words


@pytest.mark.parametrize("leaving", [OSError("stuck"), 3600.0])
async def test_down_is_told_before_a_teardown_that_fails_or_hangs(
    leaving: Exception | float, waits: Waits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.poll.LEAVE_LIMIT_S", 0.2)
    heard = Heard()
    stuck = Scripted([batch_of([1.0]), LinkLostError("gone")], leaving=leaving)
    order: list[str] = []
    original = Scripted.__aexit__

    async def leave(self: Scripted, *exc_info: object) -> None:
        order.append(heard.links[-1].state.value)
        await original(self, *exc_info)

    monkeypatch.setattr(Scripted, "__aexit__", leave)
    async with polling(playing(stuck, Scripted([batch_of([2.0]), 3600.0])), heard):
        await heard.until(lambda: len(heard.batches) == 2)
    assert order[0] == "down"


async def test_a_driver_that_never_finishes_connecting_is_down(waits: Waits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.poll.ENTER_LIMIT_S", 0.1)

    class Hanging(Scripted):
        async def __aenter__(self) -> Self:
            await asyncio.sleep(3600.0)
            return self

    heard = Heard()
    async with polling(lambda: Hanging([]), heard):
        await heard.until(lambda: DOWN in heard.states())
    assert "no connection within 0.1 s" in {status.last_error for status in heard.links}


async def test_impairment_and_recovery(waits: Waits) -> None:
    heard = Heard()
    good = batch_of([1.0])
    script: list[ReadingBatch | Exception | float | str] = [
        good,
        "2 points refused",
        good,
        good,
        "",
        good,
        "slow",
        good,
        LinkLostError("gone"),
    ]
    async with polling(playing(Scripted(script)), heard):
        await heard.until(lambda: DOWN in heard.states())
    degraded = LinkState.DEGRADED
    assert heard.states()[:7] == [CONNECTING, UP, degraded, UP, degraded, DOWN, CONNECTING]
    assert [status.last_error for status in heard.links if status.state is degraded] == ["2 points refused", "slow"]


async def test_counters(waits: Waits) -> None:
    heard = Heard()
    nan = float("nan")
    drivers = [
        Scripted([batch_of([1.0, nan, nan]), batch_of([nan], first_row=7), LinkLostError("gone")], overruns=3),
        Scripted([batch_of([nan, 1.0]), batch_of([1.0, nan], first_row=1), 3600.0], overruns=4),
    ]
    async with polling(playing(*drivers), heard):
        await heard.until(lambda: len(heard.batches) == 4 and heard.links[-1].batches == 4)
    down = next(status for status in heard.links if status.state is DOWN)
    assert (down.batches, down.readings, down.overruns, down.bad_points) == (2, 4, 3, 0)
    last = heard.links[-1]
    assert (last.batches, last.readings, last.overruns, last.bad_points) == (4, 8, 7, 2)
    assert last.round_trip_ms == 1.5


async def test_a_skew_that_was_measured_is_kept_over_a_lost_link(waits: Waits) -> None:
    heard = Heard()
    drivers = [
        Scripted([batch_of([1.0]), LinkLostError("gone")], clock_skew_ns=-7),
        Scripted([batch_of([1.0]), 3600.0]),
    ]
    async with polling(playing(*drivers), heard):
        await heard.until(lambda: len(heard.batches) == 2 and heard.links[-1].state is UP)
    assert heard.links[0].clock_skew_ns is None
    assert {status.clock_skew_ns for status in heard.links if status.batches} == {-7}


async def test_what_waits_for_us_is_tried_again_within_seconds_and_what_refuses_us_is_not(waits: Waits) -> None:
    heard = Heard()
    trouble = [NotYetAllowedError("not believed"), NotYetAllowedError("not believed"), RefusedError("locked")]
    drivers = [Scripted([], entering=error) for error in trouble]
    async with polling(playing(*drivers, Scripted([batch_of([1.0]), 3600.0])), heard, jitter=lambda: 1.0):
        await heard.until(lambda: bool(heard.batches))
    assert waits.seconds == [10.0, 15.0, 240.0]
    assert heard.states() == [CONNECTING, LinkState.NEEDS_OPERATOR] * 3 + [CONNECTING, UP]


async def test_bad_items_are_told_while_the_link_is_up_and_forgotten_with_it(waits: Waits) -> None:
    heard = Heard()
    named = (BadItem("TK-101.LT", "BadNodeIdUnknown"),)
    drivers = [
        Scripted([batch_of([float("nan")]), LinkLostError("gone")], bad_items=named),
        Scripted([batch_of([1.0]), 3600.0]),
    ]
    async with polling(playing(*drivers), heard):
        await heard.until(lambda: len(heard.batches) == 2 and heard.links[-1].state is UP)
    told = {status.state: status.bad_items for status in heard.links if status.batches == 1}
    assert told[UP] == named
    assert told[DOWN] == ()
    assert heard.links[-1].bad_items == ()


async def test_readings_a_second_are_measured_between_two_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.poll.REPORT_PERIOD_S", 0.05)
    heard = Heard()
    async with polling(lambda: Scripted([batch_of([1.0] * 7), 3600.0]), heard):
        await heard.until(lambda: any(status.readings_per_s > 0 for status in heard.links))
        busy = len(heard.links) - 1
        await heard.until(lambda: heard.links[-1].readings_per_s == 0.0 and len(heard.links) > busy)
    assert 0 < heard.links[busy].readings_per_s <= 7 / 0.045


async def test_the_status_is_told_at_least_once_a_second_without_any_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.poll.REPORT_PERIOD_S", 0.01)
    heard = Heard()
    async with polling(lambda: Scripted([batch_of([1.0]), 3600.0]), heard):
        await heard.until(lambda: Counter(status.state for status in heard.links)[UP] >= 5)
    since = {status.since_wall_ns for status in heard.links if status.state is UP}
    assert len(since) == 1


async def test_an_outage_is_logged_once_however_often_it_is_tried(
    waits: Waits, caplog: pytest.LogCaptureFixture
) -> None:
    heard = Heard()
    good = batch_of([1.0])
    away = [Scripted([], entering=LinkLostError(f"away {n}")) for n in range(20)]
    with caplog.at_level(logging.DEBUG, "drivers.poll"):
        async with polling(playing(Scripted([good, LinkLostError("gone")]), *away, Scripted([good, 3600.0])), heard):
            await heard.until(lambda: len(heard.batches) == 2)
    assert [record.getMessage() for record in caplog.records] == ["D: link up", "D: link down: gone", "D: link up"]


async def test_an_error_of_the_sink_is_ours_and_goes_through() -> None:
    class Broken(Heard):
        def put(self, batch: ReadingBatch) -> None:
            raise RuntimeError("inbox broken")

    driver = Scripted([batch_of([1.0])])
    with pytest.raises(ExceptionGroup) as caught:
        await poll("D", lambda: driver, Broken(), SystemClock())
    assert caught.group_contains(RuntimeError, match="inbox broken")
    assert driver.left


@pytest.mark.parametrize("script", [[3600.0], [batch_of([1.0]), 3600.0], [LinkLostError("gone")]])
async def test_cancelling_is_clean_in_every_phase(script: list[ReadingBatch | Exception | float]) -> None:
    heard = Heard()
    driver = Scripted(script)
    async with polling(playing(driver), heard) as task:
        await asyncio.sleep(0.05)
    assert task.cancelled()
    assert driver.left


# --- against a real peer --------------------------------------------------------------------------
TAGS = [TagAddress(tag=f"T{n}", row=n, address=f"hr:{n}", scan_period_ns=20_000_000) for n in range(10)]


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def modbus(port: int, **settings: object) -> Callable[[], Driver]:
    keys = {"host": "127.0.0.1", "port": port, "timeout_s": 2.0, **settings}
    return lambda: open_driver("D", keys, TAGS, SystemClock())


@pytest.mark.slow
async def test_a_device_down_at_start_is_a_device_down_and_comes_up_when_it_comes() -> None:
    async with listening() as peer:
        port = peer.port
    heard = Heard()
    async with polling(modbus(port), heard):
        await heard.until(lambda: DOWN in heard.states())
        assert "no connection to 127.0.0.1" in next(s for s in heard.links if s.state is DOWN).last_error
        async with listening(port=port):
            await heard.until(lambda: len(heard.batches) > 3)
            assert heard.states()[-1] is UP
        seen = len(heard.links)
        await heard.until(lambda: any(status.state is DOWN for status in heard.links[seen:]))
        count = len(heard.batches)
        async with listening(port=port):
            await heard.until(lambda: len(heard.batches) > count + 3)
        assert heard.links[-1].reconnects == 1


@pytest.mark.slow
async def test_a_device_that_falls_silent_is_down_within_its_timeout() -> None:
    heard = Heard()
    async with listening() as peer, polling(modbus(peer.port, timeout_s=0.2), heard):
        await heard.until(lambda: len(heard.batches) > 3)
        peer.script = lambda connection, asked: None
        await heard.until(lambda: DOWN in heard.states())
        count = len(heard.batches)
        down = next(status for status in heard.links if status.state is DOWN)
        assert "no answer within 0.2 s" in down.last_error
        peer.script = peer.good
        await heard.until(lambda: len(heard.batches) > count)
        assert heard.states()[-1] is UP


@pytest.mark.slow
async def test_fifty_reconnects_leak_neither_a_descriptor_nor_a_task(waits: Waits) -> None:
    heard = Heard()
    answers = 0

    def script(connection: Connection, asked: object) -> None:
        nonlocal answers
        answers += 1
        if answers % 3 == 0:
            connection.transport.abort()
        elif answers % 7 == 0:
            connection.send(b"\x00" * 40)
        else:
            peer.good(connection, asked)  # type: ignore[arg-type]  # as the peer was asked

    async with listening(script) as peer, polling(modbus(peer.port), heard):
        await heard.until(lambda: peer.accepted >= 5)
        descriptors, tasks = open_descriptors(), len(asyncio.all_tasks())
        await heard.until(lambda: peer.accepted >= 60)
        # an attempt that is just being made has a task and a socket of its own: what leaked never goes away
        await heard.until(lambda: open_descriptors() <= descriptors + 2 and len(asyncio.all_tasks()) <= tasks)
        assert len(peer.connections) <= 2
    assert heard.links[-1].reconnects >= 15
