"""Ports for servers of tests, that no other worker and no outgoing connection takes between the choice and the use.

Below the range from which the kernel gives out ports; each pytest-xdist worker (and each process) begins elsewhere.
"""

import os
import socket
from itertools import count
from typing import Final

FIRST: Final = 18_900
LAST: Final = 32_000
SPAN: Final = 4_000
"""Of one worker."""
_next = count(os.getpid() * 7 % SPAN)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on; not handed out twice in a row."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw2").removeprefix("gw")) % 3
    for _ in range(SPAN):
        port = FIRST + worker * SPAN + next(_next) % SPAN
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
    raise OSError(f"no free port between {FIRST} and {LAST}")


def free_ports(number: int) -> list[int]:
    """So many different ones."""
    return [free_port() for _ in range(number)]
