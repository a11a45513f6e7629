"""A message that is missing is seen; a keep-alive uses no number up."""

import pytest

from drivers.opcua.sequence import Sequence


def told(*messages: tuple[int, bool]) -> list[str]:
    numbers = Sequence()
    return [numbers.missing(number, is_keep_alive) for number, is_keep_alive in messages]


def test_messages_one_after_the_other_miss_nothing() -> None:
    assert told((1, False), (2, False), (3, False)) == ["", "", ""]


def test_the_first_may_have_any_number() -> None:
    assert told((77, False), (78, False)) == ["", ""]


def test_a_keep_alive_tells_the_next_number_and_does_not_use_it_up() -> None:
    assert told((1, True), (1, True), (1, False), (2, True), (2, False), (3, True)) == [""] * 6


def test_a_missing_message_is_told_with_its_number() -> None:
    assert told((1, False), (3, False)) == ["", "message 2 never came, 3 did"]


def test_a_keep_alive_shows_that_the_last_message_is_missing() -> None:
    assert told((1, False), (3, True)) == ["", "message 2 never came, 3 did"]


def test_a_message_that_comes_twice_is_no_order() -> None:
    assert told((4, False), (4, False)) == ["", "message 5 never came, 4 did"]


@pytest.mark.parametrize("keep_alive", [True, False])
def test_behind_the_largest_number_comes_1(keep_alive: bool) -> None:
    assert told((2**32 - 1, False), (1, keep_alive)) == ["", ""]


def test_0_is_no_number() -> None:
    assert "number 0" in told((0, False))[0]
