"""The systemd unit: its directives against what the code does, and systemd's own judgement where it is installed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.cli import run
from monitor.cli.app import app
from monitor.settings import Settings
from monitor.store.errors import EXIT_DISK_FULL
from monitor.watchdog import EXIT_SCANNER_STUCK
from tests.deploy.repository import DEPLOY, ROOT, project, unit

UNIT = DEPLOY / "redline.service"
DIRECTIVES = unit(UNIT)

WANTED = [
    ("Unit", "StartLimitIntervalSec", "0"),
    ("Service", "User", "redline"),
    ("Service", "Group", "redline"),
    ("Service", "StateDirectory", "redline"),
    ("Service", "Restart", "always"),
    ("Service", "KillSignal", "SIGTERM"),
    ("Service", "NoNewPrivileges", "yes"),
    ("Service", "CapabilityBoundingSet", ""),
    ("Service", "AmbientCapabilities", ""),
    ("Service", "ProtectSystem", "strict"),
    ("Service", "ProtectHome", "yes"),
    ("Service", "PrivateTmp", "yes"),
    ("Service", "PrivateDevices", "yes"),
    ("Service", "ProtectKernelModules", "yes"),
    ("Service", "ProtectKernelTunables", "yes"),
    ("Service", "ProtectControlGroups", "yes"),
    ("Service", "RestrictNamespaces", "yes"),
    ("Service", "RestrictSUIDSGID", "yes"),
    ("Service", "LockPersonality", "yes"),
    ("Service", "SystemCallFilter", "@system-service"),
    ("Install", "WantedBy", "multi-user.target"),
]


def values(key: str) -> list[str]:
    return [value for _, name, value in DIRECTIVES if name == key]


def environment(text: str) -> set[str]:
    return {word.split("=")[0] for word in text.split() if word.startswith("REDLINE_")}


@pytest.mark.parametrize("directive", WANTED, ids=lambda directive: directive[1])
def test_a_directive_that_matters_is_there(directive: tuple[str, str, str]) -> None:
    assert directive in DIRECTIVES


def test_it_starts_a_command_that_exists() -> None:
    (start,) = values("ExecStart")
    program, command, folder = start.split()
    assert Path(program).name in project()["project"]["scripts"]
    assert command in {item.name or getattr(item.callback, "__name__", "") for item in app.registered_commands}
    assert folder.startswith("/etc/redline/")


def test_it_starts_again_after_every_exit_that_a_start_can_heal() -> None:
    (stays_down,) = values("RestartPreventExitStatus")
    assert set(stays_down.split()) == {"1", "2"}
    healing = {run.EXIT_PART_DIED, EXIT_DISK_FULL, EXIT_SCANNER_STUCK}
    assert healing == {70, 74, 75}
    assert not healing & {int(code) for code in stays_down.split()}
    (pause,) = values("RestartSec")
    assert 1 <= float(pause) <= 10


def test_it_claims_no_watchdog_that_the_service_does_not_feed() -> None:
    assert not values("WatchdogSec")
    assert not values("NotifyAccess")
    assert values("Type") == ["exec"]


def test_its_environment_is_known_to_the_settings() -> None:
    known = {f"REDLINE_{name.upper()}" for name in Settings.model_fields}
    given = {name for value in values("Environment") for name in environment(value)}
    assert given == {"REDLINE_STATE_DIR"}
    assert given <= known
    (state,) = values("StateDirectory")
    assert values("Environment") == [f"REDLINE_STATE_DIR=/var/lib/{state}"]


def test_no_secret_stands_in_the_unit() -> None:
    text = UNIT.read_text(encoding="utf-8")
    assert "EnvironmentFile=-/etc/redline/redline.env" in text
    assert not any(word in value.lower() for _, _, value in DIRECTIVES for word in ("key=", "password="))


def test_systemd_accepts_it(tmp_path: Path) -> None:
    """`systemd-analyze` where it is installed; the directives above are what is left without it."""
    installed = Path(sys.executable).parent / "redline"
    text = UNIT.read_text(encoding="utf-8").replace("/opt/redline/bin/redline", str(installed))
    assert str(installed) in text
    copy = tmp_path / "redline.service"
    copy.write_text(text, encoding="utf-8")
    analyzer = shutil.which("systemd-analyze")
    if analyzer is None:
        assert all(section in {"Unit", "Service", "Install"} for section, _, _ in DIRECTIVES)
        return
    verified = subprocess.run([analyzer, "verify", "--man=no", str(copy)], capture_output=True, text=True, timeout=60)
    complaints = [line for line in verified.stderr.splitlines() if "redline.service" in line]
    assert (verified.returncode, complaints) == (0, [])
    exposure = subprocess.run(
        [analyzer, "security", "--no-pager", "--offline=true", "--threshold=20", str(copy)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert exposure.returncode == 0, exposure.stdout[-300:] + exposure.stderr


def test_the_example_environment_names_settings_and_the_secrets_of_the_example_plant() -> None:
    lines = (DEPLOY / "redline.env.example").read_text(encoding="utf-8").splitlines()
    given = {line.lstrip("#").split("=")[0] for line in lines if line.lstrip("#").startswith("REDLINE_")}
    settings = {f"REDLINE_{name.upper()}" for name in Settings.model_fields}
    plant = (DEPLOY / "plant.example" / "plant.toml").read_text(encoding="utf-8")
    secrets = {name for name in given if f'"{name}"' in plant}
    assert secrets == {"REDLINE_WECOM_URL", "REDLINE_MQTT_PASSWORD"}
    assert given - settings - secrets == set(), "names that nothing reads"
    assert not any(line.startswith("REDLINE_DEMO_ACCOUNTS") for line in lines)


@pytest.mark.parametrize("line", ["REDLINE_SESSION_HOURS", "REDLINE_PORT", "REDLINE_BALLAST_BYTES", "REDLINE_HOST"])
def test_what_the_example_shows_as_default_is_the_default(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (DEPLOY / "redline.env.example").read_text(encoding="utf-8")
    shown = next(item.split("=", 1)[1] for item in text.splitlines() if item.startswith(f"#{line}="))
    monkeypatch.delenv(line, raising=False)
    plain = Settings()
    monkeypatch.setenv(line, shown)
    assert Settings() == plain


def test_the_example_of_origins_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "deploy" / "redline.env.example").read_text(encoding="utf-8")
    shown = next(item.split("=", 1)[1] for item in text.splitlines() if "ALLOWED_ORIGINS=" in item)
    monkeypatch.setenv("REDLINE_ALLOWED_ORIGINS", shown)
    assert Settings().allowed_origins == ("https://redline.example.com",)
