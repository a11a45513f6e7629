"""The whole chain under load: how long from a write at the source to decision, journal and stream, and at what cost."""

import csv
import itertools
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx

from monitor.cli import demo
from tests.benchmarks.decisions import Latencies, Write, latencies
from tests.benchmarks.figures import Figure, of_runs, percentile
from tests.benchmarks.filled_journal import sync_ms
from tests.benchmarks.service import Child, Service, free_ports
from tests.benchmarks.synthetic_plant import ANALOGS, DISCRETES, write_plant
from tests.faults.rig import Rig

SYNCS, SYNC_PAUSE_S = 200, 0.01
CONTACTS = (".OOS.state", ".FAULT.state", ".BATTERY.state")
"""Alarms of contacts that change nothing else in the simulated plant."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is measured; the smoke test measures little."""

    rounds: int = 3
    alarms: int = 200
    """Points driven beyond their limit in each round; each gives two decisions, raised and returned."""
    seconds: float = 16.0
    """In which a round's alarms begin."""
    devices: int = 20
    """Of the synthetic plant, 500 points each."""
    consoles: int = 20
    restarts: int = 3
    settle_s: float = 3.0
    """Before and after what is measured, so that neither starts nor stops are in it."""


@dataclass(kw_only=True)
class Round:
    """What one round of writes showed."""

    latencies: Latencies
    cpu_percent: float
    rss_mb: float
    loop_lag_p99_ms: float
    loop_lag_max_ms: float
    scan_p50_ms: float
    scan_p99_ms: float
    overruns: int
    sync_p99_ms: float
    """Of a bare write of 4 kB on the same disk, right after the round, with the service and its consoles running."""


@dataclass(kw_only=True)
class Load:
    """All rounds of one plant."""

    tags: int
    rounds: list[Round] = field(default_factory=list)

    def runs(self, of: Callable[[Round], float]) -> list[float]:
        """One value of each round."""
        return [of(each) for each in self.rounds]

    @property
    def decisions(self) -> int:
        """Of all rounds."""
        return sum(len(each.latencies.decided) for each in self.rounds)

    @property
    def missed(self) -> int:
        """Of all rounds."""
        return sum(each.latencies.missed for each in self.rounds)


Writer = Callable[[], list[Write]]
"""Drives one round and returns what the source wrote."""


def run(size: Size) -> tuple[list[Figure], list[str]]:
    """Measure both plants and the restart; returns figures and notes."""
    with tempfile.TemporaryDirectory(prefix="redline-bench-") as name:
        folder = Path(name)
        small, restarts = _measure_demo(folder / "demo", size)
        large = _measure_synthetic(folder / "synthetic", size)
    return _figures(small, large, restarts, size), _notes(small, large, size)


# --- the demo plant -------------------------------------------------------------------------------
def _measure_demo(folder: Path, size: Size) -> tuple[Load, list[tuple[float, float]]]:
    """About 300 tags: the demo plant with every scan class at 200 ms and no alarm delays, its own simulator, all channels."""
    folder.mkdir()
    with Rig(folder) as rig:
        contacts = _without_delays(rig.plant)
        command, environment = demo.monitor_command(folder, rig.plant, rig.ports)
        with Service(folder, command, environment, rig.ports.console) as service:
            service.start()
            order = itertools.cycle(random.Random(7).sample(contacts, len(contacts)))
            load = _load(service, size, lambda: _toggle(rig, order, size))
            restarts = []
            for _ in range(size.restarts):
                service.kill()
                restarts.append(service.start())
    return load, restarts


def _without_delays(plant: Path) -> list[str]:
    """Put every scan class at 200 ms and every state alarm without delay; returns the alarms of harmless contacts."""
    document = plant / "plant.toml"
    text = document.read_text(encoding="utf-8")
    for slower in ("normal = 1.0", "slow = 5.0"):
        assert text.count(slower) == 1, "the demo plant's scan classes changed: the benchmark must follow"
        text = text.replace(slower, f"{slower.split()[0]} = 0.2")
    document.write_text(text, encoding="utf-8")
    sheet = plant / "alarms.csv"
    with sheet.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        columns, rows = list(reader.fieldnames or ()), list(reader)
    states = [row for row in rows if row["kind"] == "state"]
    for row in states:
        row["on_delay_s"] = row["off_delay_s"] = "0"
    with sheet.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    contacts = [row["id"] for row in states if row["id"].endswith(CONTACTS)]
    assert len(contacts) >= 20, "too few contacts to toggle at random"
    return contacts


