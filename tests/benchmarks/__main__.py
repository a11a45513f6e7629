"""`python -m tests.benchmarks [name]`: a table, `bench.json` in the current folder, and one last line of JSON."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from tests.benchmarks import alarms, interlocks, modbus, opcua, pipeline, rules
from tests.benchmarks.figures import Figure, circumstances, show

BENCHMARKS: Final[dict[str, Callable[[], tuple[list[Figure], list[str]]]]] = {
    "alarms": lambda: alarms.run(alarms.Size()),
    "interlocks": lambda: interlocks.run(interlocks.Size()),
    "modbus": lambda: modbus.run(modbus.Size()),
    "opcua": lambda: opcua.run(opcua.Size()),
    "pipeline": lambda: pipeline.run(pipeline.Size()),
    "rules": lambda: rules.run(rules.Size()),
}
"""Name -> what measures it: its figures, and notes on processes, servers and method."""

SHORT: Final[dict[str, Callable[[], tuple[list[Figure], list[str]]]]] = {"opcua-short": lambda: opcua.run(opcua.SHORT)}
"""The same in less time, only when asked for by name."""


def main(arguments: Sequence[str]) -> int:
    """Run one benchmark or all; 2 when there is none of this name."""
    names = list(arguments) or list(BENCHMARKS)
    known = BENCHMARKS | SHORT
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"no benchmark is called {', '.join(unknown)}; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    figures: list[Figure] = []
    notes = [f"at the start: {circumstances()}"]
    for name in names:
        measured, said = known[name]()
        figures += measured
        notes += said
    notes.append(f"at the end: {circumstances()}")
    show(figures, notes, Path("bench.json"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
