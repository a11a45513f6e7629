"""The life of a link: delays, half-open connections, refused renewals, restarts, two hundred reconnects, nothing left behind.

What asyncua 2.1.0 does wrong on its own, and where it is kept from it: one late answer ends a link for good, and so does a
server that does not tell its state (our own question instead of its supervisor: the two tests of `PROBE_S`); a lost link
leaves its socket open, a cancelled connect too, unanswered requests stay in the callback map (`nothing_behind`); its
reconnecting lets requests into the handshake, loops over Republish, hammers refused log-ins (never switched on: a fresh
client an attempt, back-off in `tests/drivers/test_poll.py`); one failed renewal of the channel is told to nobody
(`refused_renewal`); a clock that is off ends the channel around a renewal (a lost link like any other, and alarmed before);
a cancelled task may end as if it had not been (`plainly` in `test_driver.py`, 16 ways out here); sessions that live an hour
(30 s: `who_we_are`); waiting for a free slot has no time limit (every request stands in a timeout of ours).
"""

import asyncio
import contextlib
import os
import socket
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.server import uaprocessor
from asyncua.server.internal_session import InternalSession
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes

from drivers.errors import LinkLostError, RefusedError
from drivers.link import LinkState
from drivers.opcua import connection, transport
from drivers.opcua.driver import OpcUaDriver
from rules.columns.quality import Quality
from tests.drivers.opcua.driving import CLOCK, connections, first, ours, until_it_ends
from tests.drivers.opcua.living import driver_for, polled
from tests.drivers.opcua.plant import Plc, eventually, free_port, tags
from tests.drivers.opcua.proxy import Proxy
from tests.drivers.opcua.secured import SecuredPlc, certificate, pki

pytestmark = pytest.mark.slow


# --- the wire ---------------------------------------------------------------------------------------


async def test_thirty_milliseconds_each_way_and_a_reset() -> None:
    async with Plc() as plc, Proxy(plc.port, delay_s=0.03) as proxy:
        await plc.add("a", 1.0)
        async with polled(lambda: driver_for(proxy.endpoint)) as seen:
            await seen.value(1.0)
            assert seen.links[-1].round_trip_ms == 0.0 or seen.links[-1].round_trip_ms >= 60.0
            proxy.reset()
            await eventually(lambda: seen.state is LinkState.DOWN or proxy.accepted > 1)
            await seen.value(1.0)
        assert proxy.accepted == 2, "the second attempt succeeds: nothing of ours leaks into its handshake"


async def test_a_peer_that_closes_its_half_is_a_lost_link() -> None:
    async with Plc() as plc, Proxy(plc.port) as proxy:
        await plc.add("a", 1.0)
        async with driver_for(proxy.endpoint) as driver:
            await first(driver)
            proxy.half_close()
            with pytest.raises(LinkLostError):
                async with asyncio.timeout(20.0):
                    await until_it_ends(driver)
        await eventually(lambda: not ours(proxy.port))


async def test_a_black_hole_behind_a_slow_scan_class_is_found_by_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "PROBE_S", 0.3)
    async with Plc() as plc, Proxy(plc.port) as proxy:
        await plc.add("a", 1.0)
        async with (
            driver_for(proxy.endpoint, tags(["a"], period_s=3600.0)) as driver,
            contextlib.aclosing(driver.batches()) as batches,
        ):
            await anext(batches)
            passed = proxy.passed
            asyncio.get_running_loop().call_later(1.5, proxy.passing.clear)
            with pytest.raises(LinkLostError, match="whether the server is there"):
                async with asyncio.timeout(10.0):
                    await anext(batches)
        assert proxy.passed > passed, "it was asked, and answered, before"
        await eventually(lambda: not ours(proxy.port))


async def test_a_server_that_does_not_tell_its_time_or_state_is_not_a_lost_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "PROBE_S", 0.1)
    secret = {ua.NodeId(ObjectIds.Server_ServerStatus_State), ua.NodeId(ObjectIds.Server_ServerStatus_CurrentTime)}  # type: ignore[arg-type]  # asyncua's own types are narrower
    original = InternalSession.read
    asked = 0

    async def read(self: InternalSession, params: ua.ReadParameters) -> Any:
        nonlocal asked
        results = await original(self, params)
        for index, node in enumerate(params.NodesToRead):
            if node.NodeId in secret:
                asked += 1
                results[index] = ua.DataValue(StatusCode=ua.StatusCode(ua.UInt32(StatusCodes.BadUserAccessDenied)))
        return results

    monkeypatch.setattr(InternalSession, "read", read)
    async with Plc() as plc:
        await plc.add("a", 1.0)
        async with (
            driver_for(plc.endpoint, tags(["a"], period_s=3600.0)) as driver,
            contextlib.aclosing(driver.batches()) as batches,
        ):
            await anext(batches)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(2.5):
                    await anext(batches)
    assert asked >= 2