def _toggle(rig: Rig, order: Iterator[str], size: Size) -> list[Write]:
    """Toggle contacts one after the other at random moments; the simulator's log says when each was in its tables."""
    gap_s, standing, begun_ns = size.seconds / size.alarms, 20, time.time_ns()
    chosen = [next(order) for _ in range(size.alarms)]
    with httpx.Client(base_url=rig.control_url, timeout=10) as control:
        for place in range(size.alarms + standing):
            if place < size.alarms:
                _set(control, chosen[place], 1)
            if place - standing >= 0:
                _set(control, chosen[place - standing], 0)
            time.sleep(random.uniform(0.5, 1.5) * gap_s)
        time.sleep(1.0)
        log = control.get("/log", params={"since_wall_ns": begun_ns}).json()
    wanted = {alarm_id.removesuffix(".state") for alarm_id in chosen}
    return [
        Write(wall_ns=entry["wall_ns"], alarm_id=f"{entry['tag']}.state", is_abnormal=bool(entry["value"]))
        for entry in log
        if entry["event"] == "change" and entry["tag"] in wanted
    ]


def _set(control: httpx.Client, alarm_id: str, value: int) -> None:
    answer = control.post("/fault/set", params={"tag": alarm_id.removesuffix(".state"), "value": value})
    answer.raise_for_status()


# --- the synthetic plant --------------------------------------------------------------------------
def _measure_synthetic(folder: Path, size: Size) -> Load:
    """10 000 tags: 20 Modbus devices of 480 float32 and 20 discretes at 200 ms, served by one numpy process."""
    console, *ports = free_ports(1 + size.devices)
    plant = write_plant(folder / "plant", ports)
    addresses = demo.Ports(console=console, opcua=0, modbus_a=0, modbus_b=0, control=0, wecom=0, mqtt=0, nats=0)
    command, environment = demo.monitor_command(folder, plant, addresses)
    with Child("tests.benchmarks.modbus_field", *(str(port) for port in ports)) as source:
        assert source.line() == {"listening": size.devices}
        with Service(folder, command, environment, console) as service:
            service.start()
            return _load(service, size, lambda: _drive(source, size))


def _drive(source: Child, size: Size) -> list[Write]:
    source.tell(f"{size.alarms} {size.seconds}")
    writes: list[Write] = []
    while "done" not in (said := source.line()):
        writes.append(Write(**said))
    return writes


# --- both -----------------------------------------------------------------------------------------
@contextmanager
def _watched(service: Service, consoles: int) -> Iterator[Child]:
    """Consoles and one observer, each in a process of its own; yields the observer."""
    cookie = service.log_in()
    url = f"{service.base.replace('http', 'ws')}/api/v1/stream"
    with (
        Child("tests.benchmarks.watchers", str(consoles), url, cookie) as crowd,
        Child("tests.benchmarks.watchers", "0", url, cookie) as observer,
    ):
        assert crowd.line() == {"connected": consoles}
        assert observer.line() == {"connected": 1}
        yield observer


def _load(service: Service, size: Size, write: Writer) -> Load:
    with _watched(service, size.consoles) as observer:
        load = Load(tags=len(service.get("/tags")))
        time.sleep(size.settle_s)
        for _ in range(size.rounds):
            load.rounds.append(_round(service, observer, write))
    return load


def _round(service: Service, observer: Child, write: Writer) -> Round:
    observer.lines()
    overruns, before = service.overruns(), service.weight()
    writes = write()
    after = service.weight()
    seconds = after.mono_s - before.mono_s
    measured: dict[str, Any] = service.get("/diagnostics", seconds=max(1, min(60, int(seconds))))
    time.sleep(0.5)
    syncs = sync_ms(service.folder, SYNCS, SYNC_PAUSE_S)
    seen = {line["seq"]: (line["seen_wall_ns"], line["journaled_wall_ns"]) for line in observer.lines()}
    return Round(
        latencies=latencies(writes, service.bodies(), seen),
        cpu_percent=100 * (after.cpu_s - before.cpu_s) / seconds,
        rss_mb=after.rss_mb,
        loop_lag_p99_ms=measured["loop_lag"]["p99_ms"],
        loop_lag_max_ms=measured["loop_lag"]["max_ms"],
        scan_p50_ms=measured["scan_duration"]["p50_ms"],
        scan_p99_ms=measured["scan_duration"]["p99_ms"],
        overruns=service.overruns() - overruns,
        sync_p99_ms=percentile(syncs, 99),
    )


