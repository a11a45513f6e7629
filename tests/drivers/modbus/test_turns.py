import asyncio

import pytest

from drivers.errors import LinkLostError
from drivers.modbus.chain import Chain
from drivers.modbus.turns import Asking, Turns
from drivers.modbus.wire import ReadFunction, ReadRequest


def chain(unit: int) -> Asking:
    request = ReadRequest(unit, ReadFunction.READ_COILS, 0, 8)
    return Chain([request] * 9, 1.0, float("inf"), asyncio.get_running_loop().create_future())


def served(turns: Turns, count: int) -> list[int]:
    units = []
    for _ in range(count):
        whose = turns.whose()
        if whose is None:
            break
        turns.served(whose)
        units.append(whose.unit)
    return units


async def test_one_turn_each_and_who_comes_later_is_next_to_who_was_just_served() -> None:
    turns = Turns()
    assert not turns
    assert turns.whose() is None
    first, second, third = chain(1), chain(2), chain(3)
    turns.line_up(first)
    assert served(turns, 2) == [1, 1]
    turns.line_up(second)
    turns.line_up(third)
    turns.line_up(third)
    assert served(turns, 7) == [2, 3, 1, 2, 3, 1, 2]
    assert turns


async def test_who_has_nothing_to_ask_steps_back_and_who_is_answered_is_gone() -> None:
    turns = Turns()
    chains = [chain(unit) for unit in (1, 2, 3)]
    for each in chains:
        turns.line_up(each)
    assert turns.whose() is chains[0]
    turns.step_back()
    chains[1].waiter.set_result(True)
    assert served(turns, 2) == [3, 3]
    turns.line_up(chains[0])
    assert served(turns, 3) == [1, 3, 1]


async def test_a_new_connection_lines_up_everybody_and_a_lost_one_ends_everybody() -> None:
    turns = Turns()
    waiting, answered, left = chain(1), chain(2), chain(3)
    for each in (waiting, answered, left):
        turns.line_up(each)
    answered.waiter.set_result(True)
    turns.leave(left)
    turns.interrupt()
    assert not turns
    assert waiting.waiter.result() is False
    assert answered.waiter.result() is True
    assert not left.waiter.done(), "nobody waits for it"
    waiting.waiter = asyncio.get_running_loop().create_future()
    turns.line_up(waiting)
    turns.fail(LinkLostError("gone"))
    assert turns.whose() is None
    with pytest.raises(LinkLostError, match="gone"):
        await waiting.waiter
    turns.fail(LinkLostError("again"))
