"""One of the scripts beside this file as a process that speaks lines of JSON."""

import json
import subprocess
from pathlib import Path
from typing import Any, Self

from tests.node_opcua.install import node_command


class NodeProcess:
    """Started at once; leaving the context ends it."""

    def __init__(self, folder: Path, script: str, *arguments: object) -> None:
        """`folder` is its home, where node-opcua makes a certificate."""
        command, environment = node_command(script, *(str(argument) for argument in arguments))
        self._process = subprocess.Popen(
            command,
            env=environment | {"XDG_CONFIG_HOME": str(folder), "HOME": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __enter__(self) -> Self:
        """Wait until it is ready."""
        self.said()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._process.kill()
        self._process.communicate()

    def asked(self, line: str) -> dict[str, Any]:
        """Write one line to it; its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self.said()

    def said(self) -> dict[str, Any]:
        """The next line of JSON; its own remarks are skipped."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("{"):
                said: dict[str, Any] = json.loads(line)
                return said
        raise AssertionError(f"{self._process.args!r} ended with {self._process.wait()}")
