"""A simulated plant as its users start it: a process of its own on free ports."""

import asyncio
import contextlib
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.ports import free_ports as free_ports

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN_S = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningPlant:
    """Where it listens, and its control address."""

    opcua_port: int
    modbus_a_port: int
    modbus_b_port: int
    control: str
    process: subprocess.Popen[str]

    def get(self, path: str) -> Any:
        """GET of the control address, blocking."""
        with urllib.request.urlopen(self.control + path, timeout=10) as answer:
            return json.load(answer)

    def post(self, path: str) -> tuple[int, Any]:
        """POST to the control address, blocking; returns the status with the body."""
        request = urllib.request.Request(self.control + path, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    async def wait(self, what: str, is_true: Callable[[], bool], within_s: float = 60.0) -> None:
        """Wait until a condition on the plant holds."""
        deadline = time.monotonic() + within_s
        while not await asyncio.to_thread(is_true):
            assert time.monotonic() < deadline, f"not within {within_s:g} s: {what}"
            await asyncio.sleep(0.1)


def start_plant(ports: list[int], *arguments: str) -> subprocess.Popen[str]:
    """Start the process; the caller stops it."""
    names = ("--opcua-port", "--modbus-a-port", "--modbus-b-port", "--control-port")
    command = [sys.executable, "-m", "simulators", "plant"]
    for name, port in zip(names, ports, strict=True):
        command += [name, str(port)]
    return subprocess.Popen([*command, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def stop(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Ask it to end and wait for it."""
    process.terminate()
    try:
        return process.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.communicate()


@pytest.fixture(scope="module")
def plant() -> Iterator[RunningPlant]:
    """One running plant for all tests of a module."""
    ports = free_ports(4)
    process = start_plant(ports)
    running = RunningPlant(
        opcua_port=ports[0],
        modbus_a_port=ports[1],
        modbus_b_port=ports[2],
        control=f"http://127.0.0.1:{ports[3]}",
        process=process,
    )
    deadline = time.monotonic() + READY_WITHIN_S
    while True:
        with contextlib.suppress(OSError):
            if all(device["up"] for device in running.get("/health")["devices"].values()):
                break
        if process.poll() is not None or time.monotonic() > deadline:
            output, errors = stop(process)
            raise AssertionError(f"the simulated plant did not start: {output} {errors}")
        time.sleep(0.2)
    try:
        yield running
    finally:
        stop(process)
