"""Log-in: who may come in, what a guesser meets, what the journal keeps of it."""

import asyncio
from dataclasses import replace

import orjson
import pytest
from starlette.datastructures import Headers

from monitor.api.app import ApiOptions
from monitor.api.caller import COOKIE
from monitor.api.guard import is_same_origin
from monitor.api.passwords import Verifier, hash_password, new_password, verify_password
from monitor.api.throttle import FREE_FAILURES, LONGEST_WAIT_S, LoginThrottle, RefusalRecord, penalty_s
from monitor.api.tokens import fingerprint, new_token
from tests.monitor.api.fakes import PASSWORD, Site, assert_problem, password_hash

SECOND_NS = 1_000_000_000


async def test_log_in_tells_who_i_am_and_what_i_may() -> None:
    site = Site()
    async with site.client() as client:
        answer = await client.post("/api/v1/session", json={"username": "operator", "password": PASSWORD})
        assert answer.status_code == 200
        body = answer.json()
        assert body["name"] == {"zh": "王强", "en": "Wang Qiang"}
        may = ["alarm.acknowledge", "alarm.reset", "alarm.shelve", "journal.read", "permit.request", "plant.read"]
        assert body["permissions"] == may
        assert body["positions"] == ["all"]
        assert body["server_time"] == "2026-01-01T00:00:00.123Z"
        assert body["site"]["zh"] == "示范罐区"
        assert (await client.get("/api/v1/session")).json() == body
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie
    assert "Max-Age=43200" in cookie
    assert site.journal.kinds() == ["login"]
    assert site.journal.kept[0].person == "wang"


async def test_only_the_hash_of_a_token_is_kept() -> None:
    site = Site()
    async with site.client("viewer") as client:
        token = client.cookies[COOKIE]
    assert list(site.accounts.sessions) == [fingerprint(token)]
    assert len(token) >= 43  # 256 bits in base64
    assert token.encode() not in b"".join(site.accounts.sessions)


async def test_secure_cookie_by_option() -> None:
    site = Site(options=ApiOptions(version="1", cookie_secure=True))
    async with site.client() as client:
        answer = await client.post("/api/v1/session", json={"username": "viewer", "password": PASSWORD})
    assert "Secure" in answer.headers["set-cookie"]


async def test_log_out_ends_the_token() -> None:
    site = Site()
    async with site.client("operator") as client:
        token = client.cookies[COOKIE]
        assert (await client.delete("/api/v1/session")).status_code == 204
        answer = await client.get("/api/v1/tags", headers={"cookie": f"{COOKIE}={token}"})
        assert_problem(answer, 401, "login")
    assert site.journal.kinds() == ["login", "logout"]
    assert site.accounts.sessions == {}


async def test_a_second_log_in_ends_the_first_token() -> None:
    site = Site()
    async with site.client("operator") as client:
        first = client.cookies[COOKIE]
        await client.post("/api/v1/session", json={"username": "operator", "password": PASSWORD})
        assert client.cookies[COOKIE] != first
    assert fingerprint(first) not in site.accounts.sessions


async def test_a_session_expires() -> None:
    site = Site()
    async with site.client("viewer") as client:
        site.clock.advance(12 * 3600 - 1)
        assert (await client.get("/api/v1/session")).status_code == 200
        site.clock.advance(2)
        assert_problem(await client.get("/api/v1/session"), 401, "login")


async def test_a_program_comes_with_a_bearer_token() -> None:
    site = Site()
    token = new_token()
    await site.accounts.open_session(fingerprint(token), "viewer", 2**62)
    async with site.client() as client:
        answer = await client.get("/api/v1/session", headers={"authorization": f"Bearer {token}"})
        assert answer.json()["name"] == {"zh": "viewer", "en": "viewer"}
        answer = await client.get("/api/v1/session", headers={"authorization": f"Bearer {token}x"})
        problem = assert_problem(answer, 401, "login")
        assert problem["detail"] == "请先登录。"
        assert answer.headers["www-authenticate"].startswith("Bearer")
        answer = await client.get("/api/v1/session", headers={"authorization": "Bearer " + "x" * 5000})
        assert_problem(answer, 401, "login")


async def test_a_disabled_account_is_out_at_once() -> None:
    site = Site()
    async with site.client("operator") as client:
        site.accounts.accounts["operator"] = replace(site.accounts.accounts["operator"], disabled=True)
        assert_problem(await client.get("/api/v1/session"), 401, "login")
        answer = await client.post("/api/v1/session", json={"username": "operator", "password": PASSWORD})
        assert_problem(answer, 401, "credentials")


async def test_wrong_password_and_unknown_user_look_the_same() -> None:
    site = Site()
    async with site.client() as client:
        wrong = await client.post("/api/v1/session", json={"username": "operator", "password": "x"})
        unknown = await client.post("/api/v1/session", json={"username": "nobody", "password": "x"})
    assert_problem(wrong, 401, "credentials")
    assert wrong.content == unknown.content


