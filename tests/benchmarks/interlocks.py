"""Interlocks: what judging 2 000 of them costs a scan, and how long a bypass bit takes from the PLC to the stream."""

import gc
import random
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import httpx
import numpy as np

from monitor.alarms.board import Board
from monitor.alarms.definition import AlarmDefinition
from monitor.cli import demo
from monitor.interlocks.axes import Service as InService
from monitor.interlocks.register import BypassBit, Cause, Interlock, Register
from monitor.interlocks.watch import InterlockWatch
from monitor.scan.barriers import Barriers
from rules.columns.quality import Quality
from rules.columns.readings import NO_TIME
from rules.columns.snapshot import Snapshot
from rules.columns.tags import Tag, TagTable
from rules.verdicts import Evidence, Verdicts
from tests.benchmarks.decisions import RAISED
from tests.benchmarks.figures import Figure, percentile
from tests.benchmarks.service import Child, Service
from tests.faults.rig import Rig

CAUSES: Final = 3
SWEEP_NS: Final = 200_000_000
TANKS: Final = range(101, 109)
STANDING: Final = 4
"""So many bits stand at once."""
KINDS: Final = {
    "demand": "demand_while_bypassed",
    "failed": "failed_to_trip",
    "spurious": "spurious_trip",
    "overdue": "bypass_overdue",
    "voting": "voting_lost",
    "permit": "permit",
}


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is measured; the smoke test measures little."""

    interlocks: int = 2_000
    warm_up: int = 20
    sweeps: int = 300
    bypasses: int = 120
    gap_s: float = 0.3
    consoles: int = 2
    settle_s: float = 3.0
    """Before and after what is measured, so that neither starts nor stops are in it."""


def run(size: Size) -> tuple[list[Figure], list[str]]:
    """Measure both; returns figures and notes."""
    watch_ms, scan_ms = evaluate(size)
    turning_ms, _ = evaluate(size, turning=True)
    with tempfile.TemporaryDirectory(prefix="redline-bench-") as name:
        told_ms, missed = _measure_bypasses(Path(name) / "demo", size)
    of = f"{size.interlocks} interlocks with {CAUSES} analog causes, a bit and a trip contact, all values new, one bypassed"
    way = f"{len(told_ms)} bypass bits of the demo plant (Modbus TCP, 200 ms): written at the PLC to the event at an observer"
    figures = [
        Figure(name="interlocks.evaluate_ms", value=percentile(watch_ms, 50), unit="ms",
               method=f"{of}: judged and reconciled, median of {len(watch_ms)} sweeps"),
        Figure(name="interlocks.evaluate_p99_ms", value=percentile(watch_ms, 99), unit="ms", method="of the same"),
        Figure(name="interlocks.scan_ms", value=percentile(scan_ms, 50), unit="ms",
               method="the same with the verdicts of their alarms, layers and what follows on the board"),
        Figure(name="interlocks.turning_ms", value=percentile(turning_ms, 50), unit="ms",
               method="as evaluate_ms, with a bypass bit that turns at every sweep and is told each time"),
        Figure(name="interlocks.bypass_alarm_p99_ms", value=percentile(told_ms, 99), unit="ms", method=way),
        Figure(name="interlocks.bypass_alarm_p50_ms", value=percentile(told_ms, 50), unit="ms", method="of the same"),
        Figure(name="interlocks.bypass_alarm_max_ms", value=max(told_ms), unit="ms", method="of the same"),
        Figure(name="interlocks.bypass_missed", value=missed, unit="", method="bits without an event"),
    ]  # fmt: skip
    notes = [
        "interlocks: the first figures are of one thread in one process; the way of a bit is over the demo plant, its "
        f"simulator, service, {size.consoles} consoles and the observer in processes of their own"
    ]
    return [replace(figure, value=round(figure.value, 3)) for figure in figures], notes


# --- inside a scan --------------------------------------------------------------------------------
def evaluate(size: Size, *, turning: bool = False) -> tuple[list[float], list[float]]:
    """Milliseconds of each sweep: of the watch alone, and of all that a scan does for interlocks.

    `turning`: the bit of the last interlock turns at every sweep.
    """
    register, table = _register(size.interlocks)
    definitions = [_definition(item.id, suffix) for item in register.interlocks for suffix in KINDS]
    alarms, rules = Board(tuple(definitions)).alarms(), _no_verdicts()
    watch, barriers = InterlockWatch(register, table), Barriers(register, definitions, table, None, 0)
    noise = np.random.default_rng(3)
    watch_ms, scan_ms = [], []
    gc.collect()
    for sweep in range(size.warm_up + size.sweeps):
        seen = _snapshot(table, noise, sweep, last_bit=float(turning and sweep % 2))
        begun = time.perf_counter()
        turned = watch.watch(seen).changes
        middle = time.perf_counter()
        barriers.judge(seen, alarms, rules)
        barriers.follow(alarms, seen)
        ended = time.perf_counter()
        if sweep >= size.warm_up:
            watch_ms.append((middle - begun) * 1e3)
            scan_ms.append((ended - middle) * 1e3)
            assert bool(turned) is turning
    services = [state.service for state in watch.states]
    out = services.count(InService.BYPASSED_UNAUTHORISED)
    assert out in ((1, 2) if turning else (1,)), "the measured sweeps judged nothing"
    assert services.count(InService.IN_SERVICE) == size.interlocks - out
    return watch_ms, scan_ms


def _register(count: int) -> tuple[Register, TagTable]:
    tags: list[Tag] = []
    interlocks: list[Interlock] = []
    for number in range(count):
        causes = [f"LT-{number}{letter}" for letter in "ABC"[:CAUSES]]
        tags += [_tag(cause, discrete=False) for cause in causes]
        tags += [_tag(f"BPS-{number}", discrete=True), _tag(f"TRIP-{number}", discrete=True)]
        interlocks.append(
            Interlock(
                id=f"SIS-{number}",
                name_zh="高高联锁",
                name_en="high-high",
                hazard_source="HS-1",
                process_unit="U-1",
                interlock_class="B",
                sil=1,
                causes=tuple(causes),
                inputs=tuple(Cause(tag=cause, sense="high", trip_point=90.0) for cause in causes),
                effects=(),
                bypass_bits=(BypassBit(tag=f"BPS-{number}", bypassed_when=1),),
                needed=2,
                trip_tag=f"TRIP-{number}",
            )
        )
    return Register(interlocks=tuple(interlocks)), TagTable(tags)


def _tag(name: str, *, discrete: bool) -> Tag:
    return Tag(
        id=name,
        device="SIS-1",
        hazard_source="HS-1",
        process_unit="U-1",
        equipment="",
        description_zh=name,
        description_en=name,
        eu="" if discrete else "m",
        low=0.0,
        high=1.0 if discrete else 100.0,
        discrete=discrete,
        normal_state=0 if discrete else None,
        scan_class="fast",
        scan_period_ns=SWEEP_NS,
        resolution=0.01,
    )


def _no_verdicts() -> Verdicts:
    none, times = np.zeros(0, np.uint8), np.zeros(0, np.int64)
    evidence = Evidence(
        value=np.zeros(0), limit=np.zeros(0), quality=none, source_time_ns=times, received_wall_ns=times
    )
    return Verdicts.dense(ids=(), verdict=none, condition=none, evidence=evidence)


def _definition(interlock: str, suffix: str) -> AlarmDefinition:
    return AlarmDefinition(
        id=f"{interlock}.{suffix}", kind=KINDS[suffix], alarm_class="interlock", priority=1, interlock=interlock
    )


def _snapshot(table: TagTable, noise: np.random.Generator, sweep: int, last_bit: float) -> Snapshot:
    count = len(table)
    value = noise.uniform(20.0, 80.0, count)
    value[CAUSES :: CAUSES + 2] = value[CAUSES + 1 :: CAUSES + 2] = 0.0
    value[CAUSES] = 1.0
    value[-2] = last_bit
    now_ns = 1_000_000_000_000 + sweep * SWEEP_NS
    return Snapshot(
        mono_ns=now_ns,
        wall_ns=1_790_000_000_000_000_000 + now_ns,
        value=value,
        quality=np.full(count, Quality.GOOD, np.uint8),
        status=np.zeros(count, np.uint32),
        source_time_ns=np.full(count, NO_TIME, np.int64),
        received_mono_ns=np.full(count, now_ns, np.int64),
        received_wall_ns=np.full(count, now_ns, np.int64),
        changed=np.ones(count, np.bool_),
    )


# --- over the wire --------------------------------------------------------------------------------
def _measure_bypasses(folder: Path, size: Size) -> tuple[list[float], int]:
    """Milliseconds from each bit written at the PLC to its alarm on the stream, and how many never came."""
    folder.mkdir()
    with Rig(folder) as rig:
        command, environment = demo.monitor_command(folder, rig.plant, rig.ports)
        with Service(folder, command, environment, rig.ports.console) as service:
            service.start()
            cookie = service.log_in()
            url = f"{service.base.replace('http', 'ws')}/api/v1/stream"
            with (
                Child("tests.benchmarks.watchers", str(size.consoles), url, cookie) as crowd,
                Child("tests.benchmarks.watchers", "0", url, cookie) as observer,
            ):
                assert crowd.line() == {"connected": size.consoles}
                assert observer.line() == {"connected": 1}
                time.sleep(size.settle_s)
                writes = _bypass(rig, size)
                seen = {line["seq"]: line["seen_wall_ns"] for line in observer.lines()}
                raised = [
                    (body["id"], body["decided_wall_ns"], seen[seq])
                    for seq, body in service.bodies()
                    if body["trigger"] == RAISED and seq in seen
                ]
    told_ms: list[float] = []
    for tag, wall_ns in writes:
        alarm_id = f"SIS-{tag.removeprefix('BPS-')}.bypass"
        after = [told_ns for name, decided_ns, told_ns in raised if name == alarm_id and decided_ns >= wall_ns]
        if after:
            told_ms.append((min(after) - wall_ns) / 1e6)
    return told_ms, len(writes) - len(told_ms)


def _bypass(rig: Rig, size: Size) -> list[tuple[str, int]]:
    """Turn bypass switches at random moments; (tag, when the PLC had it), of those turned to bypassed."""
    begun_ns = time.time_ns()
    order = [f"BPS-{TANKS[place % len(TANKS)]}" for place in range(size.bypasses)]
    with httpx.Client(base_url=rig.control_url, timeout=10) as control:
        for place in range(size.bypasses + STANDING):
            if place < size.bypasses:
                control.post("/fault/set", params={"tag": order[place], "value": 1}).raise_for_status()
            if place >= STANDING:
                control.post("/fault/set", params={"tag": order[place - STANDING], "value": 0}).raise_for_status()
            time.sleep(random.uniform(0.5, 1.5) * size.gap_s)
        time.sleep(size.settle_s)
        log = control.get("/log", params={"since_wall_ns": begun_ns}).json()
    wanted = set(order)
    return [
        (entry["tag"], entry["wall_ns"])
        for entry in log
        if entry["event"] == "change" and entry["tag"] in wanted and entry["value"]
    ]
