"""Floods as the scan sees them: what it decided is counted, what begins or ends is journaled in the same commit."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from monitor.alarms.annunciations import StepColumns, calls_anew
from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.flood import PositionFlood, advance, begun, seeded
from monitor.alarms.performance import FloodLimits, Owners
from monitor.alarms.positions import Positions
from monitor.alarms.record import Entry
from monitor.alarms.transition import Transition

SEED_NS: Final = 24 * 3600 * 1_000_000_000
"""How far a restart looks back ..."""
SEED_STEPS: Final = 5000
"""... and at most over so many steps: enough to know whether a flood goes on."""


def owners_of(positions: Positions, definitions: Sequence[AlarmDefinition]) -> Owners:
    """At which positions each alarm is heard."""
    return Owners(
        positions=positions.ids,
        heard_at={definition.id: positions.heard_at(definition) for definition in definitions},
    )


class FloodWatch:
    """Counts new annunciations per operator position."""

    def __init__(self, owners: Owners, limits: FloodLimits) -> None:
        self._limits = limits
        self._owners = owners
        self._places: dict[str, tuple[int, ...]] = {}
        self._calm = (0,) * len(owners.positions)
        self._memory = begun(owners.positions)

    @property
    def states(self) -> tuple[PositionFlood, ...]:
        """Every position as it stands; the same object while nothing changes."""
        return self._memory.positions

    def seed(self, steps: StepColumns, mono_ns: int, wall_ns: int) -> None:
        """Go on where the last run stopped."""
        new = steps.only(steps.is_new())
        past = []
        for place in range(len(self._owners.positions)):
            heard = np.array([place in self._owners.of(alarm_id) for alarm_id in new.ids], np.bool_)
            past.append(np.sort(new.wall_ns[heard[new.name]]))
        self._memory = seeded(self._owners.positions, past, self._limits, mono_ns, wall_ns)

    def hear(self, transitions: Sequence[Transition], mono_ns: int, wall_ns: int) -> list[Entry]:
        """Count what this scan annunciated; returns an entry for each flood that begins or ends."""
        new = self._count(transitions) if transitions else self._calm
        before, self._memory = self._memory, advance(self._memory, self._limits, new, mono_ns, wall_ns)
        if before is self._memory:
            return []
        pairs = zip(before.positions, self._memory.positions, strict=True)
        return [self._entry(now, wall_ns) for old, now in pairs if old.in_flood != now.in_flood]

    def _count(self, transitions: Sequence[Transition]) -> tuple[int, ...]:
        new = list(self._calm)
        for transition in transitions:
            if calls_anew(transition):
                places = self._places.get(transition.id)
                if places is None:
                    places = self._places[transition.id] = self._owners.of(transition.id)
                for place in places:
                    new[place] += 1
        return tuple(new)

    def _entry(self, state: PositionFlood, wall_ns: int) -> Entry:
        minutes = self._limits.window_ns / 60e9
        begins = state.in_flood
        zh, en = ("报警泛滥开始", "alarm flood began") if begins else ("报警泛滥结束", "alarm flood ended")
        return Entry(
            kind="flood",
            wall_ns=wall_ns,
            message_zh=f"岗位 {state.position} {zh}：{minutes:g} 分钟内新报警 {state.count} 条，峰值 {state.peak} 条",
            message_en=f"Position {state.position}: {en}, {state.count} new alarms in {minutes:g} min, peak {state.peak}",
            values={
                "position": state.position,
                "begins": begins,
                "count": state.count,
                "peak": state.peak,
                "window_s": self._limits.window_ns / 1e9,
            },
        )
