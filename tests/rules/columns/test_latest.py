import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.columns.latest import Latest, stale_after_ns
from rules.columns.quality import Quality
from rules.columns.readings import NO_TIME, Origin
from tests.rules.plants import SECOND, START_WALL_NS, batch, table, tag

PLANT = table(tag("A"), tag("B"), tag("C", discrete=True), tag("SLOW", period_ns=10 * SECOND))


def test_never_seen_stays_never_seen_and_is_not_stale() -> None:
    frozen = Latest(PLANT).freeze(10**15, START_WALL_NS)
    assert frozen.quality.tolist() == [Quality.NEVER_SEEN] * 4
    assert np.isnan(frozen.value).all()
    assert frozen.received_mono_ns.tolist() == [0] * 4
    assert not frozen.changed.any()


def test_arrival_order_wins_over_source_time_and_is_counted() -> None:
    latest = Latest(PLANT)
    latest.apply(batch([0, 1], [1.0, 2.0], mono_ns=SECOND, source_time_ns=[500, NO_TIME]))
    latest.apply(batch([0, 1], [3.0, 4.0], mono_ns=2 * SECOND, source_time_ns=[400, 1]))
    latest.apply(batch([0], [3.0], mono_ns=2 * SECOND, source_time_ns=[400]))
    latest.apply(batch([1], [5.0], mono_ns=2 * SECOND, source_time_ns=[NO_TIME]))
    frozen = latest.freeze(2 * SECOND, START_WALL_NS)
    assert frozen.value[:2].tolist() == [3.0, 5.0]
    assert frozen.source_time_ns[:2].tolist() == [400, NO_TIME]
    assert latest.older_source_times == 1


def test_a_row_twice_in_one_batch_ends_with_its_last_and_counts_inside_the_batch() -> None:
    latest = Latest(PLANT)
    latest.apply(batch([0, 1, 0, 0], [1.0, 9.0, 2.0, 3.0], mono_ns=SECOND, source_time_ns=[300, 5, 200, 250]))
    assert latest.freeze(SECOND, START_WALL_NS).value[0] == 3.0
    assert latest.older_source_times == 1


def test_backfill_changes_nothing() -> None:
    latest = Latest(PLANT)
    latest.apply(batch([0], [1.0], mono_ns=SECOND, origin=Origin.BACKFILL))
    assert latest.freeze(SECOND, START_WALL_NS).quality[0] == Quality.NEVER_SEEN
    latest.apply(batch([0], [2.0], mono_ns=SECOND, origin=Origin.REREAD))
    assert latest.freeze(SECOND, START_WALL_NS).value[0] == 2.0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(
    ("quality", "stored"),
    [
        (Quality.GOOD, Quality.BAD),
        (Quality.UNCERTAIN, Quality.BAD),
        (Quality.BAD, Quality.BAD),
        (Quality.STALE, Quality.STALE),
    ],
)
def test_what_is_no_number_is_never_believed(value: float, quality: int, stored: int) -> None:
    latest = Latest(PLANT)
    latest.apply(batch([0], [value], mono_ns=SECOND, quality=[quality]))
    assert latest.freeze(SECOND, START_WALL_NS).quality[0] == stored


def test_a_bad_answer_is_an_answer_a_stale_one_is_none() -> None:
    latest = Latest(PLANT)
    latest.apply(batch([0, 1], [1.0, 1.0], mono_ns=SECOND))
    latest.apply(
        batch([0, 1], [math.nan, 1.0], mono_ns=2 * SECOND, quality=[Quality.BAD, Quality.STALE], status=[0x80310000, 7])
    )
    frozen = latest.freeze(2 * SECOND, START_WALL_NS)
    assert frozen.received_mono_ns[:2].tolist() == [2 * SECOND, SECOND]
    assert frozen.received_wall_ns[:2].tolist() == [START_WALL_NS + 2 * SECOND, START_WALL_NS + SECOND]
    assert frozen.status[:2].tolist() == [0x80310000, 7]
    assert frozen.quality[:2].tolist() == [Quality.BAD, Quality.STALE]


def test_usable_values_turn_stale_at_their_own_age_and_come_back() -> None:
    latest = Latest(PLANT)
    latest.apply(batch([0, 1, 3], [1.0, 2.0, 3.0], mono_ns=SECOND, quality=[0, 1, 0]))
    assert latest.next_stale_ns(SECOND) == 4 * SECOND + 1
    assert latest.freeze(4 * SECOND, START_WALL_NS).quality.tolist() == [0, 1, Quality.NEVER_SEEN, 0]
    after = latest.freeze(4 * SECOND + 1, START_WALL_NS)
    assert after.quality.tolist() == [Quality.STALE, Quality.STALE, Quality.NEVER_SEEN, 0]
    assert after.value[:2].tolist() == [1.0, 2.0]
    assert latest.next_stale_ns(4 * SECOND + 1) == 31 * SECOND + 1
    assert latest.next_stale_ns(40 * SECOND) is None
    latest.apply(batch([0], [1.5], mono_ns=5 * SECOND))
    assert latest.freeze(5 * SECOND, START_WALL_NS).quality[0] == Quality.GOOD


