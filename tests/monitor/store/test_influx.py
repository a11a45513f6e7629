"""Line protocol outwards: against Debian's VictoriaMetrics, and against a server that refuses, fails and is away."""

import asyncio
import math
import re
import shutil
import socket
import subprocess
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import orjson
import pytest

from monitor.store import influx as influx_module
from monitor.store.influx import InfluxTarget, InfluxWriter, influx_target, open_influx
from rules.columns.quality import Quality
from rules.columns.readings import Origin
from tests.monitor.store.samples import PLANT, WALL_NS
from tests.monitor.store.test_history import batch, table
from tests.patience import eventually

LINE = re.compile(rb"reading,plant=demo,tag=[A-Za-z0-9_.\-]+ value=-?[0-9][0-9.e+\-]*,quality=[0-4]i [0-9]{19}")


def test_lines_are_valid_and_what_has_no_finite_value_is_left_out() -> None:
    writer = InfluxWriter(
        InfluxTarget(url="http://127.0.0.1:1", bucket="b"), PLANT, table("LT-101", "odd tag,x=1", "C")
    )
    values = [1.5, 2.0, -1e-300, math.nan, math.inf, -math.inf, 1e300, 3.0]
    lines = writer.lines(batch(WALL_NS, [0, 1, 2, 0, 0, 2, 2, 0], values, Quality.UNCERTAIN))
    assert lines[0] == b"reading,plant=demo,tag=LT-101 value=1.5,quality=1i %d" % WALL_NS
    assert len(lines) == 4
    assert all(LINE.fullmatch(line) for line in lines)
    late = writer.lines(batch(WALL_NS, [0], [1.0], source_ns=WALL_NS - 9, origin=Origin.BACKFILL))
    assert late[0].endswith(b" %d" % (WALL_NS - 9))


def test_the_target_is_read_from_the_environment_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret\n")
    target = influx_target(
        {"url_env": "INFLUX_URL", "token_file": str(tmp_path / "token"), "database": "plant"},
        {"INFLUX_URL": "http://127.0.0.1:8428/"},
    )
    assert target == InfluxTarget(url="http://127.0.0.1:8428", bucket="plant/", token="s3cret")
    assert influx_target({"url_env": "U", "bucket": "b", "org": "o"}, {"U": "http://x"}).bucket == "b"
    with pytest.raises(ValueError, match="url_env"):
        influx_target({"url_env": "INFLUX_URL"}, {})
    with pytest.raises(ValueError, match="measurement"):
        influx_target({"url_env": "U", "measurement": "a b"}, {"U": "http://x"})


class Server(ThreadingHTTPServer):
    """Answers what `status_of` says of a body; keeps the bodies it took."""

    def __init__(self, port: int = 0) -> None:
        self.bodies: list[bytes] = []
        self.requests: list[tuple[str, str | None]] = []
        self.poison = b"nothing"
        self.status = 204
        super().__init__(("127.0.0.1", port), Handler)

    def status_of(self, body: bytes) -> int:
        return 400 if self.poison in body else self.status


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((self.path, self.headers["Authorization"]))
        status = self.server.status_of(body)
        if status == 204:
            self.server.bodies.append(body)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def serving(port: int = 0) -> Iterator[Server]:
    with Server(port) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(influx_module, "_SEND_EVERY_S", 0.05)
    monkeypatch.setattr(influx_module, "_LONGEST_PAUSE_S", 0.2)


@pytest.mark.usefixtures("quick")
async def test_a_refused_request_is_halved_until_the_bad_line_is_alone() -> None:
    with serving() as server:
        server.poison = b"value=13.0,"
        target = InfluxTarget(url=f"http://127.0.0.1:{server.server_port}", bucket="b", org="o", token="t0ken")
        async with open_influx(target, PLANT, table("A")) as writer:
            for number in range(40):
                writer.put(batch(WALL_NS + number, [0], [float(number)]))
            writer.put(batch(WALL_NS, [0, 0], [math.nan, math.inf]))
            await eventually(lambda: writer.sent_lines == 39)
            assert (writer.refused_lines, writer.skipped_rows, writer.error) == (1, 2, "")
        lines = [line for body in server.bodies for line in body.split(b"\n")]
        values = sorted(float(line.split(b"value=")[1].split(b",")[0]) for line in lines)
        assert values == [float(number) for number in range(40) if number != 13]
        path, authorization = server.requests[0]
        assert path.startswith("/api/v2/write?")
        assert "precision=ns" in path
        assert "bucket=b" in path
        assert authorization == "Token t0ken"


