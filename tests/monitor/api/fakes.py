"""The API over a small plant: the real alarm board, everything else in memory."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from argon2 import PasswordHasher
from fastapi import FastAPI

from monitor.api.app import ApiOptions, create_api
from monitor.api.ports import Account, PlantCard
from monitor.api.stream import StreamHub, StreamOptions
from tests.monitor.api.fake_board import FakeBoard
from tests.monitor.api.fake_journal import FakeHistory, FakeJournal
from tests.monitor.api.fake_plant import PLANT, FakeClock

PASSWORD = "correct horse battery 红线"
ROLES = ("viewer", "operator", "shift_leader", "engineer", "safety", "manager", "admin")


@cache
def password_hash() -> str:
    """With the least parameters that argon2 takes: a log-in costs no time; tests of the real ones use `hash_password`."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@dataclass
class FakeAccounts:
    """Accounts of every role (username = role) and their sessions."""

    accounts: dict[str, Account] = field(default_factory=dict)
    sessions: dict[bytes, tuple[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for role in ROLES:
            person = {"operator": "wang", "shift_leader": "li"}.get(role)
            self.accounts[role] = Account(username=role, role=role, person=person, password_hash=password_hash())

    async def account(self, username: str) -> Account | None:
        return self.accounts.get(username)

    async def open_session(self, token_sha256: bytes, username: str, expires_wall_ns: int) -> None:
        self.sessions[token_sha256] = username, expires_wall_ns

    async def session(self, token_sha256: bytes, wall_ns: int) -> Account | None:
        username, expires_wall_ns = self.sessions.get(token_sha256, ("", 0))
        return self.accounts.get(username) if wall_ns < expires_wall_ns else None

    async def close_session(self, token_sha256: bytes) -> None:
        self.sessions.pop(token_sha256, None)


@dataclass(frozen=True, kw_only=True)
class FakeSpread:
    """What a measurement says of its last minute."""

    count: int
    p50_ms: float
    p99_ms: float
    max_ms: float


class FakeDiagnostics:
    """Three different measurements, so that none can stand for another."""

    def loop_lag(self, window_ns: int) -> FakeSpread:
        return FakeSpread(count=window_ns // 10_000_000, p50_ms=0.1, p99_ms=2.5, max_ms=9.0)

    def scan_duration(self, window_ns: int) -> FakeSpread:
        return FakeSpread(count=window_ns // 66_000_000, p50_ms=1.5, p99_ms=7.25, max_ms=30.0)

    def scan_interval(self, window_ns: int) -> FakeSpread:
        return FakeSpread(count=window_ns // 60_000_000, p50_ms=66.0, p99_ms=250.0, max_ms=251.0)


class Site:
    """The API over the fakes."""

    def __init__(
        self,
        *,
        plant: PlantCard = PLANT,
        options: ApiOptions | None = None,
        stream: StreamOptions | None = None,
        console_dist: Path | None = None,
        accounts: FakeAccounts | None = None,
    ) -> None:
        self.clock = FakeClock()
        self.board = FakeBoard(self.clock, plant.definitions, plant.philosophy)
        self.journal = FakeJournal(kept_permits=self.board.permits)
        self.history = FakeHistory()
        self.accounts = accounts or FakeAccounts()
        options = options or ApiOptions(version="9.9", command_timeout_s=2.0)
        if console_dist is not None:
            options = replace(options, console_dist=console_dist)
        self.hub = StreamHub(plant, self.board, self.clock, stream)
        self.app: FastAPI = create_api(
            plant,
            self.board,
            self.journal,
            self.history,
            self.accounts,
            self.clock,
            options,
            self.hub,
            FakeDiagnostics(),
        )

    @asynccontextmanager
    async def client(self, role: str | None = None) -> AsyncIterator[httpx.AsyncClient]:
        """An HTTP client, logged in with the account of a role."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://redline.test") as client:
            if role is not None:
                answer = await client.post("/api/v1/session", json={"username": role, "password": PASSWORD})
                assert answer.status_code == 200, answer.text
            yield client


def assert_problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """The answer is problem+json of this kind; returns it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["type"] == f"urn:redline:problem:{slug}"
    assert problem["detail"]
    assert problem["title"]
    return problem
