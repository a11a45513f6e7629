"""A plant with every kind of rule in short windows, and stretches of time in which each of them has something to say."""

from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from rules.catalog import BadQuality, Bypassed, Delays, DiscreteState, Limit, NoUpdate, Rule
from rules.columns.readings import NO_TIME
from rules.columns.snapshot import Snapshot
from rules.columns.tags import TagTable
from rules.geometry import Vessel
from rules.kinds.balance import MassBalance
from rules.kinds.comparisons import Deviation
from rules.kinds.counts import ChatteringInput, Count
from rules.kinds.cusum import Cusum
from rules.kinds.demands import Cause as TripCause
from rules.kinds.demands import Effect
from rules.kinds.disagreement import Disagreement
from rules.kinds.drift import Drift
from rules.kinds.expressions import Expression
from rules.kinds.failed_trips import FailedToTrip
from rules.kinds.first_out import Cause
from rules.kinds.forecast import MinutesToLimit
from rules.kinds.gas import GasLimit
from rules.kinds.gas_faults import GasFault
from rules.kinds.leaks import Leak
from rules.kinds.load_cuts import LoadCut
from rules.kinds.mismatches import Mismatch, follows
from rules.kinds.modes import InMode, ModeLimit
from rules.kinds.rates import RateOfChange
from rules.kinds.setpoints import TagLimit
from rules.kinds.signals import Forced, NeverSeen, OutOfBand, Uncertain
from rules.kinds.spurious_trips import SpuriousTrip
from rules.kinds.stops import Stop
from rules.kinds.stuck import Stuck
from rules.kinds.trip_points import TripPointDrift
from rules.kinds.unplanned import UnplannedMovement
from rules.kinds.variance import Variance
from rules.kinds.votes_left import VoteDegraded
from rules.kinds.voting import Voter, Voting
from rules.language.conditions import parse_condition
from rules.stretch import Stretch
from tests.rules.plants import SECOND, START_WALL_NS, table, tag

TENTH: Final = SECOND // 10
START_NS: Final = 1000 * SECOND
ANALOG: Final = ("LT-1", "LT-2", "LT-3", "FT-1", "FT-2", "TT-1", "AT-1", "SP-1")
DISCRETE: Final = ("XV-1.OPEN", "XV-1.CMD", "HS-1")
PLANT: Final[TagTable] = table(
    *(
        replace(tag(name, period_ns=TENTH), eu={"F": "m3/h", "T": "°C", "A": "ppm"}.get(name[0], "m"))
        for name in ANALOG
    ),
    *(tag(name, discrete=True, period_ns=TENTH) for name in DISCRETE),
)
TANK: Final = Vessel(shape="vertical_cylinder", height_m=100.0, diameter_m=2.0)
BALL: Final = Vessel(shape="sphere", diameter_m=100.0)
OPEN: Final = "tag('XV-1.OPEN') == 1"
HELD: Final = Delays(on_delay_ns=3 * TENTH, off_delay_ns=5 * TENTH)
_CAUSES: Final = (Cause(tag="XV-1.OPEN", state=0), Cause(tag="LT-1", high=80.0))
_DEMAND: Final = (
    TripCause(tag="LT-1", sense="high", trip_point=70.0),
    TripCause(tag="LT-2", sense="high", trip_point=70.0),
)
_EFFECT: Final = (Effect(tag="XV-1.OPEN", acted_when=0, within_ns=SECOND),)

