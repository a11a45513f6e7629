"""What the tests of this folder read: the files of the repository, Markdown tables, unit files, Dockerfiles."""

import re
import shlex
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
DOCS = ROOT / "docs"


@cache
def files() -> tuple[Path, ...]:
    """Every file that belongs to the repository: tracked, or new and not ignored."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    found = tuple(ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file())
    assert len(found) > 200, "git does not list the repository"
    return found


@cache
def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def markdown() -> list[Path]:
    return [path for path in files() if path.suffix == ".md" and "node_modules" not in path.parts]


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def section(text: str, heading: str) -> str:
    """The text from one heading to the next of the same or a higher level."""
    level = heading.split(" ", 1)[0]
    match = re.search(rf"^{re.escape(heading)}$\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", text, re.MULTILINE | re.DOTALL)
    assert match, f"there is no heading {heading!r}"
    return match[1]


def rows(text: str) -> list[list[str]]:
    """The cells of every table row, without head and rule; a pipe in a cell is written `\\|`."""
    found: list[list[str]] = []
    before = ""
    for line in text.splitlines():
        if line.startswith("|"):
            cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            if set("".join(cells)) <= set("-: ") and before.startswith("|"):
                found.pop()  # the head of the table
            elif cells:
                found.append(cells)
        before = line
    return found


def codes(cell: str) -> list[str]:
    """The words in backticks."""
    return re.findall(r"`([^`]+)`", cell)


def keyed(text: str) -> dict[str, list[str]]:
    """Table rows by each word in backticks of their first cell."""
    return {name: row for row in rows(text) for name in codes(row[0])}


def unit(path: Path) -> list[tuple[str, str, str]]:
    """(section, key, value) of a systemd unit, in order; keys may repeat."""
    found: list[tuple[str, str, str]] = []
    inside = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        line = line.strip()
        if line.startswith("["):
            inside = line.strip("[]")
        elif line and not line.startswith(("#", ";")):
            key, equals, value = line.partition("=")
            assert equals, f"not a directive: {line}"
            found.append((inside, key, value))
    return found


def dockerfile(path: Path) -> list[tuple[str, list[str], str]]:
    """(instruction, words, rest as written), continuation lines joined, comments left out."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    found = []
    for line in joined.splitlines():
        if line.strip():
            name, _, rest = line.strip().partition(" ")
            found.append((name.upper(), shlex.split(rest), rest))
    return found