@pytest.mark.usefixtures("quick")
async def test_a_server_that_is_away_or_fails_is_tried_again_and_nothing_in_the_queue_is_lost() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with open_influx(InfluxTarget(url=f"http://127.0.0.1:{port}", bucket="b"), PLANT, table("A")) as writer:
        writer.put(batch(WALL_NS, [0], [1.0]))
        await eventually(lambda: writer.error != "")
        with serving(port) as server:
            server.status = 503
            await eventually(lambda: writer.error == "HTTP 503")
            writer.put(batch(WALL_NS + 1, [0], [2.0]))
            server.status = 204
            await eventually(lambda: writer.sent_lines == 2)
            assert writer.error == ""
            lines = b"\n".join(server.bodies).split(b"\n")
            assert [line.rpartition(b" ")[2] for line in lines] == [b"%d" % WALL_NS, b"%d" % (WALL_NS + 1)]


@pytest.mark.usefixtures("quick")
async def test_a_server_that_does_not_keep_up_costs_oldest_batches_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(influx_module, "MAX_ROWS", 100)
    async with open_influx(InfluxTarget(url="http://127.0.0.1:1", bucket="b"), PLANT, table("A")) as writer:
        writer.put(batch(WALL_NS, [0], [1.0]))
        await eventually(lambda: writer.error != "")
        for number in range(30):
            writer.put(batch(WALL_NS + number, [0] * 10, [1.0] * 10))
        assert writer.dropped_rows == 200


@pytest.fixture
async def victoria(tmp_path: Path) -> AsyncIterator[str]:
    binary = shutil.which("victoria-metrics")
    assert binary is not None, "apt-get install victoria-metrics"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    with (tmp_path / "victoria.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            binary,
            f"-httpListenAddr={address}",
            f"-storageDataPath={tmp_path / 'victoria'}",
            "-retentionPeriod=100y",
            "-memory.allowedBytes=64MB",
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        async with asyncio.timeout(60), httpx.AsyncClient() as client:
            while True:
                try:
                    if (await client.get(f"http://{address}/health")).status_code == 200:
                        break
                except httpx.TransportError:
                    assert process.returncode is None, (tmp_path / "victoria.log").read_text()
                await asyncio.sleep(0.1)
        yield f"http://{address}"
    finally:
        process.terminate()
        await process.wait()


@pytest.mark.slow
async def test_victoria_metrics_keeps_what_was_sent(victoria: str) -> None:
    start_ns = WALL_NS - WALL_NS % 1_000_000
    start_ns -= 86_400 * 1_000_000_000 * 400  # it drops what lies in its future
    expected = {}
    async with open_influx(InfluxTarget(url=victoria, bucket="redline/"), PLANT, table("LT-101", "PT-102")) as writer:
        for number in range(500):
            moment, value = start_ns + number * 1_000_000_000, math.sin(number) * 10
            bad = number % 50 == 49
            writer.put(batch(moment, [0, 1], [math.nan if bad else value, float(number % 2)]))
            if not bad:
                expected[moment // 1_000_000] = value
        await eventually(lambda: writer.sent_lines == 990, 60)
        assert (writer.skipped_rows, writer.refused_lines, writer.dropped_rows, writer.error) == (10, 0, 0, "")
    async with httpx.AsyncClient() as client:
        async with asyncio.timeout(60):
            while True:
                selector = 'reading_value{tag="LT-101",plant="demo"}'
                answer = await client.get(f"{victoria}/api/v1/export", params={"match[]": selector})
                series = [orjson.loads(line) for line in answer.content.splitlines()]
                found = {
                    moment: value
                    for item in series
                    for moment, value in zip(item["timestamps"], item["values"], strict=True)
                }
                if len(found) == len(expected):
                    break
                await asyncio.sleep(0.2)
        assert found.keys() == expected.keys()
        assert all(math.isclose(found[moment], expected[moment], rel_tol=1e-9) for moment in expected)
        metrics = (await client.get(f"{victoria}/metrics")).text
        ignored = re.findall(r"^vm_rows_(?:invalid|ignored)_total\{[^}]*\} (\d+)", metrics, re.M)
        assert set(ignored) <= {"0"}
