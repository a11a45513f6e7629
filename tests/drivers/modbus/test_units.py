"""What a dead unit may cost the others, in numbers."""

from hypothesis import given
from hypothesis import strategies as st

from drivers.modbus.units import DEAD_SHARE, Units
from drivers.modbus.wire import Refusal


def test_a_unit_that_was_never_asked_may_be() -> None:
    units = Units(10.0)
    assert units.wait_s(1, 0.0) == 0.0
    assert not units.answers(1)
    units.answered(1)
    assert units.answers(1)
    assert units.wait_s(1, 0.0) == 0.0


def test_its_back_off_doubles_up_to_the_ceiling_and_an_answer_ends_it() -> None:
    units, now_s, waits = Units(10.0), 100.0, []
    for _ in range(6):
        waits.append(units.failed(1, now_s, cost_s=1.0))
        now_s += waits[-1]
        assert units.wait_s(1, now_s - 0.01) > 0.0
        assert units.wait_s(1, now_s) == 0.0
    assert waits == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    units.answered(1)
    assert units.failed(1, now_s, cost_s=1.0) == 1.0


def test_it_is_never_asked_while_a_late_answer_may_come() -> None:
    units = Units(2.0)
    assert units.failed(1, 0.0, cost_s=5.0) == 5.0, "the ceiling does not count below one more timeout"


def test_all_dead_units_together_take_a_tenth_while_others_answer() -> None:
    units, now_s, spent_s = Units(1.0), 0.0, 0.0
    dead = range(10)
    units.answered(99)
    for unit in dead:
        units.failed(unit, now_s, cost_s=0.2)
    begun_s = now_s
    while now_s < 100.0:
        now_s += 0.01
        for unit in dead:
            if not units.wait_s(unit, now_s):
                now_s += 0.2
                spent_s += 0.2
                units.failed(unit, now_s, cost_s=0.2)
    assert 0.5 * DEAD_SHARE < spent_s / (now_s - begun_s) <= DEAD_SHARE


def test_when_nobody_answers_nobody_has_to_be_spared() -> None:
    units = Units(10.0)
    for unit in range(5):
        units.failed(unit, 0.0, cost_s=1.0)
    assert [units.wait_s(unit, 1.0) for unit in range(5)] == [0.0] * 5


def test_what_a_gateway_said_is_kept_until_the_unit_answers() -> None:
    units = Units(10.0)
    units.failed(4, 0.0, 0.0, Refusal(0x0B))
    assert units.refusal(4) == Refusal(0x0B)
    assert units.refusal(5) is None
    units.answered(4)
    assert units.refusal(4) is None
    units.failed(4, 0.0, 0.0, Refusal(0x0A))
    units.failed(4, 0.0, 1.0)
    assert units.refusal(4) is None, "silence is not what the gateway said before"
    units.forget(4)
    assert units.failures(4) == 0


def test_why_a_unit_is_not_asked() -> None:
    units = Units(10.0)
    assert units.objection(3, 0.0) is None
    units.failed(3, 0.0, 1.0)
    assert str(units.objection(3, 0.25)) == "unit 3 was silent; it is asked again in 0.8 s"
    assert units.objection(3, 1.0) is None
    units.failed(4, 0.0, 1.0, Refusal(0x0B))
    assert units.objection(4, 0.5) == Refusal(0x0B)


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans(), st.floats(0.0, 3.0)), max_size=60))
def test_a_unit_waits_only_after_it_failed_and_never_longer_than_ceiling_cost_and_share(
    steps: list[tuple[int, bool, float]],
) -> None:
    units, now_s = Units(10.0), 0.0
    healthy: set[int] = set()
    for unit, answers, seconds in steps:
        now_s += seconds
        if answers:
            units.answered(unit)
            healthy.add(unit)
        else:
            units.failed(unit, now_s, cost_s=seconds)
            healthy.discard(unit)
        for each in range(5):
            wait_s = units.wait_s(each, now_s)
            assert wait_s == 0.0 or each not in healthy
            assert wait_s <= max(10.0, 3.0 / DEAD_SHARE)
