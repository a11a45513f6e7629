"""Waiting on a line ends with time, with the connection, and leaves nothing behind when it is given up."""

import asyncio

from drivers.modbus.rests import Rests


async def test_a_rest_ends_with_its_time_and_does_not_wake_others() -> None:
    rests = Rests()
    long = asyncio.ensure_future(rests.rest(60.0))
    begun = asyncio.get_running_loop().time()
    await rests.rest(0.02)
    assert asyncio.get_running_loop().time() - begun >= 0.019
    assert not long.done()
    rests.end()
    await asyncio.wait_for(long, 5.0)


async def test_the_end_wakes_all_and_may_come_twice() -> None:
    rests = Rests()
    waiting = [asyncio.ensure_future(rests.rest(60.0)) for _ in range(3)]
    await asyncio.sleep(0)
    rests.end()
    rests.end()
    await asyncio.wait_for(asyncio.gather(*waiting), 5.0)


async def test_a_rest_that_is_given_up_is_forgotten() -> None:
    rests = Rests()
    waiting = asyncio.ensure_future(rests.rest(60.0))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert waiting.cancelled()
    rests.end()
    await asyncio.wait_for(rests.rest(0.001), 5.0)
