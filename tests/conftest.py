"""Guards around every test: a leaked task, a blocking call in the loop or a foreign address fails it."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator

import pytest
from blockbuster import BlockBuster, blockbuster_ctx
from hypothesis import settings

# A slow neighbour is no defect of ours.  CI plays the same examples each time, so that a landing does not depend on luck;
# every run of a developer looks for new ones.
settings.register_profile("shared machine", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("shared machine")

LOOPBACK = ("127.", "::1", "localhost")


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections leave for this machine only."""
    original = socket.socket.connect

    def connect(self: socket.socket, address: object) -> None:
        if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
            raise AssertionError(f"a test wants to connect to {address[0]}: only loopback is allowed")
        original(self, address)  # type: ignore[arg-type]  # whatever the caller gave

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture(autouse=True)
def no_blocking_call(request: pytest.FixtureRequest) -> Iterator[BlockBuster | None]:
    """A blocking call inside the loop, made by our packages, fails the test."""
    if request.node.get_closest_marker("browser"):
        yield None
        return
    with blockbuster_ctx(scanned_modules=["rules", "drivers", "monitor"]) as guard:
        yield guard


@pytest.fixture(autouse=True)
async def no_leaked_task() -> AsyncIterator[None]:
    """A test that leaves a task behind fails."""
    before = asyncio.all_tasks()
    yield
    mine = asyncio.current_task()  # the teardown itself is a task
    left = [task for task in asyncio.all_tasks() - before if task is not mine and not task.done()]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    assert not left, f"tasks left running: {[task.get_name() for task in left]}"


SOAK_S = 3600
"""What a long test may take that names no limit of its own."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The two minutes of a test are not meant for ten thousand examples."""
    for item in items:
        if item.get_closest_marker("soak") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SOAK_S))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was skipped."""
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped and os.environ.get("CI"):
        terminalreporter.write_line(f"{len(skipped)} tests skipped: in CI that is a failure", red=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A skipped test in a root CI run is a failure: everything it needs can be installed there."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and os.geteuid() == 0 and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
