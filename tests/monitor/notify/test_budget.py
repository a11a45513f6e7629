"""The minute's budget against a plain count, and what the next message carries."""

from hypothesis import given
from hypothesis import strategies as st

from monitor.notify.budget import WINDOW_NS, Budget, choose
from monitor.notify.policy import decide
from monitor.notify.row import OutboxRow, Purpose
from tests.monitor.notify.support import SECOND, WALL, WECOM, definition, notification, step

TO = notification(WECOM)


def rows_of(n: int, priority: int) -> list[OutboxRow]:
    rows, _ = decide([step(of=definition(f"P{priority}-{place}", priority=priority)) for place in range(n)], TO, WALL)
    return [row for row in rows if row.purpose == Purpose.RAISE]


def test_shares_of_eighteen() -> None:
    budget = Budget(18)
    assert (budget.urgent_room(0), budget.single_room(0), budget.digest_allowed(0)) == (18, 9, True)
    for place in range(12):
        budget.spend(place, digest=False)
    assert (budget.urgent_room(12), budget.single_room(12), budget.digest_allowed(12)) == (6, 0, False)


def test_the_window_slides() -> None:
    budget = Budget(18)
    for place in range(18):
        budget.spend(place * SECOND, digest=False)
    assert budget.urgent_room(59 * SECOND) == 0
    assert budget.urgent_room(60 * SECOND) == 1
    assert budget.urgent_room(77 * SECOND) == 18


def test_a_flood_is_one_digest_and_the_next_has_to_wait() -> None:
    budget = Budget(18)
    first = choose(rows_of(99, 2), budget, 0, 500)
    assert len(first) == 99
    budget.spend(0, digest=True)
    assert choose(rows_of(99, 2), budget, SECOND, 500) == ()
    assert len(choose(rows_of(99, 2), budget, 20 * SECOND, 500)) == 99


def test_priority_1_goes_first_and_alone() -> None:
    rows = rows_of(3, 1) + rows_of(50, 2)
    assert [row.id for row in choose(rows, Budget(18), 0, 500)] == ["P1-0"]


def test_lesser_alarms_wait_while_priority_1_has_no_room() -> None:
    budget = Budget(18)
    for _ in range(18):
        budget.spend(0, digest=False)
    assert choose(rows_of(1, 1) + rows_of(1, 2), budget, SECOND, 500) == ()


def test_nothing_due_nothing_chosen() -> None:
    assert choose([], Budget(18), 0, 500) == ()


@given(
    per_minute=st.integers(1, 30),
    waits=st.lists(st.tuples(st.integers(0, 15 * SECOND), st.integers(0, 30), st.integers(0, 60)), max_size=60),
)
def test_never_more_than_the_minute_allows(per_minute: int, waits: list[tuple[int, int, int]]) -> None:
    """Whatever waits, no window of 60 s holds more than the budget, and only priority 1 touches its share."""
    budget = Budget(per_minute)
    sent: list[tuple[int, int]] = []
    now_ns = 0
    for wait_ns, urgent, lesser in waits:
        now_ns += wait_ns
        chosen = choose(rows_of(urgent, 1) + rows_of(lesser, 2), budget, now_ns, 500)
        recent = [priority for at_ns, priority in sent if at_ns > now_ns - WINDOW_NS]
        if not chosen:
            continue
        priority = chosen[0].priority
        assert {row.priority for row in chosen} == {priority}
        assert len(recent) < per_minute
        assert priority == 1 or len(recent) < per_minute - per_minute // 3
        sent.append((now_ns, priority))
        budget.spend(now_ns, digest=len(chosen) > 1)