def test_bad_never_turns_stale() -> None:
    latest = Latest(PLANT)
    latest.apply(batch([0], [math.nan], mono_ns=SECOND, quality=[Quality.BAD]))
    assert latest.freeze(100 * SECOND, START_WALL_NS).quality[0] == Quality.BAD
    assert latest.next_stale_ns(SECOND) is None


def test_stale_age_is_three_periods_at_least_a_second_unless_given() -> None:
    assert stale_after_ns(table(tag("A", period_ns=SECOND // 5), tag("B", period_ns=2 * SECOND))).tolist() == [
        SECOND,
        6 * SECOND,
    ]
    latest = Latest(PLANT, np.array([5, 5, 5, 5], np.int64))
    latest.apply(batch([0], [1.0], mono_ns=SECOND))
    assert latest.freeze(SECOND + 6, START_WALL_NS).quality[0] == Quality.STALE
    with pytest.raises(ValueError, match="stale_after"):
        Latest(PLANT, np.array([1], np.int64))


def test_changed_rows_are_those_since_the_last_freeze() -> None:
    latest = Latest(PLANT)
    latest.apply(batch([2], [1.0], mono_ns=SECOND))
    assert latest.freeze(SECOND, START_WALL_NS).changed.tolist() == [False, False, True, False]
    assert not latest.freeze(SECOND, START_WALL_NS).changed.any()


def test_a_snapshot_is_frozen_and_apart_from_what_comes_later() -> None:
    latest = Latest(PLANT)
    latest.apply(batch([0], [1.0], mono_ns=SECOND))
    frozen = latest.freeze(SECOND, START_WALL_NS)
    latest.apply(batch([0], [2.0], mono_ns=SECOND))
    assert frozen.value[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        frozen.value[0] = 7.0


@pytest.mark.parametrize("row", [-1, 4])
def test_a_row_outside_the_plant_is_refused_whole(row: int) -> None:
    latest = Latest(PLANT)
    with pytest.raises(IndexError, match="PLC-1"):
        latest.apply(batch([0, row], [1.0, 1.0], mono_ns=SECOND))
    assert latest.freeze(SECOND, START_WALL_NS).quality[0] == Quality.NEVER_SEEN


readings = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from([0.0, 1.0, 2.5, math.nan, math.inf]),
        st.integers(0, 4),
        st.sampled_from([NO_TIME, 1, 2, 3]),
    ),
    max_size=6,
)


@settings(max_examples=200, deadline=None)
@given(
    history=st.lists(
        st.tuples(st.integers(0, 4 * SECOND), readings, st.sampled_from(list(Origin))), min_size=1, max_size=8
    )
)
def test_latest_agrees_with_one_value_at_a_time(history: list[tuple[int, list[Any], Origin]]) -> None:
    latest, now, older = Latest(PLANT), SECOND, 0
    value = [math.nan] * 4
    quality: list[int] = [Quality.NEVER_SEEN] * 4
    source, received = [NO_TIME] * 4, [0] * 4
    for step_ns, rows, origin in history:
        now += step_ns
        columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
        latest.apply(
            batch(columns[0], columns[1], mono_ns=now, quality=columns[2], source_time_ns=columns[3], origin=origin)
        )
        for row, number, grade, stamp in rows if origin is not Origin.BACKFILL else []:
            older += NO_TIME < stamp < source[row]
            value[row], source[row] = number, stamp
            quality[row] = Quality.BAD if grade < 2 and not math.isfinite(number) else grade
            if quality[row] <= Quality.BAD:
                received[row] = now
        frozen = latest.freeze(now, START_WALL_NS)
        limits = [3 * SECOND] * 3 + [30 * SECOND]
        shown = [
            Quality.STALE if grade < 2 and now - at > limit else grade
            for grade, at, limit in zip(quality, received, limits, strict=True)
        ]
        assert frozen.quality.tolist() == shown
        assert frozen.received_mono_ns.tolist() == received
        assert frozen.source_time_ns.tolist() == source
        np.testing.assert_array_equal(frozen.value, np.array(value))
        assert latest.older_source_times == older
