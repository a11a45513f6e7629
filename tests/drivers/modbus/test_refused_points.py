"""Points that the device refuses: found once, remembered, and none lost with them."""

from contextlib import aclosing, suppress

import pytest

from drivers.errors import LinkLostError
from drivers.port import BadItem
from rules.columns.quality import Quality
from tests.drivers.modbus.device import Device, TagAddress
from tests.drivers.modbus.driving import FAST, SLOW, driver, first
from tests.drivers.modbus.peer import Asked, Connection, listening, packed, truth


async def test_refused_points_are_found_once_and_the_link_says_so() -> None:
    device = Device(forbidden={("hr", 3): 2})
    tags = [TagAddress(tag=f"T{n}", row=n, address=f"hr:{n}", scan_period_ns=SLOW) for n in range(8)]
    async with (
        listening(device=device) as peer,
        driver(peer.port, tags) as entered,
        aclosing(entered.batches()) as coming,
    ):
        batch = await anext(coming)
        health = entered.health()
    assert batch.status.tolist() == [0, 0, 0, 2, 0, 0, 0, 0]
    assert health.impairment.en == "1 point refused, first T3 (hr:3): exception 02 (illegal data address)"
    assert health.bad_items == (BadItem("T3", "exception 02 (illegal data address)", "异常 02（非法数据地址）"),)


@pytest.mark.parametrize("code", [0x04, 0x0A, 0x0B])
async def test_a_dead_unit_behind_a_gateway_is_bad_points_not_a_lost_link(code: int) -> None:
    def script(connection: Connection, asked: Asked) -> None:
        connection.send(packed(asked.transaction, asked.unit, bytes([asked.function | 0x80, code])))

    tags = [TagAddress(tag=f"T{n}", row=n, address=f"hr:{n}", scan_period_ns=FAST) for n in range(3)]
    async with listening(script) as peer:
        batches = await first(peer.port, tags, count=3)
    for batch in batches:
        assert batch.status.tolist() == [code] * 3
        assert batch.quality.tolist() == [Quality.BAD] * 3
    # what the gateway cannot reach is not asked again before its back-off is over; a failed device may be well at once
    assert len(peer.asked) == (3 if code == 0x04 else 1)


async def test_what_was_refused_is_remembered_over_connections() -> None:
    device = Device(forbidden={("hr", 3): 2, ("hr", 40): 2})
    tags = [TagAddress(tag=f"T{n}", row=n, address=f"hr:{n}", scan_period_ns=SLOW) for n in (0, 1, 3, 4, 8, 50)]
    async with listening(device=device) as peer:
        (batch,) = await first(peer.port, tags, max_gap=50)
        found_out = len(peer.asked)
        (again,) = await first(peer.port, tags, max_gap=50)
    assert batch.status.tolist() == again.status.tolist() == [0, 0, 2, 0, 0, 0]
    later = [(asked.start, asked.count) for asked in peer.asked[found_out:]]
    assert len(later) < found_out
    assert not any(start <= refused < start + count for start, count in later for refused in (3, 40))


async def test_what_was_refused_is_remembered_while_the_device_is_away() -> None:
    device = Device(forbidden={("hr", 3): 2})
    tags = [TagAddress(tag=f"T{n}", row=n, address=f"hr:{n}", scan_period_ns=SLOW) for n in range(5)]
    async with listening(device=device) as peer:
        peer.window = 2
        await first(peer.port, tags, window=2)
        port = peer.port
    with pytest.raises(LinkLostError, match="no connection"):
        await first(port, tags, window=2)
    async with listening(device=device, port=port) as peer:
        peer.window = 2
        (batch,) = await first(peer.port, tags, window=2)
        assert batch.status.tolist() == [0, 0, 0, 2, 0]
        assert not any(asked.start <= 3 < asked.start + asked.count for asked in peer.asked)


async def test_what_was_found_out_is_kept_apart_for_other_settings_and_other_tags() -> None:
    device = Device(forbidden={("hr", 3): 2})
    tags = [TagAddress(tag=f"T{n}", row=n, address=f"hr:{n}", scan_period_ns=SLOW) for n in range(5)]
    async with listening(device=device) as peer:
        await first(peer.port, tags)
        for changed, settings in ((tags[:4], {}), (tags, {"max_gap": 3})):
            peer.asked.clear()
            await first(peer.port, changed, **settings)
            assert (peer.asked[0].start, peer.asked[0].count) == (0, len(changed))


async def test_a_connection_that_is_cut_in_the_middle_of_finding_out_loses_no_point() -> None:
    device = Device(forbidden={("hr", 3): 2, ("hr", 11): 2})
    tags = [TagAddress(tag=f"T{n}", row=n, address=f"hr:{n}", scan_period_ns=SLOW) for n in range(16)]
    wanted = [2 if n in (3, 11) else 0 for n in range(16)]
    for cut in range(1, 14):
        left = cut

        def script(connection: Connection, asked: Asked) -> None:
            nonlocal left
            left -= 1
            if left:
                connection.send(truth(device, asked))
            else:
                connection.transport.abort()

        async with listening(script, device) as peer:
            with suppress(LinkLostError):
                await first(peer.port, tags)
            left = 1000
            (batch,) = await first(peer.port, tags)
        assert batch.status.tolist() == wanted, cut
