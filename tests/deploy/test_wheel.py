"""A wheel is really built, installed into a folder of its own, and run from there: check, console, log-in, stop."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import httpx
import pytest

from monitor.cli.demo import Ports, copy_plant
from tests.deploy.repository import ROOT, files, project
from tests.ports import free_port as free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that a console that must be built leaves the working tree alone."""
    source = tmp_path_factory.mktemp("source")
    for path in files():
        copy = source / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
    built = ROOT / "monitor" / "console" / "dist"
    if built.is_dir():
        shutil.copytree(built, source / "monitor" / "console" / "dist")
    target = tmp_path_factory.mktemp("wheels")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(source)],
        capture_output=True,
        text=True,
        timeout=800,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    (found,) = target.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel alone in a folder; its dependencies come from the environment of the tests."""
    site = tmp_path_factory.mktemp("installed")
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--disable-pip-version-check",
    ]
    subprocess.run(
        [*install, "--target", str(site), str(wheel)],
        check=True, capture_output=True, timeout=300, env=environment(site),
    )  # fmt: skip
    return site


def environment(site: Path) -> dict[str, str]:
    """Ours without the settings of a service; what is compiled goes with the folder and not where `make` keeps it."""
    left_out = ("REDLINE_", "PYTHONPYCACHEPREFIX")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return {**kept, "PYTHONPATH": str(site)}


def redline(site: Path, cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(site / "bin" / "redline"), *arguments],
        cwd=cwd,
        env=environment(site),
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_wheel_holds_what_runs_and_nothing_else(wheel: Path) -> None:
    assert wheel.name == f"redline_monitor-{project()['project']['version']}-py3-none-any.whl"
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        "monitor/console/dist/index.html",
        *(
            f"monitor/plant/demo/{name}"
            for name in ("plant.toml", "tags.csv", "alarms.csv", "rules.toml", "interlocks.toml")
        ),
        "monitor/store/migrations/env.py",
        "monitor/store/migrations/versions/r0001_first_tables.py",
        "simulators/wecom/phones.html",
        "simulators/__main__.py",
        "monitor/__main__.py",
    }
    assert wanted - names == set()
    tracked = {str(path.relative_to(ROOT)) for path in files() if path.suffix == ".py"}
    packaged = tuple(f"{package}/" for package in ("rules", "drivers", "monitor", "simulators"))
    assert {name for name in tracked if name.startswith(packaged)} - names == set()
    unwanted = ("tests/", "monitor/console/src/", "monitor/console/node_modules/", "deploy/")
    assert [name for name in names if name.startswith(unwanted) or "__pycache__" in name] == []


def test_the_console_in_it_is_complete(installed: Path) -> None:
    dist = installed / "monitor" / "console" / "dist"
    page = (dist / "index.html").read_text(encoding="utf-8")
    assets = re.findall(r'(?:src|href)="/([^"]+)"', page)
    assert any(name.endswith(".js") for name in assets)
    assert [name for name in assets if not (dist / name).is_file()] == []


def test_the_packaged_demo_plant_passes_the_check(installed: Path, tmp_path: Path) -> None:
    where = subprocess.run(
        [sys.executable, "-c", "import monitor, rules, drivers, simulators; print(monitor.__file__)"],
        cwd=tmp_path,
        env=environment(installed),
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(where.stdout.strip()).is_relative_to(installed), "the source tree was run, not the wheel"
    done = redline(installed, tmp_path, "check", str(installed / "monitor" / "plant" / "demo"), "-l", "en")
    assert done.returncode == 0, done.stderr
    assert "hazard sources" in done.stdout
    assert "Order 40" in done.stderr  # the demo keeps one day only, and says so
    assert redline(installed, tmp_path, "--version").stdout.strip() == f"redline {project()['project']['version']}"
    assert redline(installed, tmp_path, "check").returncode == 2
    assert redline(installed, tmp_path, "check", "nowhere").returncode == 1


def test_the_service_runs_from_it(installed: Path, tmp_path: Path) -> None:
    """With every device dead: it serves, says so, prints the password once, and stops in order."""
    names = ("console", "opcua", "modbus_a", "modbus_b", "control", "wecom", "mqtt", "nats")
    ports = Ports(**{name: free_port() for name in names})
    plant = copy_plant(tmp_path, ports)
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(installed / "bin" / "redline"), "run", str(plant), "--port", str(ports.console), "--state", "state"],
            cwd=tmp_path,
            env=environment(installed),
            stdout=output,
            stderr=output,
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{ports.console}", timeout=30) as client:
            health = wait_for_health(client, process, log)
            assert health["devices_up"] == 0
            assert health["version"] == project()["project"]["version"]
            page = client.get("/")
            assert page.status_code == 200
            script = re.findall(r'src="(/[^"]+\.js)"', page.text)[0]
            assert client.get(script).status_code == 200
            password = re.findall(r"password shown once: (\S+)", log.read_text(encoding="utf-8"))
            answer = client.post("/api/v1/session", json={"username": "admin", "password": password[0]})
            assert answer.status_code == 200
            assert client.get("/api/v1/openapi.json").json()["info"]["version"] == health["version"]
            kinds = [row["kind"] for row in client.get("/api/v1/journal").json()["rows"]]
            assert "login" in kinds
            assert "start" in kinds
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0, log.read_text(encoding="utf-8")[-2000:]
    finally:
        process.kill()
        process.wait()
    left = {path.name for path in (tmp_path / "state").iterdir()}
    documented = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert {"journal.sqlite", "journal.head", "lock", "ballast", "history.duckdb"} <= left
    assert [name for name in left if f"`{re.sub(r'-(wal|shm)$|[.]wal$', '', name)}`" not in documented] == []


def wait_for_health(client: httpx.Client, process: subprocess.Popen[bytes], log: Path) -> dict[str, object]:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(encoding="utf-8")[-2000:]
        try:
            answer = client.get("/api/v1/health")
        except httpx.TransportError:
            time.sleep(0.2)
            continue
        if answer.status_code == 200:
            found: dict[str, object] = answer.json()
            return found
    raise AssertionError(f"no health in 90 s: {log.read_text(encoding='utf-8')[-2000:]}")
