"""The fixed workload of the rule engine: points, rules, and sweeps in which every value is new."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from rules.catalog import Delays, Limit, NoUpdate, Rule
from rules.columns.readings import NO_TIME
from rules.columns.snapshot import Snapshot
from rules.columns.tags import Tag, TagTable
from rules.kinds.comparisons import Deviation
from rules.kinds.expressions import Expression
from rules.kinds.forecast import MinutesToLimit
from rules.kinds.rates import RateOfChange
from rules.kinds.stuck import Stuck
from rules.kinds.voting import Voter, Voting

SECOND: Final = 1_000_000_000
SWEEP_NS: Final = SECOND // 4
"""Between two sweeps: the longest the scan waits."""
HELD: Final = Delays(on_delay_ns=2 * SWEEP_NS, off_delay_ns=2 * SWEEP_NS)
NORMAL, HIGH = 50.0, 85.0
SET_POINTS: Final = (("LL", 10.0), ("L", 20.0), ("H", 80.0), ("HH", 90.0))
QUIET: Final = 0.0005
STORMY: Final = 0.012
"""Share of the points that change side in one sweep: half of them from normal to high, half of them back."""
STAYS: Final = 8
"""Sweeps that a point stays high."""
MIX: Final = {"deviation": 0.05, "voting": 0.02, "expression": 0.01, "stuck": 0.005, "minutes_to_limit": 0.005}
"""Rules over several tags or a long window, for each point."""


def table_of(points: int) -> TagTable:
    """Analog points, 500 a device."""
    return TagTable(
        [
            Tag(
                id=f"T{number}", device=f"D{number // 500}", hazard_source="M", process_unit="u", equipment="",
                description_zh="", description_en="", eu="m", low=0.0, high=100.0, discrete=False, normal_state=None,
                scan_class="fast", scan_period_ns=SWEEP_NS,
            )
            for number in range(points)
        ]
    )  # fmt: skip


def rules_of(points: int) -> list[Rule]:
    """Of each point HH, H, L, LL with dead band and delays, no update, rate of change; and the mix."""
    return [rule for number in range(points) for rule in _of_point(number)] + _mixed(points)


def _of_point(number: int) -> Iterator[Rule]:
    tag = f"T{number}"
    for kind, set_point in SET_POINTS:
        yield Limit(
            id=f"{tag}.{kind}", tag=tag, kind=kind, set_point=set_point, dead_band=1.0, delays=HELD  # type: ignore[arg-type]  # one of the words
        )  # fmt: skip
    yield NoUpdate(id=f"{tag}.no_update", tag=tag, after_ns=10 * SECOND)
    yield RateOfChange(
        id=f"{tag}.rate", tag=tag, direction="either", limit=120.0, window_ns=60 * SECOND, dead_band=5.0, delays=HELD
    )


def _mixed(points: int) -> list[Rule]:
    made: list[Rule] = []

    def tags(number: int, count: int) -> list[str]:
        return [f"T{(number * 17 + step) % points}" for step in range(count)]

    for number in range(int(points * MIX["deviation"])):
        one, other = tags(number, 2)
        made.append(
            Deviation(id=f"deviation{number}", tag=one, against=(other,), limit=30.0, dead_band=1.0, delays=HELD)
        )
    for number in range(int(points * MIX["voting"])):
        voters = tuple(Voter(tag=name, side="high", set_point=80.0, dead_band=1.0) for name in tags(number + 7, 3))
        made.append(Voting(id=f"voting{number}", voters=voters, needed=2, delays=HELD))
    for number in range(int(points * MIX["expression"])):
        one, other = tags(number + 3, 2)
        made.append(
            Expression(id=f"expression{number}", when=f"tag('{one}') > 70 and tag('{other}') < 60", delays=HELD)
        )
    for number in range(int(points * MIX["stuck"])):
        tag, other = tags(number + 5, 2)
        made.append(
            Stuck(
                id=f"stuck{number}",
                tag=tag,
                window_ns=600 * SECOND,
                flat_within=0.01,
                minimum_change=1.0,
                neighbour=other,
            )
        )
    for number in range(int(points * MIX["minutes_to_limit"])):
        tag = tags(number + 9, 1)[0]
        made.append(
            MinutesToLimit(
                id=f"minutes{number}",
                tag=tag,
                limit=90.0,
                rising=True,
                required_ns=300 * SECOND,
                window_ns=600 * SECOND,
            )
        )
    return made


@dataclass(slots=True)
class Plant:
    """Values that are all new each sweep: noise around normal, and a share of points that are high for STAYS sweeps."""

    points: int
    share: float
    now_ns: int = 10_000 * SECOND

    def sweeps(self, count: int) -> Iterator[Snapshot]:
        """So many snapshots, SWEEP_NS apart; always the same."""
        chance = np.random.default_rng(20260901)
        back = np.zeros(self.points, np.intp)
        good, status = np.zeros(self.points, np.uint8), np.zeros(self.points, np.uint32)
        source, changed = np.full(self.points, NO_TIME), np.ones(self.points, np.bool_)
        for sweep in range(count):
            self.now_ns += SWEEP_NS
            back[(chance.random(self.points) < self.share / 2) & (back <= sweep)] = sweep + STAYS
            level = np.where(back > sweep, HIGH, NORMAL)
            received = np.full(self.points, self.now_ns)
            yield Snapshot(
                mono_ns=self.now_ns,
                wall_ns=self.now_ns,
                value=level + chance.normal(0.0, 0.05, self.points),
                quality=good,
                status=status,
                source_time_ns=source,
                received_mono_ns=received,
                received_wall_ns=received,
                changed=changed,
            )
