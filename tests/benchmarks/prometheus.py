"""The rule engine beside Prometheus: the same points and limits, how long one evaluation of all alerts takes in each.

Needs `prometheus` (Debian: `apt-get install prometheus`) on the path or in PROMETHEUS; without it there is no figure.
"""

import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import orjson

from rules.catalog import Delays, Limit, RuleSet
from rules.columns.snapshot import Snapshot
from rules.compile import compile_rules
from rules.evaluate import evaluate
from rules.kinds.rates import RateOfChange
from rules.memory import Memory
from tests.benchmarks.figures import Figure, median, of_runs
from tests.benchmarks.rules_workload import HIGH, NORMAL, SECOND, SET_POINTS, Plant, table_of
from tests.ports import free_port

FOR_S: Final = 2
RATE: Final = (30.0, 15)
"""Change within so many seconds."""
TIMES: Final = 5
"""Evaluations of the rule engine for one of Prometheus."""
TOGGLES: Final = 0.0005
FLOOD: Final = 0.01
"""Share of the points that stand high all the time."""
_HIGHER: Final = ("H", "HH")
_DURATION: Final = re.compile(rb'^prometheus_rule_group_last_duration_seconds\{[^}]*points"\} (\S+)$', re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is measured."""

    points: int = 10_000
    seconds: int = 12
    settle_s: int = 8


@dataclass
class Field:
    """The values of all points at this moment, and as the page that Prometheus reads."""

    points: int
    chance: np.random.Generator = field(default_factory=lambda: np.random.default_rng(11))

    def __post_init__(self) -> None:
        self.high = self.chance.random(self.points) < FLOOD
        limits = "\n".join(
            f'tank_limit_{kind.lower()}{{tag="T{number}"}} {at:g}'
            for kind, at in SET_POINTS
            for number in range(self.points)
        )
        self._limits = f"{limits}\n".encode()
        self.move(0.0)

    def move(self, share: float) -> npt.NDArray[np.float64]:
        """New noise, and a share of the points on the other side."""
        self.high ^= self.chance.random(self.points) < share
        values = np.where(self.high, HIGH, NORMAL) + self.chance.normal(0.0, 0.05, self.points)
        levels = "\n".join(f'tank_level{{tag="T{number}"}} {value:.6f}' for number, value in enumerate(values.tolist()))
        self.page = f"{levels}\n".encode() + self._limits
        return values


class Redline:
    """The same alerts in the rule engine, one evaluation a call."""

    def __init__(self, points: int) -> None:
        held = Delays(on_delay_ns=FOR_S * SECOND)
        rules = [rule for number in range(points) for rule in (
            *(Limit(id=f"T{number}.{kind}", tag=f"T{number}", kind=kind, set_point=at, delays=held)  # type: ignore[arg-type]  # of the four
              for kind, at in SET_POINTS),
            RateOfChange(id=f"T{number}.rate", tag=f"T{number}", direction="either", limit=RATE[0] * 60 / RATE[1],
                         window_ns=RATE[1] * SECOND),
        )]  # fmt: skip
        self.rule_set: RuleSet = compile_rules(rules, table_of(points))
        self._seen = next(Plant(points, 0.0).sweeps(1))
        self._now_ns = self._seen.mono_ns
        self._memory = Memory.fresh(self.rule_set, self._now_ns)
        self._shifts = np.random.default_rng(5).normal(0.0, 0.05, (TIMES, points))
        self.true: set[str] = set()

    def evaluate(self, values: npt.NDArray[np.float64]) -> float:
        """Wall seconds of one evaluation, the median of TIMES within a second: another process takes the CPU for longer."""
        return median([self._once(values + shift) for shift in self._shifts])

    def _once(self, values: npt.NDArray[np.float64]) -> float:
        self._now_ns += SECOND // TIMES
        received, before = np.full(values.size, self._now_ns), self._seen
        seen = Snapshot(
            mono_ns=self._now_ns, wall_ns=self._now_ns, value=values, quality=before.quality, status=before.status,
            source_time_ns=before.source_time_ns, received_mono_ns=received, received_wall_ns=received, changed=before.changed,
        )  # fmt: skip
        begun = time.perf_counter()
        verdicts, self._memory = evaluate(self.rule_set, seen, self._memory, self._now_ns)
        took = time.perf_counter() - begun
        self.true = {self.rule_set.ids[at] for at in np.flatnonzero(verdicts.verdict == 1).tolist()}
        return took


def figures(size: Size) -> tuple[list[Figure], list[str]]:
    """`rules.x_prometheus`, or a note that says why not."""
    program = os.environ.get("PROMETHEUS") or shutil.which("prometheus")
    if program is None:
        return [], [
            "rules.x_prometheus was not measured: prometheus is not installed (Debian: apt-get install prometheus)"
        ]
    plant, ours = Field(size.points), Redline(size.points)
    theirs: list[float] = []
    mine: list[float] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        _exporter(plant) as source,
        _running(program, Path(folder), source) as port,
    ):
        for second in range(size.settle_s + size.seconds + FOR_S + 4):
            moving = second < size.settle_s + size.seconds
            took = ours.evaluate(plant.move(TOGGLES if moving else 0.0))
            time.sleep(1.0)
            if second >= size.settle_s and moving:
                mine.append(took)
                theirs.append(_last_evaluation_s(port))
        agree = _firing(port) == {name for name in ours.true if not name.endswith(".rate")}
    if not agree:
        raise RuntimeError("Prometheus and the rule engine do not say the same alerts: no ratio can be told")
    ratios = [one / other for one, other in zip(theirs, mine, strict=True)]
    method = (
        f"{size.points} points, four limits `for: {FOR_S}s` and a rate each: duration of a rule group by its own metric, by the "
        "wall time of an evaluation (median of 5); both each second side by side; the same limit alerts stood at the end"
    )
    said = (
        f"Prometheus: {median(theirs) * 1e3:.0f} ms an evaluation (median), the rule engine {median(mine) * 1e3:.2f} ms; it "
        "matches labels and has no dead band, quality or silence: a peer, not the same engine"
    )
    return [of_runs("rules.x_prometheus", ratios, "x", method)], [said]


@contextmanager
def _exporter(plant: Field) -> Iterator[int]:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = plant.page
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            """Nothing: the table is what people read."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def _running(program: str, folder: Path, source: int) -> Iterator[int]:
    compare = {kind: ">=" if kind in _HIGHER else "<=" for kind, _ in SET_POINTS}
    alerts = [
        {"alert": kind, "expr": f"tank_level {sign} on(tag) tank_limit_{kind.lower()}", "for": f"{FOR_S}s"}
        for kind, sign in compare.items()
    ]
    alerts.append({"alert": "rate", "expr": f"abs(delta(tank_level[{RATE[1]}s])) >= {RATE[0]:g}"})
    (folder / "alerts.json").write_bytes(
        orjson.dumps({"groups": [{"name": "points", "interval": "1s", "rules": alerts}]})
    )
    scrape = [{"job_name": "points", "static_configs": [{"targets": [f"127.0.0.1:{source}"]}]}]
    timing = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config = {"global": timing, "rule_files": [str(folder / "alerts.json")], "scrape_configs": scrape}
    (folder / "prometheus.json").write_bytes(orjson.dumps(config))  # JSON is YAML too
    port = free_port()
    arguments = [f"--config.file={folder / 'prometheus.json'}", f"--storage.tsdb.path={folder / 'data'}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, *arguments, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _wait_until_ready(port, process, folder / "log")
            yield port
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait_until_ready(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(150):
        if process.poll() is not None:
            raise RuntimeError(f"prometheus ended at once: {log.read_text(encoding='utf-8')[-800:]}")
        try:
            _read(port, "/-/ready")
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError("prometheus was not ready within 30 s")


def _read(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        body: bytes = answer.read()
    return body


def _last_evaluation_s(port: int) -> float:
    found = re.search(
        rb'^prometheus_rule_group_last_duration_seconds\{[^}]*points"\} (\S+)$', _read(port, "/metrics"), re.MULTILINE
    )
    if found is None:
        raise RuntimeError("prometheus does not tell how long its rules took")
    return float(found[1])


def _firing(port: int) -> set[str]:
    told = orjson.loads(_read(port, "/api/v1/alerts"))["data"]["alerts"]
    labels = [alert["labels"] for alert in told if alert["state"] == "firing"]
    return {f"{label['tag']}.{label['alertname']}" for label in labels if label["alertname"] != "rate"}
