"""What a recording gives the rules is what Latest would have held."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from monitor.replay.series import NO_READING, START_MONO_NS, Recording, Sweeps
from rules.columns.latest import Latest
from tests.recordings import batch_of
from tests.rules.plants import SECOND, START_WALL_NS, table, tag

PLANT = table(
    tag("LT-101", health="LT-101.HEALTH"),
    tag("XV-101", discrete=True),
    tag("PT-101", period_ns=5 * SECOND, health="LT-101.HEALTH"),
    tag("LT-101.HEALTH"),
)

reading = st.one_of(
    st.none(), st.tuples(st.sampled_from([0.0, 1.0, 2.0, 12.5, float("nan"), float("inf")]), st.integers(0, 4))
)
sweep = st.tuples(st.integers(1, 9 * SECOND), st.tuples(reading, reading, reading, reading))


def sweeps_of(history: list[tuple[int, tuple[tuple[float, int] | None, ...]]], first_wall_ns: int) -> Sweeps:
    wall_ns = first_wall_ns + np.cumsum([step for step, _ in history], dtype=np.int64)
    value = np.array([[cell[0] if cell else np.nan for cell in cells] for _, cells in history])
    quality = np.array([[cell[1] if cell else NO_READING for cell in cells] for _, cells in history], np.uint8)
    return Sweeps(wall_ns=wall_ns, value=value, quality=quality)


@given(st.lists(sweep, min_size=1, max_size=30), st.integers(1, 30))
def test_a_recording_is_what_latest_would_have_held(
    history: list[tuple[int, tuple[tuple[float, int] | None, ...]]], cut: int
) -> None:
    sweeps = sweeps_of(history, START_WALL_NS)
    first_ns = int(sweeps.wall_ns[0])
    recording, latest, at = Recording(PLANT), Latest(PLANT), 0
    for part in (slice(0, cut), slice(cut, None)):
        here = Sweeps(wall_ns=sweeps.wall_ns[part], value=sweeps.value[part], quality=sweeps.quality[part])
        if not len(here):
            continue
        block = recording.block(here)
        for place in range(len(here)):
            wall_ns = int(sweeps.wall_ns[at])
            mono_ns = wall_ns - first_ns + START_MONO_NS
            latest.apply(batch_of(sweeps, at, mono_ns))
            wanted, found = latest.freeze(mono_ns, wall_ns), block.snapshot(place)
            np.testing.assert_array_equal(found.value, wanted.value)
            np.testing.assert_array_equal(found.quality, wanted.quality)
            np.testing.assert_array_equal(found.received_mono_ns, wanted.received_mono_ns)
            np.testing.assert_array_equal(found.received_wall_ns, wanted.received_wall_ns)
            assert (found.mono_ns, found.wall_ns) == (mono_ns, wall_ns)
            at += 1
