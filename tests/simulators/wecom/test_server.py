"""The simulated webhook refuses as the real one is documented to, over HTTP."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulators.wecom import webhook as webhook_module
from simulators.wecom.server import SEND, WecomServer, main
from simulators.wecom.webhook import Webhook

KEY = "demo-key"
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def server() -> Iterator[WecomServer]:
    one = WecomServer(Webhook(KEY))
    one.start()
    yield one
    one.stop()


@pytest.fixture
def client(server: WecomServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{server.port}", trust_env=False, timeout=10) as one:
        yield one


def text(content: object, **more: object) -> dict[str, object]:
    return {"msgtype": "text", "text": {"content": content, **more}}


def send(client: httpx.Client, message: object, key: str = KEY) -> int:
    response = client.post(SEND, params={"key": key}, json=message)
    assert response.status_code == 200, "HTTP 200 whatever the errcode"
    answer = response.json()
    assert answer["errmsg"]
    return int(answer["errcode"])


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (text("报警"), 0),
        (text("警" * 682 + "ab"), 0),
        (text("警" * 682 + "abc"), 45002),
        (text(""), 44004),
        ({"msgtype": "text", "text": {}}, 44004),
        ({"msgtype": "telegram", "telegram": {"content": "x"}}, 40008),
        ({}, 40008),
        ({"msgtype": "text"}, 40058),
        (text(5), 40058),
        (["a list"], 40058),
        (text("x", mentioned_list="@all"), 40058),
        (text("x", mentioned_list=["u" * 65]), 40058),
        (text("x", mentioned_list=["@all", "zhang"]), 0),
        ({"msgtype": "markdown", "markdown": {"content": "**x**" * 500}}, 0),
    ],
)
def test_errcodes(client: httpx.Client, message: object, code: int) -> None:
    assert send(client, message) == code
    assert client.get("/log").json()[-1]["errcode"] == code


def test_a_wrong_key_and_no_key(client: httpx.Client) -> None:
    assert send(client, text("x"), key="wrong") == 93000
    assert client.post(SEND, json=text("x")).json()["errcode"] == 93000


def test_not_json_and_not_post(client: httpx.Client) -> None:
    assert client.post(SEND, params={"key": KEY}, content=b"{").json()["errcode"] == 40058
    assert client.get(SEND, params={"key": KEY}).json()["errcode"] == 40058


def test_twenty_a_minute_sliding(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_module, "WINDOW_NS", 1_500_000_000)
    assert [send(client, text(str(n))) for n in range(25)] == [0] * 20 + [45009] * 5
    assert send(client, text("x"), key="wrong") == 93000
    deadline = time.monotonic() + 20
    while send(client, text("again")) != 0:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_the_log_says_when_what_and_whom(client: httpx.Client) -> None:
    before_ns = time.time_ns()
    send(client, text("一号罐\nLT-1.HH#3", mentioned_list=["@all"]))
    send(client, text("第二条"))
    first, second = client.get("/log").json()
    assert before_ns <= first["received_wall_ns"] <= second["received_wall_ns"] <= time.time_ns()
    assert first | {"received_wall_ns": 0} == {
        "n": 1, "received_wall_ns": 0, "errcode": 0, "text": "一号罐\nLT-1.HH#3", "mentioned": ["@all"],
    }  # fmt: skip
    assert client.get("/log?after=1").json() == [second]


@pytest.mark.parametrize("code", [93000, 45009, -1, 12345])
def test_played_refusals(client: httpx.Client, code: int) -> None:
    assert client.post("/control", json={"errcode": code}).json() == {"errcode": code, "delay_s": 0.0, "silent": False}
    assert send(client, text("x")) == code
    client.post("/control", json={"errcode": 0})
    assert send(client, text("x")) == 0


def test_played_delay(client: httpx.Client) -> None:
    client.post("/control", json={"delay_s": 0.3})
    started_ns = time.time_ns()
    assert send(client, text("x")) == 0
    assert client.get("/log").json()[0]["received_wall_ns"] - started_ns >= 300_000_000


def test_played_silence(client: httpx.Client) -> None:
    client.post("/control", json={"silent": True})
    with pytest.raises(httpx.TimeoutException):
        client.post(SEND, params={"key": KEY}, json=text("未答"), timeout=0.3)
    (line,) = client.get("/log").json()
    assert (line["errcode"], line["text"]) == (None, "未答")
    client.post("/control", json={"silent": False})
    assert send(client, text("x")) == 0


@pytest.mark.parametrize("wanted", [{"errcode": "x"}, {"errcode": True}, {"silent": 1}, {"volume": 11}, [1], None])
def test_control_refuses_what_it_does_not_know(client: httpx.Client, wanted: Any) -> None:
    response = client.post("/control", content=json.dumps(wanted))
    assert response.status_code == 400
    assert response.json()["error"]
    assert send(client, text("x")) == 0


def test_the_page_and_what_is_not_there(client: httpx.Client) -> None:
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "值班手机" in page.text
    assert client.get("/nothing").status_code == 404
    assert client.post("/nothing", json={}).status_code == 404
    assert client.post(SEND, content=b" " * 1_000_001).status_code == 413


def test_many_at_once_are_counted_one_by_one(client: httpx.Client) -> None:
    codes: list[int] = []
    threads = [threading.Thread(target=lambda: codes.append(send(client, text("x")))) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == [0] * 20 + [45009] * 10
    assert [line["n"] for line in client.get("/log").json()] == list(range(1, 31))


def test_a_taken_port_is_said(server: WecomServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--port", str(server.port)]) == 1
    assert f"port {server.port}" in capsys.readouterr().out


@pytest.mark.slow
def test_as_a_process() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "import sys; from simulators.wecom.server import main; sys.exit(main(sys.argv[1:]))",
         "--port", "0", "--key", "k2", "--per-minute", "2"],
        stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline().split("http://127.0.0.1:")[1].split()[0])
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
            assert [send(client, text("x"), key="k2") for _ in range(3)] == [0, 0, 45009]
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
