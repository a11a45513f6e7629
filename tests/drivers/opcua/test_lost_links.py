"""Nobody there, somebody else there, silence, stalls, resets: what is a lost link, what is a refusal, and what is neither."""

import asyncio
import contextlib
from typing import Any

import pytest
from asyncua.crypto.permission_rules import User
from asyncua.server.user_managers import UserManager

from drivers.errors import LinkLostError, RefusedError
from drivers.opcua import stack
from tests.drivers.opcua.driving import CLOCK, connections, first, ours, until_it_ends
from tests.drivers.opcua.living import SOON, driver_for
from tests.drivers.opcua.plant import Plc, eventually, free_port, tags
from tests.drivers.opcua.proxy import Proxy

pytestmark = pytest.mark.slow


class Nobody(UserManager):
    def get_user(self, *args: Any, **kwargs: Any) -> User | None:
        return None


async def test_a_server_that_does_not_admit_us_is_a_refusal() -> None:
    async with Plc(users=Nobody()) as plc:
        with pytest.raises(RefusedError, match="connecting to"):
            await driver_for(plc.endpoint, tags(["a"])).__aenter__()
        await eventually(lambda: not connections(plc.port))


async def test_nobody_listens() -> None:
    with pytest.raises(LinkLostError, match="ConnectionRefusedError"):
        await driver_for(f"opc.tcp://127.0.0.1:{free_port()}", tags(["a"]), **SOON).__aenter__()


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n" * 10], ids=["nothing", "something else"])
async def test_somebody_listens_who_is_no_server(said: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await reader.read()
        writer.close()

    listener = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    async with listener:
        with pytest.raises(LinkLostError):
            await driver_for(f"opc.tcp://127.0.0.1:{port}", tags(["a"]), **SOON).__aenter__()
        await eventually(lambda: not connections(port))
    await asyncio.sleep(0.05)


async def test_a_black_hole_is_a_lost_link_within_the_request_timeout() -> None:
    async with Plc() as plc, Proxy(plc.port) as proxy:
        await plc.add("a", 1.0)
        driver = driver_for(f"opc.tcp://127.0.0.1:{proxy.port}", tags(["a"]), **SOON)
        async with driver:
            await first(driver)
            proxy.passing.clear()
            begun_ns = CLOCK.mono_ns()
            with pytest.raises(LinkLostError, match="TimeoutError"):
                await until_it_ends(driver)
        assert CLOCK.mono_ns() - begun_ns < 10_000_000_000
        # The socket goes although the other side never answers.
        await eventually(lambda: not ours(proxy.port))


async def test_a_stall_shorter_than_the_request_timeout_costs_nothing() -> None:
    async with Plc() as plc, Proxy(plc.port) as proxy:
        await plc.add("a", 1.0)
        async with driver_for(f"opc.tcp://127.0.0.1:{proxy.port}", tags(["a"]), request_timeout_s=20.0) as driver:
            async with contextlib.aclosing(driver.batches()) as batches:
                await anext(batches)
                proxy.passing.clear()
                asyncio.get_running_loop().call_later(2.5, proxy.passing.set)
                for _ in range(3):
                    assert (await anext(batches)).value.tolist() == [1.0]
            assert driver.health().overruns > 0
        assert proxy.accepted == 1


async def test_a_reset_is_a_lost_link_even_between_two_reads() -> None:
    async with Plc() as plc, Proxy(plc.port) as proxy:
        await plc.add("a", 1.0)
        addresses = tags(["a"], period_s=3600.0)
        async with (
            driver_for(f"opc.tcp://127.0.0.1:{proxy.port}", addresses) as driver,
            contextlib.aclosing(driver.batches()) as batches,
        ):
            await anext(batches)
            asyncio.get_running_loop().call_later(0.1, proxy.reset)
            with pytest.raises(LinkLostError):
                async with asyncio.timeout(20):
                    await anext(batches)


async def test_a_cancellation_that_meets_the_answer_is_still_a_timeout() -> None:
    class WithResult(asyncio.CancelledError):
        """What the library under asyncua makes of it."""

    async def meets() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise WithResult from None

    with pytest.raises(WithResult):  # without us it goes through asyncio.timeout and ends the task
        async with asyncio.timeout(0.01):
            await meets()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await stack.plainly(meets())
