"""Named figures: how they are made of samples, shown as a table, and written as JSON."""

import json
import math
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure of a benchmark with how it was measured."""

    name: str
    value: float
    unit: str
    method: str
    runs: tuple[float, ...] = ()
    """The value of each run where `value` is their median."""


def percentile(samples: Sequence[float], percent: float) -> float:
    """The sample that `percent` of all samples do not exceed: one that happened, never a number between two."""
    if not samples:
        raise ValueError("no samples: nothing was measured")
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


def median(values: Sequence[float]) -> float:
    """The middle value (the upper one of two)."""
    return sorted(values)[len(values) // 2]


def of_runs(name: str, runs: Sequence[float], unit: str, method: str) -> Figure:
    """A figure that is the median of several runs."""
    shown = tuple(round(run, 3) for run in runs)
    return Figure(name=name, value=median(shown), unit=unit, method=method, runs=shown)


def circumstances() -> str:
    """What machine this is and how busy it is: a figure without it says little."""
    load = os.getloadavg()
    return (
        f"{os.cpu_count()} CPUs, {platform.system()} {platform.release()}, Python {platform.python_version()}, "
        f"load average {load[0]:.1f} (1 min) {load[1]:.1f} (5 min); everything on this machine over 127.0.0.1"
    )


def show(figures: Sequence[Figure], notes: Sequence[str], path: Path) -> None:
    """Print table and notes, write `path`, and print the figures as the last line, one JSON object."""
    console = Console(width=160)
    table = Table("figure", "value", "unit", "runs", "method", title="Redline benchmarks")
    for figure in figures:
        runs = ", ".join(f"{run:g}" for run in figure.runs)
        table.add_row(figure.name, f"{figure.value:g}", figure.unit, runs, figure.method)
    console.print(table)
    for note in notes:
        console.print(f"- {note}", highlight=False, soft_wrap=True)
    values = {figure.name: figure.value for figure in figures}
    details = {
        "figures": values,
        "notes": list(notes),
        "runs": {figure.name: list(figure.runs) for figure in figures if figure.runs},
        "methods": {figure.name: figure.method for figure in figures},
    }
    path.write_text(json.dumps(details, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(values), flush=True)