# --- the channel ------------------------------------------------------------------------------------


async def test_renewals_of_the_channel_are_not_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    renewals = count_renewals(monkeypatch, refuse=False)
    shown = certificate()
    await asyncio.to_thread(pki, tmp_path / "pki", shown)
    async with SecuredPlc(shown) as plc:
        await plc.add("a", 1.0)
        secured: dict[str, Any] = {"security": "sign_and_encrypt", "pki": str(tmp_path / "pki")}
        async with driver_for(plc.endpoint, **secured) as driver, contextlib.aclosing(driver.batches()) as batches:
            async for batch in batches:
                assert batch.value.tolist() == [1.0]
                if len(renewals) == 3:
                    break


async def test_a_refused_renewal_is_a_lost_link_at_once_and_not_when_the_token_expires(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    renewals = count_renewals(monkeypatch, refuse=True)
    async with Plc() as plc:
        await plc.add("a", 1.0)
        async with polled(lambda: driver_for(plc.endpoint)) as seen:
            await seen.value(1.0)
            await eventually(lambda: seen.links[-1].reconnects >= 2)
            await seen.value(1.0)
    assert len(renewals) >= 2


def count_renewals(monkeypatch: pytest.MonkeyPatch, *, refuse: bool) -> list[int]:
    """Let channels live a second, so that they are renewed after 0.75 s; note each renewal."""
    monkeypatch.setattr(connection, "_CHANNEL_LIFETIME_MS", 1000)
    renewals: list[int] = []
    original = uaprocessor.UaProcessor.open_secure_channel

    def open_secure_channel(self: Any, algohdr: Any, seqhdr: Any, body: Any) -> None:
        if self._connection.is_open():
            renewals.append(1)
            if refuse:
                raise ServiceError(StatusCodes.BadSecureChannelTokenUnknown)
        original(self, algohdr, seqhdr, body)  # type: ignore[no-untyped-call]  # asyncua has no type there

    monkeypatch.setattr(uaprocessor.UaProcessor, "open_secure_channel", open_secure_channel)
    return renewals


# --- the session ------------------------------------------------------------------------------------


async def test_a_restarted_server_with_other_namespace_indexes_is_right_within_ten_seconds() -> None:
    port = free_port()
    endpoint = f"opc.tcp://127.0.0.1:{port}/plc"
    async with contextlib.AsyncExitStack() as running, polled(lambda: driver_for(endpoint)) as seen:
        before = await running.enter_async_context(Plc(port))
        await before.add("a", 1.0)
        await seen.value(1.0)
        await running.aclose()
        await eventually(lambda: seen.state is not LinkState.UP)
        after = await running.enter_async_context(Plc(port, namespaces_before=("urn:other", "urn:another")))
        assert after.index != before.index
        await after.add("a", 2.0)
        await seen.value(2.0, within_s=10.0)
        assert LinkState.NEEDS_OPERATOR not in {status.state for status in seen.links}
    assert {value for batch in seen.batches for value in batch.value.tolist() if not np.isnan(value)} == {1.0, 2.0}


async def test_one_bad_node_among_a_thousand_leaves_999_good() -> None:
    names = [f"n{number:04}" for number in range(1000)]
    async with Plc() as plc:
        for number, name in enumerate(names):
            if number != 500:
                await plc.add(name, float(number))
        async with driver_for(plc.endpoint, tags(names), request_timeout_s=10.0, max_nodes_per_read=300) as driver:
            batch = await first(driver)
            health = driver.health()
    assert int((batch.quality == Quality.GOOD).sum()) == 999
    assert np.isnan(batch.value[500])
    assert batch.status[500] == 0x80340000
    assert health.impairment.en == "1 points are refused by the server"
    np.testing.assert_array_equal(np.delete(batch.value, 500), np.delete(np.arange(1000.0), 500))
    assert [(item.tag, item.reason) for item in health.bad_items] == [("n0500", "BadNodeIdUnknown (0x80340000)")]


async def test_the_server_sees_who_we_are_and_forgets_us_when_we_go(monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []
    original = InternalSession.create_session

    async def create_session(
        self: InternalSession, params: ua.CreateSessionParameters, *more: Any, **named: Any
    ) -> Any:
        names.append(str(params.SessionName))
        return await original(self, params, *more, **named)

    monkeypatch.setattr(InternalSession, "create_session", create_session)
    async with Plc() as plc:
        await plc.add("a", 1.0)
        async with driver_for(plc.endpoint):
            (session,) = plc.server.iserver._external_sessions.values()
            assert session.session_timeout == 30.0
            assert names == [f"Redline PLC-1 {socket.gethostname()} {os.getpid()} Session1"]
        assert not plc.server.iserver._external_sessions


async def test_a_server_that_does_not_believe_our_certificate_says_where_it_is(tmp_path: Path) -> None:
    shown = certificate()
    trust = await asyncio.to_thread(pki, tmp_path / "pki", shown)
    async with SecuredPlc(shown) as plc:

        async def nobody(*args: object) -> None:
            raise ServiceError(StatusCodes.BadCertificateUntrusted)

        plc.server.set_certificate_validator(nobody)
        with pytest.raises(RefusedError, match=f"let the server trust our certificate {trust.own_certificate}"):
            await driver_for(plc.endpoint, security="sign", pki=str(trust.folder)).__aenter__()


class Ahead:
    """Our clock, gone wrong."""

    def __init__(self, seconds: float) -> None:
        self._offset_ns = round(seconds * 1e9)

    def mono_ns(self) -> int:
        return CLOCK.mono_ns()

    def wall_ns(self) -> int:
        return CLOCK.wall_ns() + self._offset_ns


@pytest.mark.parametrize(("seconds", "words"), [(60.0, "behind"), (-60.0, "ahead of"), (1.0, "")])
async def test_a_clock_that_is_off_degrades_the_link(seconds: float, words: str) -> None:
    async with Plc() as plc:
        await plc.add("a", 1.0)
        async with driver_for(plc.endpoint, clock=Ahead(seconds)) as driver:
            await first(driver)
            health = driver.health()
    assert health.clock_skew_ns is not None
    assert abs(health.clock_skew_ns + seconds * 1e9) < 5e9
    assert words in health.impairment.en
    assert bool(words) == ("the server's clock is" in health.impairment.en) == health.clock_is_off


def tasks_of_clients() -> list[str]:
    """Tasks that belong to a connection of ours, and not to the server in the same process."""
    codes = {task: getattr(task.get_coro(), "cr_code", None) for task in asyncio.all_tasks()}
    return [
        task.get_name()
        for task, code in codes.items()
        if code is not None and ("/asyncua/client/" in code.co_filename or "/drivers/opcua/" in code.co_filename)
        if "/tests/" not in code.co_filename
    ]


# --- nothing is left --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rounds", "secured"),
    [(20, False), pytest.param(200, False, marks=pytest.mark.soak), pytest.param(200, True, marks=pytest.mark.soak)],
)
@pytest.mark.timeout(600)
async def test_reconnects_leave_nothing_behind(tmp_path: Path, rounds: int, secured: bool) -> None:
    process = psutil.Process()
    shown = certificate()
    await asyncio.to_thread(pki, tmp_path / "pki", shown)
    security: dict[str, Any] = {"security": "sign_and_encrypt", "pki": str(tmp_path / "pki")} if secured else {}
    plc: Plc = SecuredPlc(shown) if secured else Plc()
    drivers: list[OpcUaDriver] = []

    async with plc, Proxy(plc.port) as proxy:
        await plc.add("a", 1.0)

        async def once(number: int) -> None:
            """Connect, read, and part in one of four ways."""
            driver = driver_for(proxy.endpoint, **security)
            drivers.append(driver)
            with contextlib.suppress(LinkLostError, TimeoutError):
                async with asyncio.timeout(0.003 * (number % 16) if number % 4 == 3 else None), driver:
                    await first(driver)
                    if number % 4 == 1:
                        proxy.reset()
                    elif number % 4 == 2:
                        proxy.half_close()
                        await until_it_ends(driver)

        for number in range(4):  # what is made once
            await once(number)
        await eventually(lambda: not connections(plc.port))
        sessions = plc.server.iserver._external_sessions
        await eventually(lambda: len(sessions) <= 2)  # those whose connection was reset wait for their own end
        descriptors = process.num_fds()
        for number in range(rounds):
            await once(number)
        await eventually(lambda: not connections(plc.port))
        await eventually(lambda: process.num_fds() <= descriptors)
        await eventually(lambda: not tasks_of_clients())
        broken = rounds // 2 + 2  # the server keeps those for their 30 s; the others were closed by us
        await eventually(lambda: len(sessions) <= (0 if rounds > 20 else broken), within_s=60.0)
        protocols = [protocol for driver in drivers for protocol in driver._session._connection._protocols]
        assert len(protocols) >= rounds
        assert not any(protocol._callbackmap for protocol in protocols)
        assert all(protocol.transport is None for protocol in protocols)
