"""The alarm life cycle under load: bursts on disk, a restart with everything standing, answers, and a flood on the stream."""

import asyncio
import random
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from drivers import registry
from monitor.cli import demo
from monitor.plant.folder import read_plant
from monitor.plant.plant import Plant
from monitor.store.head import HEAD_NAME, read_head
from tests.benchmarks import commits
from tests.benchmarks.commits import Commits
from tests.benchmarks.decisions import RAISED, Write, latencies
from tests.benchmarks.figures import Figure, of_runs, percentile
from tests.benchmarks.filled_journal import Filled, fill, sync_ms
from tests.benchmarks.service import Child, Service, free_ports
from tests.benchmarks.synthetic_plant import ANALOGS, DISCRETES, write_plant

POINTS: Final = ANALOGS + DISCRETES
PAUSE_S: Final = (0.02, 0.08)
"""Between two acknowledgements: like several people in a hurry, and not in step with scans or frames."""
HEAD_POLL_S: Final = 0.002


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is measured; the smoke test measures little."""

    burst: int = 10_000
    singles: int = 500
    bursts: int = 5
    devices: int = 20
    """Of the synthetic plant, 500 points with an alarm each."""
    journal_rows: int = 1_000_000
    restarts: int = 3
    acknowledgements: int = 400
    consoles: int = 2
    """Open beside the observer: 5 frames a second each."""
    flood: int = 5_000
    floods: int = 3
    settle_s: float = 3.0
    """Before and after what is measured, so that neither starts nor stops are in it."""


@dataclass(kw_only=True)
class Standing:
    """What was measured while every alarm of the plant stood."""

    active: int = 0
    restart_s: list[float] = field(default_factory=list)
    health_s: list[float] = field(default_factory=list)
    watching_s: list[float] = field(default_factory=list)
    acknowledge_ms: list[float] = field(default_factory=list)
    decided_ms: list[float] = field(default_factory=list)
    """Of the same, from the request to the step on the board; the rest is commit and answer."""
    sync_ms: list[float] = field(default_factory=list)
    frames_per_s: float = 0.0
    loop_lag_p99_ms: float = 0.0


@dataclass(kw_only=True)
class Flood:
    """Milliseconds of the alarms of one flood, and what was not seen."""

    decided: list[float]
    """From the write at the source to the decision."""
    streamed: list[float]
    """From the decision to the event at the observer, of the raises only."""
    missed: int
    unseen: int
    loop_lag_max_ms: float


def run(size: Size) -> tuple[list[Figure], list[str]]:
    """Measure all of it; returns figures and notes."""
    with tempfile.TemporaryDirectory(prefix="redline-bench-") as name:
        folder = Path(name)
        written = _measure_commits(folder / "commits", size)
        filled, standing = _measure_standing(folder / "standing", size)
        floods = _measure_floods(folder / "flood", size)
    return _figures(written, filled, standing, floods, size), _notes(filled, standing, size)


def _measure_commits(folder: Path, size: Size) -> Commits:
    devices = -(-(size.burst + size.singles) // POINTS)
    plant = _plant(folder, list(range(20_000, 20_000 + devices)))  # never opened: any port will do
    return asyncio.run(commits.measure(folder / "state", plant, size.burst, size.singles, size.bursts))


def _plant(folder: Path, ports: Sequence[int]) -> Plant:
    return read_plant(write_plant(folder / "plant", ports), registry).plant


@contextmanager
def _field(folder: Path, size: Size, *, abnormal: int) -> Iterator[tuple[Plant, Child, Service]]:
    """The synthetic devices with so many points beyond their limit, their plant, and a service that is not started yet."""
    console, *ports = free_ports(1 + size.devices)
    plant = _plant(folder, ports)
    addresses = demo.Ports(console=console, opcua=0, modbus_a=0, modbus_b=0, control=0, wecom=0, mqtt=0, nats=0)
    command, environment = demo.monitor_command(folder, folder / "plant", addresses)
    with Child("tests.benchmarks.modbus_field", *(str(port) for port in ports)) as source:
        assert source.line() == {"listening": size.devices}
        _drive(source, f"{abnormal} 0 hold")
        with Service(folder, command, environment, console) as service:
            yield plant, source, service


def _drive(source: Child, order: str) -> list[Write]:
    source.tell(order)
    writes: list[Write] = []
    while "done" not in (said := source.line()):
        writes.append(Write(**said))
    return writes


@contextmanager
def _watched(service: Service, consoles: int) -> Iterator[tuple[Child, Child]]:
    """Consoles in one process and an observer in another; yields both."""
    cookie = service.log_in()
    url = f"{service.base.replace('http', 'ws')}/api/v1/stream"
    with (
        Child("tests.benchmarks.watchers", str(consoles), url, cookie) as crowd,
        Child("tests.benchmarks.watchers", "0", url, cookie) as observer,
    ):
        assert crowd.line() == {"connected": consoles}
        assert observer.line() == {"connected": 1}
        yield crowd, observer


# --- everything stands ----------------------------------------------------------------------------
def _measure_standing(folder: Path, size: Size) -> tuple[Filled, Standing]:
    """Restart, and answers of a person, with every alarm of the plant active and a long journal."""
    found = Standing()
    state = folder / "state"
    with _field(folder, size, abnormal=size.devices * POINTS) as (plant, _, service):
        filled = asyncio.run(fill(state, plant, size.journal_rows))
        service.start()  # the first start also makes the accounts
        for _ in range(size.restarts):
            service.kill()
            begun = _head_seq(state), service.launch()
            found.restart_s.append(_first_commit(state, *begun))
            health_s, watching_s = service.watching(begun[1])
            found.health_s.append(health_s)
            found.watching_s.append(watching_s)
        with _watched(service, size.consoles) as (crowd, _):
            time.sleep(size.settle_s)
            _acknowledge(service, crowd, found, size)
    return filled, found


def _head_seq(state: Path) -> int:
    head = read_head(state / HEAD_NAME)
    assert head is not None
    return head.seq


def _first_commit(state: Path, seq: int, begun: float) -> float:
    """Seconds from the start of the process to its first row on disk, as the head file tells."""
    while (now := read_head(state / HEAD_NAME)) is None or now.seq <= seq:
        assert time.monotonic() - begun < 90, "nothing was committed"
        time.sleep(HEAD_POLL_S)
    return time.monotonic() - begun


def _acknowledge(service: Service, crowd: Child, found: Standing, size: Size) -> None:
    waiting = service.get("/alarms", state="unacknowledged")
    found.active = len(waiting)
    chosen = random.Random(5).sample(waiting, size.acknowledgements)
    service.acknowledge(*_key(chosen[0]))  # the connection is open from here on
    time.sleep(size.settle_s)
    after_seq = service.bodies()[-1][0]
    crowd.lines()
    before, begun = crowd.line()["frames"], time.monotonic()
    asked_wall_ns = {}
    for alarm in chosen[1:]:
        asked_wall_ns[_key(alarm)] = time.time_ns()
        found.acknowledge_ms.append(service.acknowledge(*_key(alarm)) * 1e3)
        time.sleep(random.uniform(*PAUSE_S))
    seconds = time.monotonic() - begun
    frames = [line["frames"] for line in crowd.lines()] or [crowd.line()["frames"]]
    found.frames_per_s = (frames[-1] - before) / max(1.0, seconds)
    measured = service.get("/diagnostics", seconds=max(1, min(60, int(seconds))))
    found.loop_lag_p99_ms = measured["loop_lag"]["p99_ms"]
    stored = {_key(body): body["decided_wall_ns"] for _, body in service.bodies(after_seq)}
    assert asked_wall_ns.keys() <= stored.keys(), "answered with 200 and not in the journal"
    found.decided_ms = [(stored[key] - asked_ns) / 1e6 for key, asked_ns in asked_wall_ns.items()]
    found.sync_ms = sync_ms(service.folder, size.acknowledgements, PAUSE_S[0])


def _key(alarm: dict[str, object]) -> tuple[str, int]:
    occurrence = alarm["occurrence"]
    assert isinstance(occurrence, int)
    return str(alarm["id"]), occurrence


# --- a flood --------------------------------------------------------------------------------------
def _measure_floods(folder: Path, size: Size) -> list[Flood]:
    with _field(folder, size, abnormal=0) as (_, source, service):
        service.start()
        with _watched(service, size.consoles) as (_, observer):
            time.sleep(size.settle_s)
            return [_flood(service, source, observer, size) for _ in range(size.floods)]


def _flood(service: Service, source: Child, observer: Child, size: Size) -> Flood:
    observer.lines()
    before = service.bodies()
    after_seq = before[-1][0] if before else 0
    writes = _drive(source, f"{size.flood} 1.0")
    time.sleep(size.settle_s)
    seen = {line["seq"]: (line["seen_wall_ns"], line["journaled_wall_ns"]) for line in observer.lines()}
    bodies = service.bodies(after_seq)
    matched = latencies(writes, bodies, seen)
    streamed = [
        (seen[seq][0] - body["decided_wall_ns"]) / 1e6
        for seq, body in bodies
        if body["trigger"] == RAISED and seq in seen
    ]
    return Flood(
        decided=matched.decided,
        streamed=streamed,
        missed=matched.missed,
        unseen=sum(seq not in seen for seq, _ in bodies),
        loop_lag_max_ms=service.get("/diagnostics", seconds=10)["loop_lag"]["max_ms"],
    )


# --- figures --------------------------------------------------------------------------------------
def _figures(written: Commits, filled: Filled, standing: Standing, floods: Sequence[Flood], size: Size) -> list[Figure]:
    stands = f"{standing.active} active alarms, {filled.rows} journal rows"
    flood = f"{size.flood} alarms within a second, {size.consoles} consoles"
    answers = standing.acknowledge_ms
    figures = [
        of_runs("alarms.burst_x_single_commits", written.ratios, "x",
                f"{size.burst} transitions in one commit against one commit each ({size.singles}), in turns"),
        of_runs("alarms.transitions_per_s", written.burst_per_s, "1/s", f"durable, burst of {size.burst}, outbox included"),
        of_runs("alarms.single_commits_per_s", written.single_per_s, "1/s", "durable, one transition each"),
        of_runs("alarms.fsyncs_per_s", written.syncs_per_s, "1/s", f"same disk: write 4 kB, fdatasync, {commits.SYNCS} times"),
        of_runs("alarms.board_load_s", filled.load_s, "s", f"{stands}: read, decode, take over"),
        of_runs("alarms.restart_s", standing.restart_s, "s", f"{stands}: kill -9, exec to the first committed scan"),
        of_runs("alarms.restart_health_s", standing.health_s, "s", "exec to /health 200"),
        of_runs("alarms.restart_watching_s", standing.watching_s, "s", "exec to all devices up, nothing blind"),
        Figure(name="alarms.ack_p99_ms", value=percentile(answers, 99), unit="ms",
               method=f"{stands}: POST acknowledge to 200, {len(answers)} times"),
        Figure(name="alarms.ack_decided_p99_ms", value=percentile(standing.decided_ms, 99), unit="ms",
               method="of that, the request to the step on the board"),
        Figure(name="alarms.ack_disk_sync_p99_ms", value=percentile(standing.sync_ms, 99), unit="ms",
               method=f"write 4 kB, fdatasync on the same disk right after, {len(standing.sync_ms)} times"),
        Figure(name="alarms.ack_p50_ms", value=percentile(answers, 50), unit="ms", method="of the same"),
        Figure(name="alarms.ack_max_ms", value=max(answers), unit="ms", method="of the same"),
        Figure(name="alarms.ack_frames_per_s", value=standing.frames_per_s, unit="1/s",
               method="stream frames that left meanwhile, without the observer's"),
        Figure(name="alarms.ack_loop_lag_p99_ms", value=standing.loop_lag_p99_ms, unit="ms", method="meanwhile"),
        of_runs("alarms.flood_p99_ms", [percentile(each.streamed, 99) for each in floods], "ms",
                f"{flood}: decision to the event at an observer in another process, journal first"),
        of_runs("alarms.flood_p50_ms", [percentile(each.streamed, 50) for each in floods], "ms", "of the same"),
        of_runs("alarms.flood_source_p99_ms", [percentile(each.decided, 99) for each in floods], "ms",
                f"{flood}: write at the source to the decision"),
        of_runs("alarms.flood_loop_lag_max_ms", [each.loop_lag_max_ms for each in floods], "ms", flood),
        Figure(name="alarms.flood_missed", value=sum(each.missed for each in floods), unit="",
               method="writes without a decision"),
        Figure(name="alarms.flood_unseen", value=sum(each.unseen for each in floods), unit="",
               method="transitions in the journal that the observer was not told"),
    ]  # fmt: skip
    return [replace(figure, value=round(figure.value, 3)) for figure in figures]


def _notes(filled: Filled, standing: Standing, size: Size) -> list[str]:
    return [
        f"alarms: {size.devices} Modbus TCP devices of {POINTS} points with an alarm each, 200 ms, all analog values new "
        "every 100 ms, one numpy process; the service is a process of its own, asked over HTTP",
        f"the journal of {filled.rows} rows was written through board and store in {filled.fill_s:.1f} s "
        f"({filled.rows / filled.fill_s:.0f} rows a second, with everything on disk)",
        "the figures of commits and of the stored board are measured inside one process; the file is in the page cache",
        f"acknowledgements: one operator, pauses of {PAUSE_S[0] * 1e3:g} to {PAUSE_S[1] * 1e3:g} ms, "
        f"{standing.frames_per_s:.1f} frames a second to {size.consoles} consoles, one observer more",
    ]