def test_an_unknown_user_costs_a_hash_of_the_same_strength(monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[str] = []

    class Recording:
        def verify(self, password_hash: str, password: str) -> bool:
            judged.append(password_hash)
            return True

    verify_password(None, "x")  # the hash that nobody's password fits exists now
    real = hash_password("y")
    monkeypatch.setattr("monitor.api.passwords.HASHER", Recording())
    assert not verify_password(None, "x")
    assert verify_password(real, "x")
    parameters = [encoded.split("$")[1:4] for encoded in judged]
    assert parameters[0] == parameters[1]
    assert parameters[0][0] == "argon2id"


async def test_ten_wrong_passwords_are_slowed_and_do_not_flood_the_journal() -> None:
    site = Site()
    async with site.client() as client:
        answers = [
            await client.post("/api/v1/session", json={"username": "operator", "password": f"wrong{number}"})
            for number in range(10)
        ]
        assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 5
        assert_problem(answers[-1], 429, "throttled")
        assert answers[-1].headers["retry-after"] == "2"
        # the right password does not help while the wait runs, and somebody else is not held up
        right = {"username": "operator", "password": PASSWORD}
        assert (await client.post("/api/v1/session", json=right)).status_code == 429
        other = await client.post("/api/v1/session", json={"username": "viewer", "password": PASSWORD})
        assert other.status_code == 200
        site.clock.advance(3)
        again = await client.post("/api/v1/session", json={"username": "operator", "password": "wrong"})
        assert again.status_code == 401
        answer = await client.post("/api/v1/session", json=right)
        assert answer.headers["retry-after"] == "4"
        site.clock.advance(5)
        assert (await client.post("/api/v1/session", json=right)).status_code == 200
    assert site.journal.kinds() == ["login_refused", "login_refused", "login", "login_refused", "login"]
    values = [orjson.loads(row.body)["values"] for row in site.journal.kept if row.kind == "login_refused"]
    assert [value["failures"] for value in values] == [1, 5, 6]
    assert [value["also_refused"] for value in values] == [0, 3, 0]


async def test_parallel_guesses_count_too() -> None:
    site = Site()
    async with site.client() as client:
        answers = await asyncio.gather(
            *(
                client.post("/api/v1/session", json={"username": "operator", "password": f"wrong{number}"})
                for number in range(8)
            )
        )
    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 3


async def test_guesses_at_many_names_do_not_flood_the_journal() -> None:
    site = Site()
    async with site.client() as client:
        for number in range(10):
            await client.post("/api/v1/session", json={"username": f"name{number}", "password": "x"})
    assert site.journal.kinds() == ["login_refused"] * 6
    # what was typed as a name may be a password: it is not kept
    assert b"name" not in b"".join(row.body for row in site.journal.kept).replace(b"person_name", b"")


def test_waits_double_up_to_a_bound() -> None:
    assert [penalty_s(count) for count in range(4, 9)] == [0, 2, 4, 8, 16]
    assert penalty_s(10_000) == LONGEST_WAIT_S


def test_the_window_forgives_and_memory_is_bounded() -> None:
    throttle = LoginThrottle()
    for _ in range(FREE_FAILURES):
        throttle.attempt(("a", "x"), 0)
    assert throttle.wait_s(("a", "x"), 0) == 2
    assert throttle.wait_s(("a", "x"), 16 * 60 * SECOND_NS) == 0
    for number in range(10_050):
        throttle.attempt((f"n{number}", "x"), SECOND_NS)
    assert len(throttle._failures) == 10_000


def test_refusal_rows_come_again_after_a_minute() -> None:
    record = RefusalRecord(most=2)
    assert [record.take(1, 0) for _ in range(4)] == [0, 0, None, None]
    assert record.take(2, 61 * SECOND_NS) is None
    assert record.take(1, 61 * SECOND_NS) == 3


async def test_a_full_queue_of_log_ins_is_turned_away() -> None:
    verifier = Verifier(at_once=1, waiting_most=2)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(verifier.verify(password_hash(), PASSWORD)) for _ in range(2)]
        await asyncio.sleep(0)
        assert verifier.is_full
    assert [task.result() for task in tasks] == [True, True]
    assert not verifier.is_full


def test_passwords() -> None:
    encoded = hash_password("p")
    assert encoded.startswith("$argon2id$")
    assert verify_password(encoded, "p")
    assert not verify_password(encoded, "q")
    assert not verify_password("not a hash", "q")
    made = {new_password() for _ in range(50)}
    assert len(made) == 50
    assert {len(password) for password in made} == {16}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, True),
        ({"host": "h:8000", "origin": "http://h:8000"}, True),
        ({"host": "h", "origin": "https://h"}, True),
        ({"host": "h:443", "origin": "https://h"}, True),
        ({"host": "h:8000", "origin": "http://h:8001"}, False),
        ({"host": "h:8000", "origin": "http://h.evil:8000"}, False),
        ({"host": "h:8000", "origin": "null"}, False),
        ({"host": "h:8000", "origin": "http://h:8000:8000"}, False),
        ({"host": "h:8000", "origin": "file://h:8000"}, False),
        ({"host": "h:8000", "origin": ""}, False),
        ({"host": "[::1]:8000", "origin": "http://[::1]:8000"}, True),
        ({"host": "h:8000", "origin": "https://ok.example"}, True),
        ({"host": "h:8000", "sec-fetch-site": "cross-site"}, False),
        ({"host": "h:8000", "sec-fetch-site": "same-origin"}, True),
    ],
)
def test_same_origin(headers: dict[str, str], expected: bool) -> None:
    assert is_same_origin(Headers(headers), ["https://ok.example"]) is expected


async def test_a_foreign_page_cannot_log_in_or_command() -> None:
    site = Site()
    site.board.judge("LT-101.HH")
    async with site.client("operator") as client:
        foreign = {"origin": "http://evil.example"}
        login = {"username": "operator", "password": PASSWORD}
        assert_problem(await client.post("/api/v1/session", json=login, headers=foreign), 403, "origin")
        assert_problem(await client.delete("/api/v1/session", headers=foreign), 403, "origin")
        path = "/api/v1/alarms/LT-101.HH/acknowledge"
        assert_problem(await client.post(path, json={"occurrence": 1}, headers=foreign), 403, "origin")
        ours = {"origin": "http://redline.test"}
        assert (await client.post(path, json={"occurrence": 1}, headers=ours)).status_code == 200