EVERY_KIND: Final[tuple[Rule, ...]] = (
    Limit(id="H", tag="LT-1", kind="H", set_point=60.0, dead_band=15.0, delays=HELD),
    Limit(id="HH", tag="LT-1", kind="HH", set_point=75.0, dead_band=10.0),
    Limit(id="L", tag="LT-2", kind="L", set_point=30.0, dead_band=5.0, delays=Delays(on_delay_ns=SECOND)),
    DiscreteState(id="state", tag="XV-1.OPEN", abnormal_state=0, delays=HELD),
    NoUpdate(id="silent", tag="LT-3", after_ns=SECOND),
    BadQuality(id="bad", tag="LT-2", delays=HELD),
    Bypassed(id="bypass", bits=(("HS-1", 1), ("XV-1.CMD", 0))),
    RateOfChange(
        id="rate", tag="LT-1", direction="either", limit=300.0, window_ns=4 * SECOND, dead_band=100.0, delays=HELD
    ),
    RateOfChange(id="rise", tag="LT-3", direction="rise", limit=100.0, window_ns=3 * SECOND),
    TagLimit(
        id="tag-limit",
        tag="LT-1",
        kind="H",
        set_point_tag="SP-1",
        set_point_minimum=0.0,
        set_point_maximum=90.0,
        dead_band=3.0,
    ),
    ModeLimit(
        id="mode-limit",
        tag="LT-2",
        kind="H",
        set_point=80.0,
        in_modes=(InMode(mode="open", set_point=50.0),),
        modes=(("open", f"{OPEN} for 1 s"),),
        dead_band=5.0,
    ),
    Deviation(id="deviation", tag="LT-1", against=("LT-2",), limit=20.0, dead_band=5.0, delays=HELD),
    Deviation(id="deviation-of-mean", tag="LT-1", against=("LT-2", "LT-3"), limit=15.0, direction="above"),
    Mismatch(id="mismatch", wrong=follows("XV-1.CMD", "XV-1.OPEN"), delays=Delays(on_delay_ns=4 * TENTH)),
    Count(id="count", tag="XV-1.OPEN", edge="change", at_least=3, window_ns=6 * SECOND, minimum_coverage=0.3),
    ChatteringInput(id="chatters", tag="LT-3", swing=10.0, window_ns=6 * SECOND, minimum_coverage=0.3),
    Uncertain(id="uncertain", tag="LT-1", delays=HELD),
    OutOfBand(id="out-of-band", tag="LT-2"),
    Forced(id="forced", tag="LT-1"),
    NeverSeen(id="never", tag="SP-1", after_ns=2 * SECOND),
    Stuck(
        id="stuck",
        tag="LT-1",
        window_ns=4 * SECOND,
        flat_within=0.5,
        minimum_change=2.0,
        condition=parse_condition(OPEN, PLANT),
    ),
    Stuck(
        id="stuck-flow",
        tag="LT-2",
        window_ns=33 * TENTH,
        flat_within=0.5,
        minimum_change=1.0,
        inflows=("FT-1",),
        outflows=("FT-2",),
        vessel=Vessel(shape="vertical_cylinder", height_m=100.0, diameter_m=0.1),
    ),
    Stuck(
        id="stuck-neighbour",
        tag="LT-3",
        window_ns=5 * SECOND,
        flat_within=0.2,
        minimum_change=3.0,
        neighbour="LT-2",
        delays=HELD,
    ),
    UnplannedMovement(
        id="moves",
        tag="LT-2",
        window_ns=4 * SECOND,
        maximum_change=4.0,
        settle_ns=SECOND,
        condition=parse_condition(f"{OPEN} for 0.5 s", PLANT),
    ),
    UnplannedMovement(id="moves-ever", tag="LT-3", window_ns=5 * SECOND, maximum_change=20.0),
    Leak(
        id="leak",
        tag="LT-1",
        window_ns=4 * SECOND,
        maximum_loss_per_h=3000.0,
        settle_ns=7 * TENTH,
        condition=parse_condition("tag('XV-1.OPEN') == 0", PLANT),
        temperature="TT-1",
        expansion_per_k=0.001,
        temperature_tolerance_k=0.5,
    ),
    MinutesToLimit(
        id="minutes",
        tag="LT-1",
        limit=80.0,
        rising=True,
        required_ns=6 * SECOND,
        dead_band_ns=3 * SECOND,
        window_ns=4 * SECOND,
    ),
    MinutesToLimit(
        id="minutes-down",
        tag="LT-2",
        limit=10.0,
        rising=False,
        required_ns=20 * SECOND,
        window_ns=3 * SECOND,
        vessel=BALL,
    ),
    MassBalance(
        id="balance",
        levels=(("LT-1", TANK), ("LT-2", BALL)),
        inflows=("FT-1",),
        outflows=("FT-2",),
        window_ns=5 * SECOND,
        tolerance_m3=40.0,
        tolerance_share=0.1,
    ),
    Disagreement(id="disagree", tags=("LT-1", "LT-2", "LT-3"), tolerance=20.0, dead_band=5.0, delays=HELD),
    Drift(id="drift", tag="LT-1", others=("LT-2", "LT-3"), tolerance=10.0, dead_band=3.0, window_ns=5 * SECOND),
    Voting(
        id="vote",
        voters=tuple(Voter(tag=name, side="high", set_point=55.0, dead_band=5.0) for name in ANALOG[:3]),
        needed=2,
        degraded=(1, 1),
        delays=HELD,
    ),
    VoteDegraded(id="degraded", tags=("LT-1", "LT-2", "LT-3")),
    Cusum(
        id="cusum",
        tag="FT-1",
        sample_ns=3 * TENTH,
        slack=0.5,
        decision=4.0,
        learn_samples=8,
        least_sigma=0.5,
        silence_ns=2 * SECOND,
        reset_tag="HS-1",
    ),
    Variance(
        id="variance", tag="LT-3", ratio=4.0, dead_band=1.0, window_ns=33 * TENTH, learn_windows=2, least_sigma=0.05
    ),
    LoadCut(
        id="cut",
        tag="FT-1",
        drop_percent=20.0,
        dead_band=5.0,
        within_ns=SECOND,
        reference_ns=6 * SECOND,
        accept_after_ns=8 * SECOND,
        causes=_CAUSES,
    ),
    Stop(
        id="stop", tag="FT-2", threshold=20.0, dead_band=5.0, after_ns=SECOND, reference_ns=5 * SECOND, causes=_CAUSES
    ),
    GasLimit(id="gas1", tag="AT-1", gas="toxic", stage=1, high=40.0, dead_band=5.0),
    GasLimit(id="gas2", tag="AT-1", gas="toxic", stage=2, high=60.0, dead_band=5.0, delays=HELD),
    GasFault(id="gas-fault", tag="AT-1", below_zero=-2.0, over_range=98.0, fault_tag="HS-1"),
    FailedToTrip(id="failed", causes=_DEMAND, effects=_EFFECT),
    SpuriousTrip(id="spurious", causes=_DEMAND, effects=_EFFECT, tolerance_ns=SECOND),
    TripPointDrift(id="trip-point", tag="SP-1", approved=50.0, tolerance=5.0),
    Expression(id="high-while-open", when=f"tag('LT-1') > 50 and ({OPEN} for 1 s)", delays=HELD),
    Expression(id="jump", when="abs(tag('LT-2') - previous(tag('LT-2'))) > 5"),
    Expression(id="now", when="count_true(tag('LT-1') > 55, tag('LT-2') > 55, is_on(tag('HS-1'))) >= 2"),
    Expression(
        id="counted",
        when="count_true(tag('LT-1') > 50 for 0.5 s, tag('LT-3') > 50 for 1 s) >= 2 or not good(tag('FT-1'))",
    ),
)
"""Every kind of the catalogue (the tests say so), many of them with delays and dead bands."""


