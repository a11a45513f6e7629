"""The control address: log, faults, the incident in real time, and processes that end as they should."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from typing import Any

import pytest

from simulators import __main__ as command_line
from tests.patience import eventually
from tests.simulators.conftest import ROOT, RunningPlant, free_ports, start_plant, stop

pytestmark = pytest.mark.slow


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123 -- a defunct process counts as ended
        return file.read().rsplit(")", 1)[1].split()[0] != "Z"


def changes(plant: RunningPlant, tag: str, since_wall_ns: int) -> list[tuple[int, float]]:
    log: list[dict[str, Any]] = plant.get(f"/log?since_wall_ns={since_wall_ns}")
    return [(entry["wall_ns"], entry["value"]) for entry in log if entry["event"] == "change" and entry["tag"] == tag]


async def test_a_switch_is_logged_at_the_moment_it_is_served(plant: RunningPlant) -> None:
    before_ns = time.time_ns()
    assert (await asyncio.to_thread(plant.post, "/fault/set?tag=BPS-105&value=1"))[0] == 202
    await plant.wait("the bypass is served", lambda: bool(changes(plant, "BPS-105", before_ns)))
    after_ns = time.time_ns()
    [(wall_ns, value)] = changes(plant, "BPS-105", before_ns)
    assert value == 1.0 and before_ns < wall_ns < after_ns
    assert plant.get("/truth")["BPS-105"] == 1.0
    assert (await asyncio.to_thread(plant.post, "/fault/set?tag=BPS-105&value=0"))[0] == 202
    await plant.wait("the bypass ends", lambda: len(changes(plant, "BPS-105", before_ns)) == 2)
    faults = [entry["tag"] for entry in plant.get(f"/log?since_wall_ns={before_ns}") if entry["event"] == "fault"]
    assert faults == ["set tag=BPS-105 value=1", "set tag=BPS-105 value=0"]


async def test_an_instrument_sticks_and_shows_what_it_is_told(plant: RunningPlant) -> None:
    plant.post("/fault/freeze?tag=LT-104A")

    async def still() -> bool:
        level = plant.get("/truth")["LT-104A"]
        await asyncio.sleep(0.3)
        return bool(plant.get("/truth")["LT-104A"] == level)

    await eventually(still)
    stuck = plant.get("/truth")["LT-104A"]
    assert await still()
    plant.post("/fault/show?tag=LT-104A&value=10.5")
    await plant.wait("it shows 10.5", lambda: plant.get("/truth")["LT-104A"] == 10.5)
    plant.post("/fault/unfreeze?tag=LT-104A")
    await plant.wait("it shows the level again", lambda: abs(plant.get("/truth")["LT-104A"] - stuck) < 0.1)


@pytest.mark.parametrize(
    ("path", "status", "words"),
    [
        ("/fault/kill-plc9", 404, "no fault"),
        ("/fault/freeze", 400, "unknown tag"),
        ("/fault/freeze?tag=LT-999", 400, "LT-999"),
        ("/fault/set?tag=LT-101A&value=1", 400, "not a switch"),
        ("/fault/set?tag=BPS-101", 400, "number"),
        ("/fault/show?tag=LT-101A&value=high", 400, "number"),
        ("/fault/bad?tag=LSHH-101", 400, "bit"),
        ("/fault/release?place=moon&value=1", 400, "moon"),
        ("/fault/reset?interlock=SIS-999", 400, "SIS-999"),
        ("/fault/trip?interlock=SIS-999", 400, "SIS-999"),
        ("/fault/hang", 400, "unknown interlock"),
        ("/fault/trip-point?interlock=ESD-1&value=3", 400, "no trip point"),
        ("/fault/trip-point?interlock=SIS-101", 400, "number"),
        ("/fault/lose?tag=LT-101A", 400, "no bit"),
        ("/incident/buncefield/answer", 409, "nothing waits"),
        ("/incident/flixborough", 404, "not here"),
    ],
)
async def test_wrong_requests_say_what_is_wrong(plant: RunningPlant, path: str, status: int, words: str) -> None:
    code, body = await asyncio.to_thread(plant.post, path)
    assert code == status and words in body["error"]


async def test_broken_http_does_not_hurt(plant: RunningPlant) -> None:
    port = int(plant.control.rsplit(":", 1)[1])
    for sent in (b"\r\n\r\n", b"GET\r\n\r\n", b"POST /fault/set HTTP/1.1\r\nContent-Length: 3\r\n\r\n[1]"):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        assert (await reader.read(300)).startswith(b"HTTP/1.1 400")
        writer.close()
        await writer.wait_closed()
    assert "devices" in plant.get("/health")


async def test_the_incident_in_real_time(plant: RunningPlant) -> None:
    since_ns = time.time_ns()
    assert (await asyncio.to_thread(plant.post, "/incident/buncefield"))[0] == 202
    assert (await asyncio.to_thread(plant.post, "/incident/buncefield"))[0] == 409
    await plant.wait("the switch trips", lambda: 1.0 in [v for _, v in changes(plant, "LSHH-101", since_ns)])
    await plant.wait("an answer is taken", lambda: plant.post("/incident/buncefield/answer")[0] == 202)
    await plant.wait("it is over", lambda: plant.get("/health")["incident"] is None)
    stages = [entry["tag"] for entry in plant.get(f"/log?since_wall_ns={since_ns}") if entry["event"] == "stage"]
    assert stages == [
        "filling", "gauge_stuck", "bypassed", "switch_tripped", "bypass_ended", "draining", "drained", "repaired",
        "back_to_automatic", "over",
    ]  # fmt: skip

    def moment(tag: str, value: float) -> int:
        return next(wall_ns for wall_ns, seen in changes(plant, tag, since_ns) if seen == value)

    order = [
        moment("LT-101B.OOS", 1), moment("BPS-101", 1), moment("LSHH-101", 1), moment("BPS-101", 0), moment("SIS-101.TRIP", 1),
        moment("XV-101I.CLOSED", 1), moment("LSHH-101", 0), moment("SIS-101.TRIP", 0),
    ]  # fmt: skip
    assert order == sorted(order)


async def test_a_device_that_hangs_stops_nobody_else(plant: RunningPlant) -> None:
    pid = plant.get("/health")["devices"]["SIS-1"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        first = plant.get("/health")["elapsed_s"]
        # more frames than a pipe holds
        await plant.wait("time goes on", lambda: bool(plant.get("/health")["elapsed_s"] > first + 8))
    finally:
        os.kill(pid, signal.SIGCONT)
    since_ns = time.time_ns()
    plant.post("/fault/set?tag=BPS-106&value=1")
    await plant.wait("it serves again", lambda: bool(changes(plant, "BPS-106", since_ns)))
    plant.post("/fault/set?tag=BPS-106&value=0")


async def test_a_taken_port_is_said_and_ends_the_plant() -> None:
    ports = free_ports(4)
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", ports[1]))
        holder.listen()
        process = start_plant(ports)
        _, errors = await asyncio.to_thread(process.communicate, timeout=90)
    assert process.returncode == 1
    assert "PLC-2" in errors and str(ports[1]) in errors and "Traceback" not in errors


async def test_killed_parents_leave_no_children() -> None:
    ports = free_ports(4)
    process = start_plant(ports)
    running = RunningPlant(
        opcua_port=0, modbus_a_port=0, modbus_b_port=0, control=f"http://127.0.0.1:{ports[3]}", process=process
    )

    def pids() -> list[int]:
        try:
            devices = running.get("/health")["devices"].values()
        except OSError:
            return []
        return [device["pid"] for device in devices if device["up"]]

    try:
        await running.wait("all up", lambda: len(pids()) == 3, within_s=90)
        children = pids()
        process.kill()
        await running.wait("the children end", lambda: not any(is_alive(pid) for pid in children))
    finally:
        await asyncio.to_thread(stop, process)


async def test_sigterm_ends_it_with_zero() -> None:
    process = start_plant(free_ports(4))
    assert process.stdout is not None
    ready = await asyncio.to_thread(process.stdout.readline)
    output, errors = await asyncio.to_thread(stop, process)
    assert "simulated plant ready" in ready, output + errors
    assert process.returncode == 0 and "Traceback" not in errors


@pytest.mark.parametrize("arguments", [[], ["plants"], ["plant", "--speed", "0"], ["plant", "--nonsense"]])
def test_wrong_use_is_two(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "simulators", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2 and done.stderr
    assert set(command_line.COMMANDS) == {"plant", "wecom", "observe"}
