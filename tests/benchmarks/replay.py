"""Replay at speed: the demo plant with every kind of rule, a recording at 1 Hz, against real time and against sweep by sweep."""

import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from drivers import registry
from monitor.plant.folder import read_plant
from monitor.plant.plant import Plant
from monitor.replay.player import Player
from monitor.replay.series import Sweeps, block_of
from rules.catalog import KINDS, Delays, Rule
from rules.kinds.comparisons import Deviation
from rules.kinds.counts import ChatteringInput, Count
from rules.kinds.demands import Cause, Effect
from rules.kinds.mismatches import Mismatch, limit_switches
from rules.kinds.modes import InMode, ModeLimit
from rules.kinds.rates import RateOfChange
from rules.kinds.setpoints import TagLimit
from rules.kinds.signals import Forced, NeverSeen, OutOfBand, Uncertain
from rules.kinds.spurious_trips import SpuriousTrip
from tests.benchmarks.figures import Figure, of_runs
from tests.recordings import recording

DEMO: Final = Path(__file__).resolve().parents[2] / "monitor" / "plant" / "demo"
MINUTE_NS: Final = 60_000_000_000
_HELD: Final = Delays(on_delay_ns=3_000_000_000, off_delay_ns=5_000_000_000)
MORE: Final[tuple[Rule, ...]] = (
    RateOfChange(id="more.rate", tag="LT-101A", direction="either", limit=0.5, window_ns=MINUTE_NS, dead_band=0.1),
    RateOfChange(id="more.pressure-rate", tag="PT-201A", direction="rise", limit=0.2, window_ns=2 * MINUTE_NS),
    TagLimit(
        id="more.tag-limit", tag="LT-103A", kind="H", set_point_tag="LT-104A", set_point_minimum=0.0, set_point_maximum=20.0,
        fallback=15.0, delays=_HELD,
    ),
    ModeLimit(
        id="more.mode-limit", tag="LT-105A", kind="H", set_point=11.5, in_modes=(InMode(mode="filling", set_point=11.0),),
        modes=(("filling", "tag('FT-105I') > 10 for 10 s"),), dead_band=0.1,
    ),
    Deviation(id="more.deviation", tag="LT-101A", against=("LT-101B",), limit=0.5, dead_band=0.1, delays=_HELD),
    Mismatch(id="more.mismatch", wrong=limit_switches("XV-103O.OPEN", "XV-103O.CLOSED"), delays=_HELD),
    Count(id="more.starts", tag="P-003A.RUN", edge="rise", at_least=4, window_ns=60 * MINUTE_NS),
    Count(id="more.waves", tag="LT-106A", edge="rise", level=8.0, dead_band=0.2, at_least=3, window_ns=10 * MINUTE_NS),
    ChatteringInput(id="more.chatters", tag="XV-101I.OPEN"),
    Uncertain(id="more.uncertain", tag="PT-201B"),
    OutOfBand(id="more.out-of-band", tag="PT-201C"),
    Forced(id="more.forced", tag="LT-102A"),
    NeverSeen(id="more.never-seen", tag="LT-102B", after_ns=MINUTE_NS),
    SpuriousTrip(
        id="more.spurious-trip", causes=(Cause(tag="PT-201A", sense="high", trip_point=1.7),),
        effects=(Effect(tag="XV-201I.CLOSED", acted_when=1, within_ns=20_000_000_000),), tolerance_ns=5_000_000_000,
    ),
)  # fmt: skip
"""Of the kinds that the demo plant does not have: with them it has all of the catalogue."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is played; the smoke test plays little."""

    seconds: int = 10_800
    runs: int = 3
    sweep_by_sweep: int = 600
    """Seconds that are judged one by one, for the comparison."""


def plant_of_every_kind() -> Plant:
    """The demo plant and one rule or two of the kinds it lacks."""
    plant = read_plant(DEMO, registry).plant
    count = len(plant.rules)
    definitions = [replace(plant.definitions[0], id=rule.id) for rule in MORE]
    made = replace(
        plant,
        rules=(*plant.rules, *MORE),
        definitions=(*plant.definitions[:count], *definitions, *plant.definitions[count:]),
    )
    lacking = KINDS.keys() - {type(rule) for rule in made.rules}
    if lacking:
        raise LookupError(f"no rule of {', '.join(sorted(kind.__name__ for kind in lacking))}: add one to MORE")
    return made


def figures(size: Size) -> tuple[list[Figure], list[str]]:
    """How many times real time, how many samples a second, and against judging one by one."""
    plant = plant_of_every_kind()
    blocks = list(recording(plant.tags, size.seconds, block=block_of(len(plant.tags))))
    short = list(recording(plant.tags, size.sweep_by_sweep))
    seconds, slow, samples, alarms = [], [], 0, 0
    for _ in range(size.runs):
        player = Player(plant)
        seconds.append(_timed(player, blocks))
        slow.append(_timed(Player(plant, sweep_by_sweep=True), short) / size.sweep_by_sweep)
        samples, alarms = player.outcome.readings, len(player.outcome.transitions)
    fast = [size.seconds / one for one in seconds]
    method = "recording in memory through rules, suppressions and board; CPU time of the one thread"
    told = [
        of_runs("rules.replay_x_realtime", fast, "x", f"{method}; {size.seconds} s at 1 Hz"),
        of_runs("rules.replay_samples_per_s", [samples / one for one in seconds], "1/s", "the same: readings a second"),
        of_runs(
            "rules.replay_x_sweep_by_sweep",
            [each * one for each, one in zip(slow, fast, strict=True)],
            "x",
            f"the same against judging every sweep, {size.sweep_by_sweep} s of it",
        ),
    ]
    note = (
        f"replay: the demo plant ({len(plant.tags)} tags, {len(plant.rules)} rules, all {len(KINDS)} kinds), healthy, "
        f"{samples} readings, {alarms} transitions; blocks of {block_of(len(plant.tags))} sweeps"
    )
    return told, [note]


def _timed(player: Player, blocks: Sequence[Sweeps]) -> float:
    gc.collect()
    begun = time.thread_time()
    player.play(blocks)
    return time.thread_time() - begun
