"""Accounts and sessions in the journal: when a session ends, and what is remembered of it."""

import asyncio
import hashlib
import sqlite3
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Connection

from monitor.notify.people import Account
from monitor.store import accounts
from monitor.store.errors import AccountExistsError
from monitor.store.journal import JournalStore, open_journal
from tests.monitor.store.samples import PLANT, WALL_NS, StillClock, entry, settings


async def test_accounts(journal: JournalStore) -> None:
    wang = Account(username="wang", role="operator", person="wang", password_hash="argon2-1")
    await journal.create_account(wang)
    with pytest.raises(AccountExistsError):
        await journal.create_account(wang)
    await journal.create_account(Account(username="api", role="viewer", person=None, password_hash="", disabled=True))
    assert await journal.account("wang") == wang
    assert await journal.account("Wang") is None
    assert [(item.username, item.disabled) for item in await journal.accounts()] == [("api", True), ("wang", False)]
    leader = replace(wang, role="shift_leader")
    await journal.update_account(leader)
    assert await journal.account("wang") == leader
    with pytest.raises(AccountExistsError):
        await journal.update_account(replace(wang, username="nobody"))


async def test_sessions_end_by_time_logout_password_and_disabling(tmp_path: Path) -> None:
    clock = StillClock()
    wang = Account(username="wang", role="operator", person="wang", password_hash="argon2-1")
    tokens = [hashlib.sha256(bytes([number])).digest() for number in range(5)]
    async with open_journal(tmp_path, PLANT, settings(tmp_path), clock) as store:
        await store.create_account(wang)
        with pytest.raises(AccountExistsError):
            await store.open_session(tokens[0], "nobody", WALL_NS + 100)
        await store.open_session(tokens[0], "wang", WALL_NS + 100)
        await store.open_session(tokens[1], "wang", WALL_NS + 100)
    async with open_journal(tmp_path, PLANT, settings(tmp_path), clock) as store:
        assert await store.session(tokens[0], WALL_NS + 99) == wang
        assert await store.session(tokens[0], WALL_NS + 100) is None
        assert await store.session(tokens[4], WALL_NS) is None
        await store.close_session(tokens[0])
        assert await store.session(tokens[0], WALL_NS) is None
        assert await store.session(tokens[1], WALL_NS) == wang
        await store.update_account(replace(wang, role="engineer"))
        assert await store.session(tokens[1], WALL_NS) is not None
        await store.update_account(replace(wang, password_hash="argon2-2"))
        assert await store.session(tokens[1], WALL_NS) is None
        await store.open_session(tokens[2], "wang", WALL_NS + 100)
        await store.update_account(replace(wang, password_hash="argon2-2", disabled=True))
        assert await store.session(tokens[2], WALL_NS) is None
        clock.now_ns += 1000
        await store.open_session(tokens[3], "wang", WALL_NS + 5000)
    with sqlite3.connect(tmp_path / "journal.sqlite") as database:
        assert database.execute("select token_sha256 from session").fetchall() == [(tokens[3],)]
    database.close()


async def test_whose_session_it_is_is_read_once_until_accounts_change(
    journal: JournalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bytes] = []
    read = accounts.session

    def counted(connection: Connection, token_sha256: bytes, wall_ns: int) -> tuple[Account, int] | None:
        asked.append(token_sha256)
        return read(connection, token_sha256, wall_ns)

    monkeypatch.setattr(accounts, "session", counted)
    wang = Account(username="wang", role="operator", person="wang", password_hash="argon2-1")
    token, nobody = (hashlib.sha256(name).digest() for name in (b"wang", b"nobody"))
    await journal.create_account(wang)
    await journal.open_session(token, "wang", WALL_NS + 100)
    assert [await journal.session(token, WALL_NS) for _ in range(3)] == [wang] * 3
    assert asked == [token]
    assert [await journal.session(nobody, WALL_NS) for _ in range(2)] == [None] * 2
    assert asked == [token, nobody, nobody], "what is not there is no answer to remember"
    await journal.change_accounts(entry(), partial(accounts.replace, account=replace(wang, role="engineer")))
    assert await journal.session(token, WALL_NS) == replace(wang, role="engineer")
    assert len(asked) == 4


async def test_a_change_whose_caller_left_still_ends_the_session(
    journal: JournalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, close = threading.Event(), threading.Event(), accounts.close_session

    def slowly(connection: Connection, token_sha256: bytes) -> None:
        begun.set()
        assert go_on.wait(10)
        close(connection, token_sha256)

    monkeypatch.setattr(accounts, "close_session", slowly)
    wang = Account(username="wang", role="operator", person="wang", password_hash="argon2-1")
    token = hashlib.sha256(b"wang").digest()
    await journal.create_account(wang)
    await journal.open_session(token, "wang", WALL_NS + 100)
    assert await journal.session(token, WALL_NS) == wang
    async with asyncio.TaskGroup() as tasks:
        leaving = tasks.create_task(journal.close_session(token))
        assert await asyncio.to_thread(begun.wait, 10)
        leaving.cancel()
    assert await journal.session(token, WALL_NS) == wang
    go_on.set()
    await journal.record(entry())  # behind it in the lane
    assert await journal.session(token, WALL_NS) is None
