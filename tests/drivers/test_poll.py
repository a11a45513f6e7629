"""One device, for ever: link states, back-off, counters, teardown; with scripted drivers."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from typing import Self

import pytest

from drivers import registry
from drivers.backoff import MISCONFIGURED_S
from drivers.errors import LinkLostError, MisconfiguredError, NotYetAllowedError, RefusedError
from drivers.link import LinkState
from drivers.poll import poll
from drivers.port import BadItem, Driver
from monitor.clock import SystemClock
from rules.columns.readings import ReadingBatch
from tests.drivers.polling import CONNECTING, DEADLINE_S, DOWN, UP, Heard, Scripted, Waits, batch_of, playing, polling
from tests.ports import free_port


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


@dataclass
class Deaf(Scripted):
    """A driver that, as `asyncio.wait_for` of Python 3.11 does, answers a cancellation with what it waited for."""

    deaf_at: str = "entering"
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> Self:
        if self.deaf_at != "batches":
            await self.swallow()
        if self.deaf_at == "entering":
            raise LinkLostError("refused")
        return self

    async def batches(self) -> AsyncIterator[ReadingBatch]:
        while True:
            if self.deaf_at == "batches":
                await self.swallow()
            else:
                await asyncio.sleep(3600.0)
            yield batch_of([1.0])

    async def swallow(self) -> None:
        self.reached.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(3600.0)


@pytest.mark.parametrize("deaf_at", ["entering", "entered", "batches"])
async def test_a_cancellation_that_a_library_takes_for_itself_ends_the_polling_all_the_same(deaf_at: str) -> None:
    heard = Heard()
    driver = Deaf([], deaf_at=deaf_at)
    async with asyncio.timeout(DEADLINE_S), polling(playing(driver), heard) as task:
        await driver.reached.wait()
    assert task.cancelled()
    assert driver.left == (deaf_at != "entering")


async def test_a_device_that_refuses_connections_never_keeps_the_service_from_stopping() -> None:
    """The refusal and the cancellation meet inside asyncua's connect, sooner or later."""
    settings = {"endpoint": f"opc.tcp://127.0.0.1:{free_port()}/nobody"}
    async with asyncio.timeout(DEADLINE_S):
        for turns in range(150):
            factory = partial(registry.open_driver, "opcua", "D", settings, (), SystemClock())
            async with polling(factory, Heard()) as task:
                for _ in range(turns % 30):
                    await asyncio.sleep(0)
            assert task.cancelled()
