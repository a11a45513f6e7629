"""Dockerfile and compose file, without a container engine: read as text and checked against the repository."""

import importlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from monitor.cli.app import app
from monitor.settings import Settings
from tests.deploy.repository import DEPLOY, ROOT, dockerfile, project

INSTRUCTIONS = dockerfile(DEPLOY / "Dockerfile")
IGNORED = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()


def of(name: str) -> list[list[str]]:
    return [words for instruction, words, _ in INSTRUCTIONS if instruction == name]


def runtime() -> list[tuple[str, list[str], str]]:
    last = max(place for place, (name, _, _) in enumerate(INSTRUCTIONS) if name == "FROM")
    return INSTRUCTIONS[last:]


def test_every_source_that_is_copied_exists_and_is_let_through() -> None:
    allowed = {line[1:] for line in IGNORED if line.startswith("!")}
    copied = [words[:-1] for words in of("COPY") if not words[0].startswith("--from=")]
    assert copied
    for source in (name for sources in copied for name in sources):
        assert (ROOT / source).exists(), source
        assert source in allowed, f"{source} is kept out by Dockerfile.dockerignore"
    assert {name for sources in copied for name in sources} == allowed


def test_the_build_stage_has_all_packages_and_what_the_project_file_names() -> None:
    copied = {name for words in of("COPY") for name in words[:-1]}
    wheel = project()["tool"]["hatch"]["build"]
    assert set(wheel["targets"]["wheel"]["packages"]) <= copied
    assert wheel["hooks"]["custom"]["path"] in copied
    assert project()["project"]["readme"] in copied


def test_stages_that_are_copied_from_exist() -> None:
    stages = {words[2] for words in of("FROM") if len(words) == 3 and words[1].upper() == "AS"}
    wanted = {words[0].removeprefix("--from=") for words in of("COPY") if words[0].startswith("--from=")}
    assert wanted == {"build"}
    assert wanted <= stages


def test_what_is_installed_is_locked() -> None:
    installs = [rest for name, _, rest in INSTRUCTIONS if name == "RUN" and "pip install" in rest]
    assert len(installs) == 3
    for rest in installs:
        assert "--require-hashes" in rest or "--no-deps /wheels/" in rest, rest


def test_it_runs_as_nobody_special_and_keeps_its_state_outside() -> None:
    (user,) = (words for name, words, _ in runtime() if name == "USER")
    assert user not in (["root"], ["0"])
    assert any(name == "RUN" and f"useradd --system --uid 10001 {'--home-dir'}" in rest for name, _, rest in runtime())
    (volume,) = (words for name, words, _ in runtime() if name == "VOLUME")
    variables = dict(word.split("=", 1) for name, words, _ in runtime() if name == "ENV" for word in words)
    assert variables["REDLINE_STATE_DIR"] == volume[0]
    known = {f"REDLINE_{name.upper()}" for name in Settings.model_fields}
    assert {name for name in variables if name.startswith("REDLINE_")} <= known
    (exposed,) = (words for name, words, _ in runtime() if name == "EXPOSE")
    assert variables["REDLINE_PORT"] == exposed[0]


def json_words(instruction: str) -> list[str]:
    (rest,) = (rest for name, _, rest in runtime() if name == instruction)
    words: list[str] = importlib.import_module("json").loads(rest[rest.index("[") :])
    return words


def test_its_command_exists() -> None:
    (program,) = json_words("ENTRYPOINT")
    assert program in project()["project"]["scripts"]
    assert json_words("CMD")[0] in {
        item.name or getattr(item.callback, "__name__", "") for item in app.registered_commands
    }


@pytest.fixture
def health() -> Iterator[type["Health"]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Health)
    Health.port = server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Health
    server.shutdown()
    thread.join()
    server.server_close()


class Health(BaseHTTPRequestHandler):
    """Answers as the service's health does."""

    port = 0
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/api/v1/health" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.mark.parametrize(("status", "healthy"), [(200, True), (503, False)])
def test_the_health_check_tells_a_late_scan(health: type[Health], status: int, healthy: bool) -> None:
    program, *arguments = json_words("HEALTHCHECK")
    assert program == "python"
    health.status = status
    done = subprocess.run(
        [sys.executable, *arguments], env={"REDLINE_PORT": str(health.port)}, capture_output=True, timeout=60
    )
    assert (done.returncode == 0) is healthy


def test_the_compose_file_names_what_is_there() -> None:
    yaml = importlib.import_module("yaml")
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    redline, broker = compose["services"]["redline"], compose["services"]["mosquitto"]
    assert (DEPLOY / redline["build"]["context"]).resolve() == ROOT
    assert (ROOT / redline["build"]["dockerfile"]) == DEPLOY / "Dockerfile"
    assert redline["restart"] == broker["restart"] == "always"
    assert redline["read_only"] is True
    assert redline["cap_drop"] == ["ALL"]
    made_by_hand = {"passwords"}  # the head of the file says how
    for volume in (*redline["volumes"], *broker["volumes"]):
        source = volume.split(":")[0]
        if source.startswith("."):
            assert (DEPLOY / source).exists() or Path(source).name in made_by_hand, source
        else:
            assert source in compose["volumes"]
    assert redline["env_file"] == ["redline.env"]
    assert json_words("CMD")[1] in {volume.split(":")[1] for volume in redline["volumes"]}
