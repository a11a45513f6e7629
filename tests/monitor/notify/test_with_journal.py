"""The whole way with the real outbox: committed, taken from the journal's file, accepted by the webhook, written down."""

from dataclasses import replace
from pathlib import Path

import pytest

from monitor.alarms.lifecycle import Trigger
from monitor.alarms.transition import Transition
from monitor.clock import SystemClock
from monitor.notify.people import Notification
from monitor.notify.policy import decide
from monitor.notify.registry import open_senders
from monitor.notify.row import Purpose, Status
from monitor.settings import Settings
from monitor.store.commit import Commit
from monitor.store.journal import JournalStore, open_journal
from simulators.wecom.server import WecomServer
from tests.monitor.notify.conftest import Run
from tests.monitor.notify.support import WECOM, Statuses, definition, notification, step
from tests.patience import eventually

pytestmark = pytest.mark.slow

CLOCK = SystemClock()


async def commit(store: JournalStore, to: Notification, *steps: Transition) -> None:
    outbox, supersede = decide(steps, to, CLOCK.wall_ns())
    alarms = tuple(one.alarm for one in steps)
    await store.commit(
        Commit(wall_ns=CLOCK.wall_ns(), transitions=steps, alarms=alarms, outbox=outbox, supersede=supersede)
    )


async def statuses_of(store: JournalStore, purpose: Purpose) -> list[Status]:
    return [row.status for row in await store.pushes(id=None, limit=100) if row.purpose == purpose]


async def test_raise_reminders_acknowledge_over_a_restart(wecom: WecomServer, run: Run, tmp_path: Path) -> None:
    to = notification(replace(WECOM, repeat_after_s=0.3))
    statuses = Statuses()

    async def reminded() -> bool:
        return (await statuses_of(store, Purpose.REPEAT)).count(Status.ACCEPTED) >= 2

    async with open_journal(tmp_path, "demo", Settings(), CLOCK) as store:
        async with run(to, store, statuses):
            await commit(store, to, step(), step(of=definition("LT-2.H", priority=2)))
            await eventually(reminded)
        raised = await statuses_of(store, Purpose.RAISE)
        assert raised == [Status.ACCEPTED, Status.ACCEPTED]
    told = len(wecom.webhook.log())
    async with open_journal(tmp_path, "demo", Settings(), CLOCK) as store, run(to, store, statuses):
        await eventually(lambda: len(wecom.webhook.log()) > told)  # the timer survived
        await commit(store, to, step(Trigger.ACKNOWLEDGED, transition=2))
        await eventually(lambda: "【一级报警已确认】" in str(wecom.webhook.log()[-1]["text"]))
        rows = await store.pushes(id=None, limit=100)
        assert not [row for row in rows if row.purpose == Purpose.REPEAT and row.status == Status.WAITING]
        assert statuses.last.up
    texts = [str(line["text"]) for line in wecom.webhook.log()]
    assert len([text for text in texts if "第 1 次" in text]) == 1
    assert {line["errcode"] for line in wecom.webhook.log()} == {0}


def test_every_kind_of_channel_has_a_notifier() -> None:
    channels = (WECOM, replace(WECOM, id="bus", kind="mqtt"))
    senders = open_senders(notification(*channels), (), None, CLOCK, Statuses())  # type: ignore[arg-type]  # nothing is sent
    assert [sender.channel for sender in senders] == list(channels)
