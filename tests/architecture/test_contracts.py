"""The architecture as the machine checks it: contracts, one clock reader, complete tables."""

import ast
from pathlib import Path

import pytest

from drivers.link import LINK_TRANSITIONS, LinkEvent, LinkState
from monitor.alarms.lifecycle import IS_ACTIVE, TRANSITIONS, State, Trigger

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("rules", "drivers", "monitor")
CLOCK_READERS = {
    "time",
    "time_ns",
    "monotonic",
    "monotonic_ns",
    "perf_counter",
    "perf_counter_ns",
    "now",
    "utcnow",
    "today",
}


def sources() -> list[Path]:
    return [
        path
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if "node_modules" not in path.parts
    ]


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_clock_module_reads_the_clock(path: Path) -> None:
    if path == ROOT / "monitor" / "clock.py":
        return
    tree = ast.parse(path.read_text())
    imported = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Import) and any(name.name == "time" for name in node.names)
    ]
    imported += [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "time"]  # type: ignore[misc]  # both have names
    assert not imported, f"{path} imports time (line {imported[0].lineno}): take mono_ns / wall_ns as arguments"
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK_READERS:
            owner = node.func.value
            name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
            assert name not in {"time", "datetime", "date"}, f"{path}:{node.lineno} reads the clock"


def test_every_active_state_has_a_way_out() -> None:
    for state in IS_ACTIVE:
        assert any(before is state and after is State.NORMAL for (before, _), after in TRANSITIONS.items()), state


def test_every_trigger_is_used_and_every_state_reached() -> None:
    assert {trigger for _, trigger in TRANSITIONS} == set(Trigger)
    assert set(TRANSITIONS.values()) == set(State)


def test_link_table_uses_every_state_and_event() -> None:
    assert {event for _, event in LINK_TRANSITIONS} == set(LinkEvent)
    assert {state for state, _ in LINK_TRANSITIONS} | set(LINK_TRANSITIONS.values()) == set(LinkState)