# --- figures --------------------------------------------------------------------------------------
def _figures(small: Load, large: Load, restarts: Sequence[tuple[float, float]], size: Size) -> list[Figure]:
    def decided(load: Load, percent: float) -> list[float]:
        return load.runs(lambda each: percentile(each.latencies.decided, percent))

    def core(load: Load, percent: float) -> list[float]:
        return load.runs(lambda each: percentile(each.latencies.streamed, percent))

    big, little = f"{large.tags} tags", f"{small.tags} tags"
    figures = []
    for load, suffix in ((small, "300"), (large, "10000")):
        method = f"{load.tags} tags at 200 ms: write at the source to decision"
        figures.append(of_runs(f"pipeline.decision_p99_ms_{suffix}", decided(load, 99), "ms", method))
        figures.append(of_runs(f"pipeline.decision_p50_ms_{suffix}", decided(load, 50), "ms", method))
    stage = "batch received to the event at an observer in another process, journal first"
    figures += [
        of_runs("pipeline.core_p99_ms", core(large, 99), "ms", f"{big}: {stage}"),
        of_runs("pipeline.core_p50_ms", core(large, 50), "ms", f"{big}: {stage}"),
        of_runs("pipeline.core_p99_ms_300", core(small, 99), "ms", f"{little}: {stage}"),
        of_runs("pipeline.core_p50_ms_300", core(small, 50), "ms", f"{little}: {stage}"),
    ]
    waited = large.runs(lambda each: percentile(each.latencies.waited, 99))
    figures.append(
        of_runs("pipeline.wait_p99_ms", waited, "ms", f"{big}: of that, batch received to the scan that judges it")
    )
    figures.append(
        of_runs("pipeline.disk_sync_p99_ms", large.runs(lambda each: each.sync_p99_ms), "ms",
                f"the floor of it: write 4 kB, fdatasync on the same disk, {SYNCS} times after each round")
    )  # fmt: skip
    durable = large.runs(lambda each: percentile(each.latencies.durable, 99))
    figures.append(of_runs("pipeline.durable_p99_ms", durable, "ms", f"{big}: batch received to the commit (+-1 ms)"))
    told = large.runs(lambda each: percentile(each.latencies.told, 99))
    figures.append(
        of_runs("pipeline.told_p99_ms", told, "ms", f"{big}: the commit to the event at the observer (+-1 ms)")
    )
    for load, suffix in ((large, ""), (small, "_300")):
        with_consoles = f"{load.tags} tags, {size.consoles} consoles"
        figures += [
            of_runs(f"pipeline.cpu_percent{suffix}", load.runs(lambda each: each.cpu_percent), "%",
                    f"{with_consoles}: of one core, the whole process"),
            of_runs(f"pipeline.rss_mb{suffix}", load.runs(lambda each: each.rss_mb), "MB", with_consoles),
            of_runs(f"pipeline.loop_lag_p99_ms{suffix}", load.runs(lambda each: each.loop_lag_p99_ms), "ms",
                    f"{with_consoles}: by how much a 10 ms sleep overran"),
            of_runs(f"pipeline.loop_lag_max_ms{suffix}", load.runs(lambda each: each.loop_lag_max_ms), "ms",
                    with_consoles),
            of_runs(f"pipeline.scan_p50_ms{suffix}", load.runs(lambda each: each.scan_p50_ms), "ms", "one scan"),
            of_runs(f"pipeline.scan_p99_ms{suffix}", load.runs(lambda each: each.scan_p99_ms), "ms",
                    "one scan, commit included"),
        ]  # fmt: skip
    both = (*small.rounds, *large.rounds)
    figures += [
        Figure(
            name="pipeline.scan_overruns", value=sum(each.overruns for each in both), unit="", method="periods not kept"
        ),
        Figure(name="pipeline.decisions", value=small.decisions + large.decisions, unit="", method="measured"),
        Figure(name="pipeline.missed", value=small.missed + large.missed, unit="", method="writes without a decision"),
        of_runs(
            "pipeline.restart_s", [first for first, _ in restarts], "s", f"{little}: kill -9, start to /health 200"
        ),
        of_runs("pipeline.restart_watching_s", [full for _, full in restarts], "s", "to all devices up, nothing blind"),
    ]
    return [replace(figure, value=round(figure.value, 3)) for figure in figures]


def _notes(small: Load, large: Load, size: Size) -> list[str]:
    return [
        f"pipeline: {size.rounds} rounds of {size.alarms} alarms on each plant; each figure is the median over the rounds",
        f"{small.tags} tags: the demo plant, all scan classes 200 ms, state alarms without delay, {small.decisions} decisions; "
        "simulator with asyncua and two pymodbus servers, WeCom simulator, nats-server; source moment = the simulator's log",
        f"{large.tags} tags: {size.devices} Modbus TCP devices of {ANALOGS} float32 (blocks of 120 registers, all values new "
        f"every 100 ms) and {DISCRETES} discretes, one numpy process of the benchmark, {large.decisions} decisions; "
        "source moment = its log",
        f"{size.consoles} WebSocket consoles in one process, one observer in another; history into DuckDB runs; "
        "decision = decided_wall_ns of the journal body, same machine clock",
    ]
