"""`python -m simulators plant | wecom | observe`: the processes around a monitor under test."""

import importlib
import sys
from collections.abc import Sequence
from typing import Final

COMMANDS: Final = {
    "plant": "simulators.control.main",
    "wecom": "simulators.wecom.server",
    "observe": "simulators.observe.main",
}
"""Word -> module with `main(argv) -> exit code`; imported when asked for, each needs other libraries."""


def main(argv: Sequence[str]) -> int:
    """Run one command; 2 when there is none of this name."""
    if not argv or argv[0] not in COMMANDS:
        print(f"usage: python -m simulators {'|'.join(COMMANDS)} [--help]", file=sys.stderr)
        return 2
    code = importlib.import_module(COMMANDS[argv[0]]).main(argv[1:])
    return int(code or 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