def stretch(seed: int, sweeps: int, *, rough: float = 1.0) -> Stretch:
    """A life of the plant, some minutes long: levels that rise, rest and jump, tags that die, fall silent, are uncertain.

    `rough` 0: nothing fails, values are noisy only.  Each seed has its own pace of sweeps and of changes.
    """
    chance = np.random.default_rng(seed)
    count = len(PLANT)
    pace = chance.choice([1, 2, 3, 10])
    mono_ns = START_NS + np.cumsum(chance.integers(1, 2 * pace + 1, sweeps)) * TENTH
    value, quality = np.empty((sweeps, count)), np.zeros((sweeps, count), np.uint8)
    received = np.zeros((sweeps, count), np.int64)
    status, source = np.zeros((sweeps, count), np.uint32), np.full((sweeps, count), NO_TIME)
    for row, name in enumerate(PLANT.ids):
        discrete = name in DISCRETE
        value[:, row] = _bits(chance, sweeps) if discrete else _analog(chance, sweeps, rough)
        if chance.random() < 0.6 * rough:
            quality[:, row] = _pieces(chance, sweeps, [0, 0, 0, 1, 2, 3], 12.0)
        if chance.random() < 0.3 * rough:
            broken = _pieces(chance, sweeps, [0, 0, 0, 0, 1], 5.0) == 1
            value[broken, row], quality[broken, row] = chance.choice([np.nan, np.inf, -np.inf]), 2  # as Latest would
        if chance.random() < 0.3:
            source[:, row] = mono_ns + START_WALL_NS - 50_000_000
        answers = _pieces(chance, sweeps, [1, 1, 1, 0] if rough and chance.random() < 0.5 else [1], 10.0) == 1
        answers &= chance.random(sweeps) < (0.7 if chance.random() < 0.3 * rough else 1.0)
        first = 0 if chance.random() < 0.8 else int(chance.integers(0, sweeps))
        answers[:first] = False
        _hold(value[:, row], quality[:, row], received[:, row], answers, mono_ns)
    return Stretch(
        mono_ns=mono_ns,
        wall_ns=mono_ns + START_WALL_NS,
        start_mono_ns=int(mono_ns[0]),
        tag_ids=PLANT.ids,
        value=value,
        quality=quality,
        status=status,
        source_time_ns=source,
        received_mono_ns=received,
    )


