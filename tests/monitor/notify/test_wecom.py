"""The sender and the webhook against a simulated WeCom on a real socket."""

import asyncio
import logging
import socket
from dataclasses import replace

import pytest

from monitor.alarms.lifecycle import Trigger
from monitor.clock import SystemClock
from monitor.notify import sender as sender_module
from monitor.notify import wecom as wecom_module
from monitor.notify.row import OutboxRow, Purpose, Status
from simulators.wecom.server import WecomServer
from simulators.wecom.webhook import Webhook
from tests.monitor.notify.conftest import KEY, Run
from tests.monitor.notify.support import WECOM, MemoryOutbox, Statuses, definition, notification, step
from tests.patience import eventually

TO = notification(WECOM)
CLOCK = SystemClock()


def accepted(wecom: WecomServer) -> list[str]:
    return [str(line["text"]) for line in wecom.webhook.log() if line["errcode"] == 0]


def codes(wecom: WecomServer) -> list[object]:
    return [line["errcode"] for line in wecom.webhook.log()]


def raise_alarms(outbox: MemoryOutbox, *ids: str, priority: int = 2) -> None:
    steps = [step(of=definition(id, priority=priority)) for id in ids]
    outbox.commit(steps, TO, CLOCK.wall_ns())


def of(outbox: MemoryOutbox, purpose: Purpose) -> list[OutboxRow]:
    return [row for row in outbox.rows.values() if row.purpose == purpose]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of a minute are as true when they are short."""
    monkeypatch.setattr(sender_module, "BUSY_PAUSE_S", 0.3)
    monkeypatch.setattr(sender_module, "REFUSED_PAUSE_S", (0.2, 0.3))
    monkeypatch.setattr(sender_module, "FIRST_PAUSE_S", 0.05)
    monkeypatch.setattr(sender_module, "LONGEST_PAUSE_S", 0.3)
    monkeypatch.setattr(wecom_module, "RETRY_SECRET_S", 0.1)


async def test_an_alarm_arrives_and_its_row_says_when(wecom: WecomServer, run: Run) -> None:
    outbox, statuses = MemoryOutbox(), Statuses()
    async with run(TO, outbox, statuses):
        raise_alarms(outbox, "LT-101A.HH", priority=1)
        await eventually(lambda: len(outbox.of(Status.ACCEPTED)) == 1)
        await eventually(lambda: statuses.last.waiting == 0)
    (line,) = wecom.webhook.log()
    (row,) = outbox.of(Status.ACCEPTED)
    assert str(line["text"]).endswith("LT-101A.HH#1")
    assert line["mentioned"] == ["@all"]
    assert row.sent_wall_ns is not None
    assert row.accepted_wall_ns is not None
    assert row.sent_wall_ns <= int(str(line["received_wall_ns"])) <= row.accepted_wall_ns
    assert statuses.last.up
    assert statuses.last.last_accepted_wall_ns == row.accepted_wall_ns
    assert outbox.marks == [(Status.IN_FLIGHT, (row.seq,)), (Status.ACCEPTED, (row.seq,))]


async def test_only_priority_1_mentions_anybody(wecom: WecomServer, run: Run) -> None:
    outbox = MemoryOutbox()
    async with run(TO, outbox, Statuses()):
        raise_alarms(outbox, "A.H")
        await eventually(lambda: len(accepted(wecom)) == 1)
    assert wecom.webhook.log()[0]["mentioned"] == []


async def test_raise_and_return_both_waiting_become_one_message(wecom: WecomServer, run: Run) -> None:
    outbox = MemoryOutbox()
    outbox.commit([step(of=definition(priority=2))], TO, CLOCK.wall_ns())
    outbox.commit([step(Trigger.RETURNED, definition(priority=2), transition=2)], TO, CLOCK.wall_ns())
    async with run(TO, outbox, Statuses()):
        await eventually(lambda: len(outbox.of(Status.ACCEPTED)) == 2)
    (text,) = accepted(wecom)
    assert text.startswith("【二级报警】发生后已恢复")


@pytest.mark.parametrize("scans", [1, 20])
async def test_a_hundred_alarms_in_a_second_priority_1_last(wecom: WecomServer, run: Run, scans: int) -> None:
    outbox = MemoryOutbox()
    started_ns = CLOCK.wall_ns()
    async with run(TO, outbox, Statuses()):
        ids = [f"LT-{place:03}.H" for place in range(99)]
        size = -(-len(ids) // scans)
        for start in range(0, len(ids), size):
            raise_alarms(outbox, *ids[start : start + size])
            await asyncio.sleep(0.9 / scans)
        raise_alarms(outbox, "LT-999.HH", priority=1)
        last_ns = CLOCK.wall_ns()
        await eventually(
            lambda: bool(outbox.of(Status.ACCEPTED)) and any("LT-999.HH#1" in text for text in accepted(wecom))
        )
        urgent = next(row for row in of(outbox, Purpose.RAISE) if row.priority == 1)
        await eventually(lambda: outbox.rows[urgent.seq].status == Status.ACCEPTED)
    row = outbox.rows[urgent.seq]
    assert row.accepted_wall_ns is not None
    assert row.accepted_wall_ns - last_ns < 5_000_000_000
    assert last_ns - started_ns < 60_000_000_000
    assert codes(wecom) == [0] * len(codes(wecom)), "never over the limit"
    assert len(codes(wecom)) <= 12, "the share of priority 1 is untouched but for the one that used it"
    told = "\n".join(accepted(wecom))
    waiting = {row.id for row in outbox.of(Status.WAITING) if row.purpose == Purpose.RAISE}
    assert all(f"{id}#1" in told for id in ids if id not in waiting)


async def test_more_priority_1_than_the_minute_allows_are_told_at_once(wecom: WecomServer, run: Run) -> None:
    outbox = MemoryOutbox()
    ids = [f"LT-{place:03}.HH" for place in range(45)]
    raise_alarms(outbox, *ids, priority=1)
    async with run(TO, outbox, Statuses()):
        await eventually(lambda: len(outbox.of(Status.ACCEPTED)) == 45)
    told = "\n".join(accepted(wecom))
    assert all(f"{id}#1" in told for id in ids)
    assert all("@all" in str(line["mentioned"]) for line in wecom.webhook.log())
    assert set(codes(wecom)) == {0}


async def test_over_the_limit_of_the_other_side_holds_and_shows(wecom: WecomServer, run: Run) -> None:
    wecom.webhook.control({"errcode": 45009})
    outbox, statuses = MemoryOutbox(), Statuses()
    async with run(TO, outbox, statuses):
        raise_alarms(outbox, "A.H")
        await eventually(lambda: not statuses.last.up)
        assert "45009" in statuses.last.last_error
        assert not statuses.last.refused
        assert [row.status for row in outbox.rows.values()] == [Status.WAITING]
        assert statuses.last.waiting == 1
        wecom.webhook.control({"errcode": 0})
        await eventually(lambda: statuses.last.up and statuses.last.waiting == 0)
    assert len(accepted(wecom)) == 1


async def test_a_removed_robot_is_a_channel_refused_and_rows_stay(wecom: WecomServer, run: Run) -> None:
    wecom.webhook.control({"errcode": 93000})
    outbox, statuses = MemoryOutbox(), Statuses()
    async with run(TO, outbox, statuses):
        raise_alarms(outbox, "A.H", "B.H")
        await eventually(lambda: statuses.last.refused)
        assert not statuses.last.up
        assert "93000" in statuses.last.last_error
        await eventually(lambda: len(codes(wecom)) >= 2)
        assert {row.status for row in outbox.rows.values()} <= {Status.WAITING, Status.IN_FLIGHT}
        wecom.webhook.control({"errcode": 0})
        await eventually(lambda: len(outbox.of(Status.ACCEPTED)) == 2)
        await eventually(lambda: statuses.last.up)
        assert not statuses.last.refused


@pytest.mark.slow
async def test_a_silent_server_is_noticed_within_ten_seconds_and_the_row_arrives_later(
    wecom: WecomServer, run: Run
) -> None:
    wecom.webhook.control({"silent": True})
    outbox, statuses = MemoryOutbox(), Statuses()
    async with run(TO, outbox, statuses):
        raise_alarms(outbox, "A.H", priority=1)
        await eventually(lambda: not statuses.last.up, within_s=10.0)
        assert "no answer" in statuses.last.last_error or "ReadTimeout" in statuses.last.last_error
        assert {row.status for row in outbox.rows.values()} <= {Status.WAITING, Status.IN_FLIGHT}
        wecom.webhook.control({"silent": False})
        await eventually(lambda: len(outbox.of(Status.ACCEPTED)) == 1)
        await eventually(lambda: statuses.last.up)
    assert outbox.of(Status.ACCEPTED)[0].attempts >= 2


async def test_a_server_that_restarts_gets_what_it_missed(wecom: WecomServer, run: Run) -> None:
    outbox, statuses = MemoryOutbox(), Statuses()
    async with run(TO, outbox, statuses):
        raise_alarms(outbox, "A.H")
        await eventually(lambda: len(outbox.of(Status.ACCEPTED)) == 1)
        port = wecom.port
        await asyncio.to_thread(wecom.stop)
        raise_alarms(outbox, "B.H")
        await eventually(lambda: not statuses.last.up)
        again = WecomServer(Webhook(KEY), port)
        again.start()
        try:
            await eventually(lambda: len(outbox.of(Status.ACCEPTED)) == 2)
            assert [text.splitlines()[-1] for text in accepted(again)] == ["B.H#1"]
        finally:
            await asyncio.to_thread(again.stop)


async def test_killed_while_in_flight_it_goes_out_again_with_the_same_key(wecom: WecomServer, run: Run) -> None:
    wecom.webhook.control({"silent": True})
    outbox = MemoryOutbox()
    async with run(TO, outbox, Statuses()):
        raise_alarms(outbox, "A.H")
        await eventually(lambda: len(wecom.webhook.log()) == 1)
    (row,) = outbox.of(Status.IN_FLIGHT)
    wecom.webhook.control({"silent": False})
    outbox.die()
    async with run(TO, outbox, Statuses()):
        await eventually(lambda: len(outbox.of(Status.ACCEPTED)) == 1)
    assert outbox.of(Status.ACCEPTED)[0].key == row.key
    assert outbox.of(Status.ACCEPTED)[0].attempts == 2


async def test_a_row_refused_for_its_content_is_shortened_once_then_refused_and_the_next_goes_on(
    wecom: WecomServer, run: Run
) -> None:
    outbox, statuses = MemoryOutbox(), Statuses()
    long = definition("A.H", priority=2, response_zh="停" * 900)
    wecom.webhook.control({"errcode": 45002})
    async with run(TO, outbox, statuses):
        outbox.commit([step(of=long)], TO, CLOCK.wall_ns())
        await eventually(lambda: len(outbox.of(Status.REFUSED)) == 1)
        assert codes(wecom) == [45002, 45002]
        lengths = [len(str(line["text"]).encode()) for line in wecom.webhook.log()]
        assert lengths[0] > lengths[1]
        assert lengths[1] <= 1000
        assert "45002" in outbox.of(Status.REFUSED)[0].last_error
        wecom.webhook.control({"errcode": 0})
        raise_alarms(outbox, "B.H")
        await eventually(lambda: len(outbox.of(Status.ACCEPTED)) == 1)
    assert statuses.last.up


async def test_a_body_that_cannot_be_rendered_does_not_stop_the_digest_it_is_in(
    wecom: WecomServer, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.notify.budget.WINDOW_NS", 300_000_000)  # halving needs several digests
    outbox = MemoryOutbox()
    raise_alarms(outbox, *(f"LT-{place:03}.H" for place in range(30)))
    outbox.rows[1] = replace(outbox.rows[1], body="{}")
    async with run(TO, outbox, Statuses()):
        await eventually(lambda: len(outbox.of(Status.ACCEPTED)) == 29)
        await eventually(lambda: len(outbox.of(Status.REFUSED)) == 1)
    assert outbox.of(Status.REFUSED)[0].seq == 1


async def test_reminders_go_on_until_acknowledged(wecom: WecomServer, run: Run) -> None:
    to = notification(replace(WECOM, repeat_after_s=0.2))
    outbox = MemoryOutbox()
    async with run(to, outbox, Statuses()):
        outbox.commit([step()], to, CLOCK.wall_ns())
        outbox.commit([step(Trigger.RETURNED, transition=2)], to, CLOCK.wall_ns())
        await eventually(lambda: any("第 2 次" in text for text in accepted(wecom)))
        outbox.commit([step(Trigger.ACKNOWLEDGED, transition=3)], to, CLOCK.wall_ns())
        await eventually(lambda: any("已确认" in text for text in accepted(wecom)))
        # a reminder that was on its way when the answer came may arrive after it
        await eventually(lambda: not [row for row in outbox.of(Status.IN_FLIGHT) if row.purpose == Purpose.REPEAT])
        count = len(accepted(wecom))
        await asyncio.sleep(0.6)
        assert len(accepted(wecom)) == count
    assert not [row for row in of(outbox, Purpose.REPEAT) if row.status == Status.WAITING]


async def test_acknowledged_while_the_reminder_is_in_flight_nothing_follows(wecom: WecomServer, run: Run) -> None:
    to = notification(replace(WECOM, repeat_after_s=0.05))
    outbox = MemoryOutbox()
    wecom.webhook.control({"delay_s": 0.5})
    async with run(to, outbox, Statuses()):
        outbox.commit([step()], to, CLOCK.wall_ns())
        await eventually(lambda: any(row.status == Status.IN_FLIGHT for row in of(outbox, Purpose.REPEAT)))
        outbox.commit([step(Trigger.ACKNOWLEDGED, transition=2)], to, CLOCK.wall_ns())
        await eventually(
            lambda: (
                len(of(outbox, Purpose.ACKNOWLEDGE))
                == len([row for row in of(outbox, Purpose.ACKNOWLEDGE) if row.status == Status.ACCEPTED])
            )
        )
    assert len(of(outbox, Purpose.REPEAT)) == 1


async def test_a_missing_secret_says_what_to_set_and_the_channel_opens_once_it_is_there(
    wecom: WecomServer, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("secrets") / "wecom"
    to = notification(replace(WECOM, url_env="REDLINE_ABSENT", url_file=str(file)))
    outbox, statuses = MemoryOutbox(), Statuses()
    async with run(to, outbox, statuses):
        raise_alarms(outbox, "A.H")
        await eventually(lambda: statuses.last.refused)
        assert "REDLINE_ABSENT" in statuses.last.last_error
        assert str(file) in statuses.last.last_error
        assert not statuses.last.up
        await asyncio.to_thread(file.write_text, f"http://127.0.0.1:{wecom.port}/cgi-bin/webhook/send?key={KEY}\n")
        await eventually(lambda: len(outbox.of(Status.ACCEPTED)) == 1)
        await eventually(lambda: statuses.last.up)


@pytest.mark.parametrize("play", ["refused", "nobody there", "accepted"])
async def test_the_key_is_in_no_log_and_no_status(
    wecom: WecomServer, run: Run, play: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    key = KEY if play == "accepted" else "0000-wrong-key-0000"
    port = wecom.port
    if play == "nobody there":
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
    monkeypatch.setenv("REDLINE_TEST_WECOM", f"http://127.0.0.1:{port}/cgi-bin/webhook/send?key={key}")
    outbox, statuses = MemoryOutbox(), Statuses()
    async with run(TO, outbox, statuses):
        raise_alarms(outbox, "A.H")
        if play == "accepted":
            await eventually(lambda: len(outbox.of(Status.ACCEPTED)) == 1)
        else:
            await eventually(lambda: not statuses.last.up)
    assert statuses.last.up == (play == "accepted")
    texts = [record.getMessage() for record in caplog.records]
    texts += [status.last_error for status in statuses.told] + [row.last_error for row in outbox.rows.values()]
    assert not [text for text in texts if key in text]
    if play == "refused":
        assert "93000" in statuses.last.last_error


async def test_a_page_of_a_proxy_is_not_an_acceptance(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 15\r\nconnection: close\r\n\r\n<html>ok</html>")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(page, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        monkeypatch.setenv("REDLINE_TEST_WECOM", f"http://127.0.0.1:{port}/send?key={KEY}")
        outbox, statuses = MemoryOutbox(), Statuses()
        async with run(TO, outbox, statuses):
            raise_alarms(outbox, "A.H")
            await eventually(lambda: not statuses.last.up)
    assert "HTTP 200 without an errcode" in statuses.last.last_error
    assert not outbox.of(Status.ACCEPTED)
