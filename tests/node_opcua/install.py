"""node-opcua beside this file, installed from its lock when a test or a benchmark first wants it."""

import subprocess
from pathlib import Path
from typing import Final

from deploy.build_console import node_commands, one_at_a_time

FOLDER: Final = Path(__file__).parent


def installed() -> Path:
    """Install what `package-lock.json` says unless it is there; returns the folder with the scripts.

    :raises SystemExit: there is no Node.
    """
    npm, environment = node_commands()
    with one_at_a_time(FOLDER):
        stamp = FOLDER / "node_modules" / ".redline"
        wanted = (FOLDER / "package-lock.json").read_text()
        if not stamp.exists() or stamp.read_text() != wanted:
            command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            subprocess.run(command, cwd=FOLDER, env=environment, check=True, stdout=subprocess.DEVNULL)
            stamp.write_text(wanted)
    return FOLDER


def node_command(script: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """Command and environment that run one of the scripts; installs first."""
    folder = installed()
    return ["node", str(folder / script), *arguments], node_commands()[1]