def snapshot(of: Stretch, at: int) -> Snapshot:
    """One sweep as the scan would freeze it."""
    received, offset_ns = of.received_mono_ns[at], int(of.wall_ns[at] - of.mono_ns[at])
    return Snapshot(
        mono_ns=int(of.mono_ns[at]),
        wall_ns=int(of.wall_ns[at]),
        value=of.value[at],
        quality=of.quality[at],
        status=of.status[at],
        source_time_ns=of.source_time_ns[at],
        received_mono_ns=received,
        received_wall_ns=np.where(received > 0, received + offset_ns, 0),
        changed=np.ones(len(of.tag_ids), np.bool_),
    )


def _pieces(chance: np.random.Generator, sweeps: int, of: list[int], length: float) -> npt.NDArray[np.int64]:
    """One of the numbers for some sweeps, then another."""
    lengths = chance.geometric(1 / length, sweeps)
    return np.repeat(chance.choice(of, sweeps), lengths)[:sweeps]


def _bits(chance: np.random.Generator, sweeps: int) -> npt.NDArray[np.float64]:
    return _pieces(chance, sweeps, [0, 1], float(chance.choice([3, 15, 60]))).astype(np.float64)


def _analog(chance: np.random.Generator, sweeps: int, rough: float) -> npt.NDArray[np.float64]:
    slope = _pieces(chance, sweeps, [-2, -1, 0, 0, 0, 1, 2], 15.0) * float(chance.choice([0.05, 0.5, 1.5])) * rough
    jump = np.where(chance.random(sweeps) < 0.02 * rough, chance.normal(0.0, 30.0, sweeps), 0.0)
    noise = chance.normal(0.0, float(chance.choice([0.0, 0.01, 0.3, 2.0])), sweeps)
    level = np.clip(50.0 + chance.normal(0.0, 8.0) + np.cumsum(slope + jump), 0.0, 100.0) + noise
    return np.round(level, int(chance.choice([1, 3, 12])))


def _hold(
    value: npt.NDArray[np.float64],
    quality: npt.NDArray[np.uint8],
    received: npt.NDArray[np.int64],
    answers: npt.NDArray[np.bool_],
    mono_ns: npt.NDArray[np.int64],
) -> None:
    """Where nothing answers the last reading stays, at first none at all; a reading may be a little old already."""
    late = np.where(answers & (np.arange(answers.size) % 7 == 3), TENTH // 3, 0)
    last, last_quality, last_ns = np.nan, 4, 0
    for at, answered in enumerate(answers.tolist()):
        if answered:
            last, last_quality, last_ns = value[at], quality[at], max(last_ns, int(mono_ns[at] - late[at]))
        value[at], quality[at], received[at] = last, last_quality, last_ns
