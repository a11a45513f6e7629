"""The inbox: no row that still says something is lost, and every edge of a discrete tag is evaluated."""

import asyncio
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.scan.inbox import Inbox, reduce_to_news, split_at_edges
from rules.columns.quality import Quality
from rules.columns.readings import NO_TIME, Origin, ReadingBatch
from rules.columns.tags import Tag, TagTable

DISCRETE = (False, False, True, True)


def table() -> TagTable:
    return TagTable(
        [
            Tag(
                id=f"T-{row}",
                device="D",
                hazard_source="HS-1",
                process_unit="",
                equipment="",
                description_zh="",
                description_en="",
                eu="" if discrete else "m",
                low=0.0,
                high=1.0 if discrete else 10.0,
                discrete=discrete,
                normal_state=0,
                scan_class="fast",
                scan_period_ns=200_000_000,
            )
            for row, discrete in enumerate(DISCRETE)
        ]
    )


def batch(values: dict[int, float], at: int = 1, device: str = "D", origin: Origin = Origin.LIVE) -> ReadingBatch:
    count = len(values)
    return ReadingBatch(
        device=device,
        received_mono_ns=at,
        received_wall_ns=at,
        origin=origin,
        row=np.array(list(values), np.int32),
        value=np.array(list(values.values()), np.float64),
        quality=np.full(count, Quality.GOOD, np.uint8),
        status=np.zeros(count, np.uint32),
        source_time_ns=np.full(count, NO_TIME, np.int64),
    )


def shown(steps: list[list[ReadingBatch]]) -> list[dict[int, float]]:
    """What Latest would hold of each step."""
    return [
        {int(row): float(value) for item in step for row, value in zip(item.row, item.value, strict=True)}
        for step in steps
    ]


def test_a_drain_without_edges_is_one_step() -> None:
    inbox = Inbox(table())
    inbox.put(batch({0: 1.0, 2: 0.0}))
    inbox.put(batch({0: 2.0, 2: 0.0}))
    assert shown(inbox.drain()) == [{0: 2.0, 2: 0.0}]
    assert inbox.drain() == []


def test_a_trip_pulse_between_two_scans_is_seen() -> None:
    inbox = Inbox(table())
    for value in (0.0, 1.0, 0.0):
        inbox.put(batch({2: value}))
    assert shown(inbox.drain()) == [{2: 0.0}, {2: 1.0}, {2: 0.0}]


def test_backfill_never_reaches_the_scan() -> None:
    inbox = Inbox(table())
    inbox.put(batch({0: 9.0}, origin=Origin.BACKFILL))
    assert inbox.drain() == []


def test_over_the_bound_the_newest_analog_value_and_every_edge_stay() -> None:
    inbox = Inbox(table(), device_bound=4)
    inbox.put(batch({1: 7.0}))
    for number in range(20):
        inbox.put(batch({0: float(number), 2: 1.0 if number == 10 else 0.0}, at=number))
    assert inbox.overruns > 0
    steps = inbox.drain()
    assert [step[2] for step in shown(steps) if 2 in step] == [0.0, 1.0, 0.0]
    merged = {row: value for step in shown(steps) for row, value in step.items()}
    assert merged == {0: 19.0, 1: 7.0, 2: 0.0}
    assert sum(len(item) for step in steps for item in step) < 20


def test_one_device_over_its_bound_leaves_the_others_alone() -> None:
    inbox = Inbox(table(), device_bound=2)
    inbox.put(batch({3: 1.0}, device="OTHER"))
    for number in range(5):
        inbox.put(batch({0: float(number)}, at=number))
    assert next(item.device for step in inbox.drain() for item in step) == "OTHER"


@given(
    st.lists(
        st.dictionaries(st.integers(0, 3), st.sampled_from((0.0, 1.0, float("nan"))), min_size=1),
        min_size=1,
        max_size=12,
    )
)
def test_reducing_keeps_newest_values_and_the_sequence_of_states(histories: list[dict[int, float]]) -> None:
    discrete = np.array(DISCRETE)
    batches = [batch(values, at=number) for number, values in enumerate(histories)]
    reduced = [item for item in reduce_to_news(batches, discrete) if item is not None]
    for row in range(len(DISCRETE)):
        before = [values[row] for values in histories if row in values]
        after = [float(item.value[item.row == row][0]) for item in reduced if row in item.row]
        if not before:
            assert after == []
        elif DISCRETE[row]:
            assert _runs(after) == _runs(before)
        else:
            assert _runs(after[-1:]) == _runs(before[-1:])
            assert len(after) == 1


@given(
    st.lists(
        st.dictionaries(st.integers(0, 3), st.sampled_from((0.0, 1.0, float("nan"))), min_size=1),
        min_size=1,
        max_size=12,
    )
)
def test_steps_lose_no_batch_and_hold_one_value_of_each_discrete_tag(histories: list[dict[int, float]]) -> None:
    batches = [batch(values, at=number) for number, values in enumerate(histories)]
    steps = split_at_edges(batches, np.array(DISCRETE))
    assert [item for step in steps for item in step] == batches
    for step in steps:
        for row in (2, 3):
            values = [str(float(item.value[item.row == row][0])) for item in step if row in item.row]
            assert len(set(values)) <= 1


def _runs(values: list[float]) -> list[str]:
    """The sequence of states without repetitions; NaN equals NaN."""
    names = [str(value) for value in values]
    return [name for index, name in enumerate(names) if index == 0 or names[index - 1] != name]


async def test_waiting_ends_when_a_batch_or_a_command_comes() -> None:
    inbox = Inbox(table())
    acts: tuple[Callable[[], None], ...] = (lambda: inbox.put(batch({0: 1.0})), inbox.wake)
    for act in acts:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await inbox.wait()
        act()
        async with asyncio.timeout(1):
            await inbox.wait()
        inbox.drain()
