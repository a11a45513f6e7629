"""`redline demo`: the whole chain on this machine, on real sockets of 127.0.0.1, as processes of their own."""

import importlib.resources
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from monitor.cli.processes import Processes, free_port, pause

DEFAULT_PORTS: Final = {
    "opcua": 48400,
    "modbus_a": 15020,
    "modbus_b": 15021,
    "control": 18081,
    "wecom": 18080,
    "mqtt": 18830,
}
START_TRIES: Final = 600
"""Tenths of a second until the demo gives up waiting for its first scan."""
WECOM_KEY: Final = "demo-key"
LOGINS: Final = (
    ("operator", "demo-operator", "操作员 operator"),
    ("shift", "demo-shift", "班长 shift leader"),
    ("manager", "demo-manager", "值班领导 manager"),
    ("admin", "demo-admin", "管理员 admin"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where everything of one demo listens."""

    console: int
    opcua: int
    modbus_a: int
    modbus_b: int
    control: int
    wecom: int
    mqtt: int
    nats: int


def run_demo(*, port: int, once: bool, state: Path | None) -> int:
    """Start everything, then play one incident (`once`) or run until interrupted; returns the exit code."""
    keep = state is not None
    folder = Path(tempfile.mkdtemp(prefix="redline-demo-")) if state is None else state
    folder.mkdir(parents=True, exist_ok=True)
    found = {name: free_port(number) for name, number in DEFAULT_PORTS.items()}
    console = free_port(port)
    if console != port:
        print(f"端口 {port} 已被占用，改用 {console} / port {port} is in use, using {console}")
    ports = Ports(console=console, nats=free_port(18831), **found)
    plant = copy_plant(folder, ports)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # told to stop like Ctrl-C: the children end with us
    try:
        with Processes(folder) as processes:
            return _play(processes, folder, plant, ports, once)
    except KeyboardInterrupt:
        return 0
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def copy_plant(folder: Path, ports: Ports) -> Path:
    """Copy the demo plant of the package and put this demo's ports in; returns the copy."""
    plant = folder / "plant"
    plant.mkdir(exist_ok=True)
    packaged = importlib.resources.files("monitor.plant") / "demo"
    for name in ("plant.toml", "tags.csv", "alarms.csv", "rules.toml", "interlocks.toml"):
        text = (packaged / name).read_text(encoding="utf-8")
        if name == "plant.toml":
            for key, number in DEFAULT_PORTS.items():
                text = text.replace(str(number), str(getattr(ports, key)))
            text = text.replace("http://127.0.0.1:8000", f"http://127.0.0.1:{ports.console}")
        (plant / name).write_text(text, encoding="utf-8")
    return plant


def _play(processes: Processes, folder: Path, plant: Path, ports: Ports, once: bool) -> int:
    start_surroundings(processes, folder, ports)
    if not _plant_listens(processes, ports):
        print(f"模拟装置未能启动 / the simulated plant did not start:\n{processes.log_tail('plant')}", file=sys.stderr)
        return 1
    command, environment = monitor_command(folder, plant, ports)
    processes.start("monitor", command, environment)
    base = f"http://127.0.0.1:{ports.console}"
    failed = _wait_until_scanning(processes, base)
    if failed:
        print(f"{failed} 未能启动 / did not start:\n{processes.log_tail(failed)}", file=sys.stderr)
        return 1
    _greet(base, ports, folder)
    username, password, _ = LOGINS[0]
    arguments = [
        "observe", "--api", base, "--username", username, "--password", password, "--mqtt-port", str(ports.mqtt),
        "--wecom-log", f"http://127.0.0.1:{ports.wecom}/log", "--control", f"http://127.0.0.1:{ports.control}",
        "--json" if once else "--follow",
    ]  # fmt: skip
    try:
        code = subprocess.call([sys.executable, "-m", "simulators", *arguments])
    except KeyboardInterrupt:
        print()
        return 0
    if code and once:
        for name in ("monitor", "plant", "wecom", "nats"):
            print(f"--- {name}.log\n{processes.log_tail(name)}", file=sys.stderr)
    return code


def start_surroundings(processes: Processes, folder: Path, ports: Ports) -> None:
    """Start broker, WeCom and plant, in this order."""
    configuration = folder / "nats.conf"
    configuration.write_text(
        f"server_name: redline-demo\nhost: 127.0.0.1\nport: {ports.nats}\n"
        f'jetstream {{ store_dir: "{folder / "jetstream"}" }}\nmqtt {{ host: 127.0.0.1, port: {ports.mqtt} }}\n'
    )
    processes.start("nats", [str(Path(sysconfig.get_path("scripts")) / "nats-server"), "-c", str(configuration)])
    simulators = [sys.executable, "-m", "simulators"]
    processes.start("wecom", [*simulators, "wecom", "--port", str(ports.wecom), "--key", WECOM_KEY])
    plant_ports = [
        "--opcua-port", str(ports.opcua), "--modbus-a-port", str(ports.modbus_a), "--modbus-b-port", str(ports.modbus_b),
        "--control-port", str(ports.control),
    ]  # fmt: skip
    processes.start("plant", [*simulators, "plant", *plant_ports])


def monitor_command(folder: Path, plant: Path, ports: Ports) -> tuple[list[str], dict[str, str]]:
    """How the monitor is started on the demo plant: command and environment."""
    environment = {
        "REDLINE_JOURNAL_RESERVE_BYTES": "100000000",
        **os.environ,
        "REDLINE_WECOM_URL": f"http://127.0.0.1:{ports.wecom}/cgi-bin/webhook/send?key={WECOM_KEY}",
        "REDLINE_DEMO_ACCOUNTS": "1",
    }
    state = str(folder / "state")
    return [
        sys.executable,
        "-m",
        "monitor",
        "run",
        str(plant),
        "--state",
        state,
        "--port",
        str(ports.console),
    ], environment


def _plant_listens(processes: Processes, ports: Ports) -> bool:
    """Wait for the simulated devices: a demo that begins with a dead PLC would only puzzle."""
    with httpx.Client(timeout=5) as http:
        for _ in range(START_TRIES):
            if processes.dead() is not None:
                return False
            try:
                if plant_is_up(ports, http):
                    return True
            except (httpx.HTTPError, ValueError, KeyError):
                pass
            pause(0.1)
    return False


def plant_is_up(ports: Ports, http: httpx.Client) -> bool:
    """Whether every simulated device listens.

    :raises httpx.HTTPError: the control address does not answer yet.
    """
    health = http.get(f"http://127.0.0.1:{ports.control}/health").json()
    return all(device["up"] for device in health["devices"].values())


def _wait_until_scanning(processes: Processes, base: str) -> str | None:
    """Wait for the first committed scan with all devices up; the name of what died, or "monitor" after a minute."""
    with httpx.Client(timeout=2) as http:  # one for all tries: making one costs more than asking
        for _ in range(START_TRIES):
            dead = processes.dead()
            if dead is not None:
                return dead
            try:
                answer = http.get(f"{base}/api/v1/health")
                found = answer.json()
                if answer.status_code == 200 and found["devices_up"] == found["devices"] and found["blind_points"] == 0:
                    return None
            except (httpx.HTTPError, ValueError, KeyError):
                pass
            pause(0.1)
    return "monitor"


def _greet(base: str, ports: Ports, folder: Path) -> None:
    print(f"\n  Redline 红线 · 演示 demo\n\n  控制台 console   {base}")
    print(f"  手机上收到的推送 what the phones got   http://127.0.0.1:{ports.wecom}/")
    for username, password, role in LOGINS:
        print(f"  登录 log in      {username} / {password}   ({role})")
    print(f"  日志 logs        {folder}\n", flush=True)
