from hypothesis import given
from hypothesis import strategies as st

from drivers.modbus.chain import Chain
from drivers.modbus.wire import ReadFunction, ReadRequest, Refusal

INFINITE = float("inf")


def chain(count: int, stop_s: float = INFINITE) -> Chain[None]:
    requests = [ReadRequest(5, ReadFunction.READ_COILS, number, 8) for number in range(count)]
    return Chain(requests, 1.0, stop_s, None)


def test_requests_are_taken_in_order_and_answered_in_any() -> None:
    asked = chain(3)
    assert (asked.unit, asked.is_begun) == (5, False)
    assert [asked.take(0.0) for _ in range(4)] == [0, 1, 2, None]
    assert asked.is_begun
    assert [asked.settle(number, bytes([number])) for number in (2, 0)] == [False, False]
    assert not asked.is_over(0.0)
    assert asked.settle(1, b"\x01")
    assert asked.is_over(0.0)
    assert asked.answers() == [b"\x00", b"\x01", b"\x02"]


def test_after_its_time_nothing_new_is_asked_but_the_first_always_is() -> None:
    asked = chain(3, stop_s=10.0)
    assert not asked.is_over(11.0), "it has not asked anything yet"
    assert asked.take(11.0) == 0
    assert asked.take(11.0) is None
    asked.settle(0, b"a")
    assert asked.is_over(11.0)
    assert not asked.is_over(9.0)
    assert asked.answers() == [b"a"]


def test_a_busy_device_is_left_alone_and_then_asked_the_same() -> None:
    asked = chain(3, stop_s=10.0)
    asked.take(0.0)
    assert asked.tries(0) == 0
    assert asked.postpone(0) == 0
    assert asked.take(0.0) is None, "nothing at all while it rests"
    assert not asked.is_over(11.0)
    asked.resume(0)
    assert not asked.is_over(11.0)
    assert asked.take(11.0) == 0, "what was begun is asked to its end"
    assert asked.postpone(0) == 1
    assert asked.tries(0) == 2
    asked.resume(0)
    assert asked.take(11.0) == 0
    asked.settle(0, Refusal(6))
    assert asked.is_over(11.0)
    assert asked.answers() == [Refusal(6)]


def test_a_unit_that_is_not_there_refuses_everything_that_is_left() -> None:
    asked = chain(3)
    asked.take(0.0)
    asked.settle(0, Refusal(0x0B))
    asked.give_up(Refusal(0x0B))
    assert asked.take(0.0) is None
    assert asked.is_over(0.0)
    assert asked.answers() == [Refusal(0x0B)] * 3


@given(st.integers(1, 8), st.lists(st.integers(0, 3), max_size=60), st.randoms())
def test_whatever_happens_every_request_is_answered_once(count: int, steps: list[int], randomness) -> None:  # type: ignore[no-untyped-def]  # drawn by hypothesis
    asked = chain(count)
    unanswered: list[int] = []
    paused: list[int] = []
    for step in [*steps, *[0, 1, 3] * 40]:
        if step == 0 and (number := asked.take(0.0)) is not None:
            unanswered.append(number)
        elif step == 1 and unanswered:
            number = unanswered.pop(randomness.randrange(len(unanswered)))
            asked.settle(number, bytes([number]))
        elif step == 2 and unanswered:
            paused.append(unanswered.pop())
            asked.postpone(paused[-1])
        elif step == 3 and paused:
            asked.resume(paused.pop())
        assert asked.is_over(0.0) == (not unanswered and not paused and len(asked.answers()) == count)
    assert asked.answers() == [bytes([number]) for number in range(count)]
