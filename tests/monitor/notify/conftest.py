"""A simulated WeCom on a real socket, and channels that run."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from monitor.alarms.definition import AlarmDefinition
from monitor.clock import SystemClock
from monitor.notify.people import Notification
from monitor.notify.port import OutboxStore
from monitor.notify.registry import open_senders
from monitor.notify.sender import Sender
from simulators.wecom.server import SEND, WecomServer
from simulators.wecom.webhook import Webhook
from tests.monitor.notify.support import Statuses

KEY = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"


@pytest.fixture
def wecom(monkeypatch: pytest.MonkeyPatch) -> Iterator[WecomServer]:
    server = WecomServer(Webhook(KEY))
    server.start()
    monkeypatch.setenv("REDLINE_TEST_WECOM", f"http://127.0.0.1:{server.port}{SEND}?key={KEY}")
    yield server
    server.webhook.silent = False
    server.stop()


@asynccontextmanager
async def running(
    to: Notification, outbox: OutboxStore, statuses: Statuses, definitions: tuple[AlarmDefinition, ...] = ()
) -> AsyncIterator[tuple[Sender, ...]]:
    """All channels, as the service runs them; cancelled at the end."""
    senders = open_senders(to, definitions, outbox, SystemClock(), statuses)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(sender.run()) for sender in senders]
        try:
            yield senders
        finally:
            for task in tasks:
                task.cancel()


Run = Callable[..., AbstractAsyncContextManager[tuple[Sender, ...]]]


@pytest.fixture
def run() -> Run:
    return running
