"""Hostile input: always a 4xx in one form, never a 500, never an echo of what was sent."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.monitor.api.fakes import PASSWORD, Site, assert_problem

API = "/api/v1"
ACKNOWLEDGE = f"{API}/alarms/LT-101.HH/acknowledge"
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        (b"", 422, "validation"),
        (b"{", 422, "validation"),
        (b"null", 422, "validation"),
        (b"[]", 422, "validation"),
        (b'"x"', 422, "validation"),
        (b"\xff\xfe", 422, "validation"),
        (b'{"occurrence": "\xff"}', 400, "request"),
        (b'{"occurrence": NaN}', 422, "validation"),
        (b'{"occurrence": Infinity}', 422, "validation"),
        (b'{"occurrence": 1e999}', 422, "validation"),
        (b'{"occurrence": 1.5}', 422, "validation"),
        (b'{"occurrence": 0}', 422, "validation"),
        (b'{"occurrence": -1}', 422, "validation"),
        (b'{"occurrence": ' + b"9" * 5000 + b"}", 400, "request"),
        (b'{"occurrence": true, "comment": 5}', 422, "validation"),
        (b'{"occurrence": 1, "comment": "\\ud800"}', 422, "validation"),
        (b'{"occurrence": 1, "comment": "' + b"x" * 501 + b'"}', 422, "validation"),
        (b'{"occurrence": 1, "admin": true}', 422, "validation"),
        (b"[" * 60_000, 400, "request"),
        (b'{"a":' * 10_000, 400, "request"),
    ],
)
async def test_bodies_of_a_command(body: bytes, status: int, slug: str) -> None:
    site = Site()
    site.board.judge("LT-101.HH")
    async with site.client("operator") as client:
        answer = await client.post(ACKNOWLEDGE, content=body, headers=JSON)
        assert_problem(answer, status, slug)
        assert (await client.get(f"{API}/alarms")).json()[0]["state"] == "unacknowledged"


async def test_an_occurrence_beyond_64_bits_is_a_conflict_or_refused() -> None:
    site = Site()
    site.board.judge("LT-101.HH")
    async with site.client("operator") as client:
        answer = await client.post(ACKNOWLEDGE, content=b'{"occurrence": 99999999999999999999999}', headers=JSON)
        assert answer.status_code in {409, 422}
        assert answer.headers["content-type"].startswith("application/problem+json")


async def test_all_wrong_fields_are_named_and_no_password_comes_back() -> None:
    async with Site().client() as client:
        answer = await client.post(
            f"{API}/session", json={"username": "", "password": "s3cret" * 100, "s3cret-field": "s3cret"}
        )
    problem = assert_problem(answer, 422, "validation")
    errors = problem["errors"]
    assert isinstance(errors, list)
    assert [line.split(":")[0] for line in errors] == ["username", "password", "s3cret-field"]
    assert "文本过短" in errors[0]
    assert "s3crets3cret" not in answer.text


async def test_many_wrong_fields_are_bounded() -> None:
    body = {f"field\u202e{number}" + "x" * 200: 1 for number in range(200)}
    async with Site().client() as client:
        problem = assert_problem(await client.post(f"{API}/session", json=body), 422, "validation")
    errors = problem["errors"]
    assert isinstance(errors, list)
    assert len(errors) == 51
    assert max(len(line) for line in errors) < 150
    assert "\u202e" not in "".join(errors)


async def test_a_body_larger_than_64_kib_is_413_stated_or_not() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(70):
            yield b" " * 1024

    async with Site().client("operator") as client:
        stated = await client.post(ACKNOWLEDGE, content=b" " * 65_537, headers=JSON)
        assert_problem(stated, 413, "too-large")
        chunked = await client.post(ACKNOWLEDGE, content=pieces(), headers=JSON)
        assert_problem(chunked, 413, "too-large")
        for length in ("-1", "x", "9" * 30):
            answer = await client.post(ACKNOWLEDGE, content=b"{}", headers={**JSON, "content-length": length})
            assert answer.status_code in {400, 413}
        just = await client.post(ACKNOWLEDGE, content=b" " * 65_536, headers=JSON)
        assert_problem(just, 422, "validation")


@pytest.mark.parametrize(
    "parameters",
    [
        {"points": "-1"},
        {"points": "0"},
        {"points": "5001"},
        {"points": "NaN"},
        {"points": "inf"},
        {"points": "9" * 5000},
        {"points": ""},
        {"from": "nan"},
        {"from": "1e400"},
        {"from": "0.5"},
        {"from": "1767225600"},
        {"from": "2026-01-01T00:00:00 08:00"},
        {"from": "２０２６-01-01T00:00:00Z"},
        {"to": "2026-01-01"},
        {"from": "2026-01-01T00:00:00Z'--"},
    ],
)
async def test_trend_parameters(parameters: dict[str, str]) -> None:
    site = Site()
    async with site.client("viewer") as client:
        assert_problem(await client.get(f"{API}/tags/LT-101/trend", params=parameters), 422, "validation")
    assert site.history.asked == []


@pytest.mark.parametrize(
    "path", ["/figures", "/figures/nuisance", "/interlocks/rates", "/sequence", "/permits", "/journal"]
)
@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00Z", "1677-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
@pytest.mark.parametrize("bound", ["from", "to"])
async def test_moments_at_the_ends_of_the_calendar(path: str, moment: str, bound: str) -> None:
    async with Site().client("engineer") as client:
        answer = await client.get(API + path, params={bound: moment})
    assert answer.status_code in {200, 422}, answer.text


async def test_a_permit_number_beyond_64_bits() -> None:
    async with Site().client("engineer") as client:
        assert_problem(await client.get(f"{API}/permits", params={"before": 2**63}), 422, "validation")
        assert (await client.get(f"{API}/permits", params={"before": 2**63 - 1})).status_code == 200


async def test_methods_and_addresses_that_do_not_exist() -> None:
    async with Site().client("viewer") as client:
        assert_problem(await client.get(f"{API}/nothing"), 404, "not-found")
        assert_problem(await client.get("/api"), 404, "not-found")
        assert_problem(await client.get("/api/v2/tags"), 404, "not-found")
        wrong = await client.post(f"{API}/tags", json={})
        assert_problem(wrong, 405, "method")
        assert wrong.headers["allow"] == "GET"
        assert_problem(await client.put(f"{API}/alarms/LT-101.HH/acknowledge", json={}), 405, "method")
        assert (await client.put(f"{API}/session", json={})).headers["allow"] == "DELETE, GET, POST"
        assert (await client.post("/alarms")).headers["allow"] == "GET, HEAD"
        assert_problem(await client.delete(f"{API}/nothing"), 404, "not-found")


@pytest.mark.parametrize(
    "path",
    [
        "/tags/%00",
        "/tags/..%2f..%2fetc%2fpasswd",
        "/tags/%ff%fe",
        "/alarms/%F0%9F%98%80",
        "/sources/" + "x" * 5000,
        "/tags/%0d%0aX:1",
    ],
)
async def test_ids_that_are_no_ids(path: str) -> None:
    async with Site().client("viewer") as client:
        assert_problem(await client.get(API + path), 404, "not-found")


async def test_an_inner_error_is_a_problem_too(caplog: pytest.LogCaptureFixture) -> None:
    site = Site()
    async with site.client("viewer") as client:
        site.journal.broken = True
        answer = await client.get(f"{API}/journal")
    assert_problem(answer, 500, "internal")
    assert "the disk is gone" not in answer.text
    assert "the disk is gone" in caplog.text


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200), content_type=st.sampled_from(["application/json", "text/plain", "x/y", ""]))
async def test_no_bytes_make_a_500(body: bytes, content_type: str) -> None:
    async with Site().client() as client:
        answer = await client.post(f"{API}/session", content=body, headers={"content-type": content_type})
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"].startswith("application/problem+json")


# --- headers and the console's files ------------------------------------------------------------
async def test_every_answer_carries_the_security_headers(tmp_path: Path) -> None:
    site = Site(console_dist=tmp_path)
    async with site.client("viewer") as client:
        answers = [await client.get(path) for path in ("/", f"{API}/tags", f"{API}/nothing", f"{API}/health")]
        answers.append(await client.post(ACKNOWLEDGE, content=b" " * 70_000))
        answers.append(await client.post(ACKNOWLEDGE, headers={"origin": "http://evil.example"}))
    for answer in answers:
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "script-src" not in answer.headers["content-security-policy"]  # 'self' alone, from default-src
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<!doctype html>console")
    (dist / "assets" / "index-abc123.js").write_text("run()")
    (dist / "logo.svg").write_text("<svg/>")
    (tmp_path / "secret.txt").write_text("secret")
    return dist


async def test_the_console_is_served_without_log_in(dist: Path) -> None:
    async with Site(console_dist=dist).client() as client:
        for path in (
            "/",
            "/alarms",
            "/alarms/LT-101.HH",
            "/alarms/LT-101.HH/",
            "/tags/XV-101I.OPEN",
            "/tanks",
            "/index.html",
        ):
            answer = await client.get(path)
            assert (answer.status_code, answer.text) == (200, "<!doctype html>console"), path
            assert answer.headers["content-type"].startswith("text/html")
            assert answer.headers["cache-control"] == "no-cache"
        asset = await client.get("/assets/index-abc123.js")
        assert asset.text == "run()"
        assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert (await client.get("/logo.svg")).headers["cache-control"] == "no-cache"
        again = await client.get("/", headers={"if-none-match": (await client.get("/")).headers["etag"]})
        assert again.status_code == 304
        assert (await client.head("/")).status_code == 200
        # a file that is gone is 404, not a page that a script tag would choke on
        assert_problem(await client.get("/assets/index-old.js"), 404, "not-found")


@pytest.mark.parametrize(
    "path",
    ["/../secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt", "/%00.txt", "//etc/passwd",
     "/..%5csecret.txt", "/" + "x" * 3000 + ".js", "/assets/index-abc123.js/x.js"],
)  # fmt: skip
async def test_nothing_outside_the_console_is_served(dist: Path, path: str) -> None:
    async with Site(console_dist=dist).client() as client:
        answer = await client.get(path)
    assert "secret" not in answer.text.replace("secret.txt", "")
    assert "root:" not in answer.text
    assert answer.status_code == 404 or answer.text == "<!doctype html>console"


async def test_a_console_that_is_not_built_says_how_to_build_it(tmp_path: Path) -> None:
    async with Site(console_dist=tmp_path / "missing").client() as client:
        answer = await client.get("/alarms")
        assert answer.status_code == 503
        assert "make console" in answer.text
        assert "控制台尚未构建" in answer.text
        assert (
            await client.post(f"{API}/session", json={"username": "viewer", "password": PASSWORD})
        ).status_code == 200
