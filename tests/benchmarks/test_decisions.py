"""Which decision belongs to which write: the arithmetic that every latency figure stands on."""

from typing import Any

import pytest

from tests.benchmarks.decisions import LONGEST_NS, Latencies, Write, latencies

MS = 1_000_000
T0 = 1_790_000_000_000 * MS


def body(alarm_id: str, trigger: str, decided_ms: float, received_ms: float | None) -> dict[str, Any]:
    received = None if received_ms is None else T0 + int(received_ms * MS)
    return {
        "id": alarm_id,
        "trigger": trigger,
        "decided_wall_ns": T0 + int(decided_ms * MS),
        "received_wall_ns": received,
    }


def write(alarm_id: str, at_ms: float, *, is_abnormal: bool) -> Write:
    return Write(wall_ns=T0 + int(at_ms * MS), alarm_id=alarm_id, is_abnormal=is_abnormal)


def test_raise_and_return_are_matched_by_id_and_direction() -> None:
    writes = [write("A.state", 0, is_abnormal=True), write("A.state", 1000, is_abnormal=False),
              write("B.H", 10, is_abnormal=True)]  # fmt: skip
    bodies = [
        (1, body("A.state", "raised", 120, 118)),
        (2, body("B.H", "raised", 50, 45)),
        (3, body("A.state", "returned", 1090, 1080)),
    ]
    seen = {1: (T0 + 125 * MS, T0 + 123 * MS), 3: (T0 + 1100 * MS, T0 + 1095 * MS)}
    found = latencies(writes, bodies, seen)
    assert found.decided == [120.0, 90.0, 40.0]
    assert found.streamed == [7.0, 20.0]
    assert found.durable == [5.0, 15.0]
    assert found.told == [2.0, 5.0]
    assert found.waited == [2.0, 10.0]
    assert found.missed == 0


def test_a_decision_before_the_write_is_of_an_earlier_one() -> None:
    writes = [write("A.state", 500, is_abnormal=True)]
    bodies = [(1, body("A.state", "raised", 499, 498)), (2, body("A.state", "raised", 650, 640))]
    assert latencies(writes, bodies, {}).decided == [150.0]


@pytest.mark.parametrize(
    "bodies",
    [
        [],
        [(1, body("A.state", "returned", 50, 40))],
        [(1, body("B.state", "raised", 50, 40))],
        [(1, body("A.state", "raised", LONGEST_NS / MS + 1, 40))],
    ],
)
def test_a_write_without_its_decision_is_missed_and_never_left_out(bodies: list[tuple[int, dict[str, Any]]]) -> None:
    assert latencies([write("A.state", 0, is_abnormal=True)], bodies, {}) == Latencies(missed=1)


def test_an_alarm_that_no_batch_caused_has_no_core_latency() -> None:
    found = latencies(
        [write("A.state", 0, is_abnormal=True)],
        [(1, body("A.state", "raised", 5, None))],
        {1: (T0 + 9 * MS, T0 + 8 * MS)},
    )
    assert found.decided == [5.0]
    assert found.streamed == []
