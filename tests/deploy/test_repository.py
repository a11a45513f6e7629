"""What no file of the repository may hold: addresses of package registries, paths of one machine, unlocked packages."""

import json
import re
from pathlib import Path

import pytest

from tests.deploy.repository import ROOT, files, project

# put together here, so that this file does not find itself
REGISTRIES = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("npmjs", "org"),
        ("npmjs", "com"),
        ("npmmirror", "com"),
        ("yarnpkg", "com"),
        ("proxy", "golang", "org"),
        ("index", "docker", "io"),
    )
)
MACHINE_PATHS = re.compile(r"(?<![\w.$}/-])(" + "|".join(("/wo" + "rk/", "/tmp/" + "r/", "/ro" + "ot/")) + ")")
BINARY = {".png", ".ico", ".woff2", ".gz", ".duckdb"}


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def test_no_file_names_a_package_registry_or_a_path_of_one_machine() -> None:
    found = []
    for path in files():
        if path.suffix in BINARY:
            continue
        text = text_of(path)
        found += [f"{path.relative_to(ROOT)}: {name}" for name in REGISTRIES if name in text]
        found += [f"{path.relative_to(ROOT)}: {match[1]}" for match in MACHINE_PATHS.finditer(text)]
    assert found == []


def test_the_search_finds_what_it_looks_for() -> None:
    assert MACHINE_PATHS.search("see /wo" + "rk/main")
    assert not MACHINE_PATHS.search("frontend/wo" + "rk/x")


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_python_locks_have_hashes_and_no_addresses(name: str) -> None:
    text = text_of(ROOT / name)
    assert "://" not in text
    assert "--index-url" not in text
    lines = [line for line in text.replace("\\\n", " ").splitlines() if line.strip() and not line.startswith("#")]
    assert len(lines) > 40
    assert [
        line for line in lines if not re.match(r"[a-z0-9][a-z0-9._-]*(\[[^\]]*\])?==\S+ .*--hash=sha256:", line)
    ] == []


def packages(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=!;~ ]", item, maxsplit=1)[0].lower().replace("_", "-") for item in requirements}


def test_every_dependency_is_locked() -> None:
    table = project()["project"]
    runtime, development = table["dependencies"], table["optional-dependencies"]["dev"]
    locked = set(re.findall(r"^([a-z0-9][a-z0-9._-]*)==", text_of(ROOT / "requirements.txt"), re.MULTILINE))
    all_locked = set(re.findall(r"^([a-z0-9][a-z0-9._-]*)==", text_of(ROOT / "requirements-dev.txt"), re.MULTILINE))
    assert packages(runtime) - locked == set()
    assert packages([*runtime, *development]) - all_locked == set()
    assert "hatchling" not in locked, "a tool of the build is not needed at run time"


NODE_LOCKS = ("monitor/console", "tests/drivers/modbus/node", "tests/node_opcua")


def test_every_node_lock_is_looked_at() -> None:
    found = {path.parent.relative_to(ROOT).as_posix() for path in files() if path.name == "package-lock.json"}
    assert found == set(NODE_LOCKS)


@pytest.mark.parametrize("folder", NODE_LOCKS)
def test_node_locks_have_hashes_and_no_addresses(folder: str) -> None:
    text = text_of(ROOT / folder / "package-lock.json")
    assert '"resolved"' not in text
    assert "://" not in text
    packages = {name: entry for name, entry in json.loads(text)["packages"].items() if name}
    assert packages
    assert [name for name, entry in packages.items() if not entry["integrity"].startswith("sha512-")] == []


def test_asyncua_and_pymodbus_are_pinned_exactly() -> None:
    pins = {item.split("==")[0].split("[")[0] for item in project()["project"]["dependencies"] if "==" in item}
    assert {"asyncua", "pymodbus"} <= pins


def test_the_hooks_before_a_commit_fetch_nothing() -> None:
    text = text_of(ROOT / ".pre-commit-config.yaml")
    assert re.findall(r"repo: (\S+)", text) == ["local"]
    assert set(re.findall(r"language: (\S+)", text)) == {"system"}
    entries = re.findall(r"entry: \.venv/bin/(\S+)", text)
    assert entries == ["ruff", "ruff", "mypy", "lint-imports"]


def test_versions_agree() -> None:
    version = project()["project"]["version"]
    console = json.loads(text_of(ROOT / "monitor" / "console" / "package.json"))
    assert console["version"] == version
    assert version in text_of(ROOT / "CHANGELOG.md")
    assert f"Version {version}" in text_of(ROOT / "README.md")
