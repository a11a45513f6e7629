"""The watchdog ends the process when the scan grows old, and only then."""

import threading
from collections.abc import Iterator

import pytest

from monitor import watchdog
from monitor.clock import SystemClock
from monitor.watchdog import EXIT_SCANNER_STUCK, LIMIT_NS, Watchdog

SECOND_NS = 1_000_000_000
PATIENCE_S = 20


class FakeClock(SystemClock):
    """Stands still until told; `looked` counts how often somebody asked."""

    def __init__(self) -> None:
        self.now_ns = 1000 * SECOND_NS
        self._looks = threading.Semaphore(0)

    def mono_ns(self) -> int:
        now_ns = self.now_ns
        self._looks.release()
        return now_ns

    def looked(self, times: int = 1) -> None:
        """Wait until somebody asked so often from now on."""
        while self._looks.acquire(blocking=False):
            pass
        for _ in range(times):
            assert self._looks.acquire(timeout=PATIENCE_S), "the watchdog does not look"


class Process:
    """Stands for the process: remembers the code it was ended with."""

    def __init__(self) -> None:
        self.codes: list[int] = []
        self.ended = threading.Event()

    def end(self, code: int) -> None:
        self.codes.append(code)
        self.ended.set()


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(watchdog, "LOOK_EVERY_S", 0.005)
    yield


def test_a_fresh_scan_lets_it_live() -> None:
    clock, process = FakeClock(), Process()
    with Watchdog(lambda: clock.now_ns, clock, end=process.end):
        for _ in range(5):
            clock.now_ns += 60 * SECOND_NS
            clock.looked(2)
    assert not process.codes


def test_the_limit_itself_is_not_over_it() -> None:
    clock, process = FakeClock(), Process()
    last_ns = clock.now_ns
    with Watchdog(lambda: last_ns, clock, end=process.end):
        clock.now_ns = last_ns + LIMIT_NS
        clock.looked(3)
        assert not process.codes
        clock.now_ns += 1
        assert process.ended.wait(PATIENCE_S)
    assert process.codes == [EXIT_SCANNER_STUCK]


def test_a_stuck_scan_ends_the_process_once(caplog: pytest.LogCaptureFixture) -> None:
    clock, process = FakeClock(), Process()
    last_ns = clock.now_ns
    clock.now_ns += 12 * SECOND_NS
    with Watchdog(lambda: last_ns, clock, end=process.end):
        assert process.ended.wait(PATIENCE_S)
    assert process.codes == [EXIT_SCANNER_STUCK]
    assert EXIT_SCANNER_STUCK not in (0, 1, 2), "a supervisor can tell it from a stop and from a refusal"
    assert "no committed scan for 12.0 s" in caplog.text


def test_a_scan_that_recovers_in_time_is_forgiven() -> None:
    clock, process = FakeClock(), Process()
    last = [clock.now_ns]
    with Watchdog(lambda: last[0], clock, end=process.end):
        for _ in range(3):
            clock.now_ns += 9 * SECOND_NS
            clock.looked(2)
            last[0] = clock.now_ns
    assert not process.codes


def test_it_looks_from_a_thread_of_its_own() -> None:
    """A loop that is stuck cannot watch itself: the caller blocks here, the process ends all the same."""
    clock, process = FakeClock(), Process()
    threads: list[str] = []

    def end(code: int) -> None:
        threads.append(threading.current_thread().name)
        process.end(code)

    with Watchdog(lambda: 0, clock, limit_ns=SECOND_NS, end=end):
        assert process.ended.wait(PATIENCE_S)
    assert threads == ["watchdog"]


def test_after_the_context_nothing_is_ended() -> None:
    clock, process = FakeClock(), Process()
    with Watchdog(lambda: clock.now_ns, clock, end=process.end):
        clock.looked()
    clock.now_ns += 3600 * SECOND_NS
    assert not [thread for thread in threading.enumerate() if thread.name == "watchdog"]
    assert not process.codes
