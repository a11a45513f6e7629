import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.modbus.plan import Limits
from drivers.modbus.points import point_of
from drivers.modbus.registers import Columns
from drivers.modbus.scan_class import EXTRA_READS, PROBE_PERIOD_NS, ScanClass
from drivers.modbus.wire import Refusal
from rules.columns.quality import Quality
from tests.drivers.modbus.device import Device, TagAddress, scalar, tag_addresses


def scan_class(tags: list[TagAddress], limits: Limits | None = None) -> ScanClass:
    return ScanClass([point_of(tag) for tag in tags], 200_000_000, limits or Limits())


def polled(reads: ScanClass, device: Device, mono_ns: int = 0, at_once: int = 1000) -> Columns:
    """One poll, with at most `at_once` answers taken together."""
    device.reads.clear()
    reads.begin(mono_ns)
    while reads.waiting:
        answers = []
        for each in list(reads.waiting)[:at_once]:
            block = each.block
            read = device.read(block.table.value, block.start, block.count)
            answers.append(Refusal(read) if isinstance(read, int) else read)
        reads.take(answers)
    return reads.finish()


def row_of_registers(count: int) -> list[TagAddress]:
    return [TagAddress(tag=f"T{row}", row=row, address=f"hr:{row}") for row in range(count)]


def test_refused_points_are_found_once_and_remembered() -> None:
    device = Device(forbidden={("hr", 17): 2, ("hr", 90): 2})
    reads = scan_class(row_of_registers(120))
    columns = polled(reads, device)
    assert np.flatnonzero(columns.status).tolist() == [17, 90]
    assert columns.status[17] == 2
    assert np.flatnonzero(columns.quality != Quality.GOOD).tolist() == [17, 90]
    assert 10 < len(device.reads) <= 1 + EXTRA_READS
    again = polled(reads, device)
    assert np.flatnonzero(again.status).tolist() == [17, 90]
    assert all(not start <= bad < start + count for _, start, count in device.reads for bad in (17, 90))
    assert "2 points refused, first T17 (hr:17): exception 02 (illegal data address)" in reads.trouble.en


def test_a_corrected_device_heals_by_itself() -> None:
    device = Device(forbidden={("hr", 3): 2, ("hr", 5): 2})
    reads = scan_class(row_of_registers(8))
    polled(reads, device)
    device.forbidden.clear()
    times = [PROBE_PERIOD_NS * number for number in range(1, 4)]
    refused = [np.flatnonzero(polled(reads, device, time_ns).status).tolist() for time_ns in times]
    assert refused[0] in ([3], [5])
    assert refused[1] == refused[2] == []
    assert not reads.trouble
    assert polled(reads, device).value.tolist() == [float(number) for number in range(8)]


def test_a_probe_that_is_refused_again_costs_one_read_a_period_and_changes_nothing() -> None:
    device = Device(forbidden={("hr", 3): 2, ("hr", 5): 1})
    reads = scan_class(row_of_registers(8))
    polled(reads, device)
    plain = len(reads.blocks)
    now = PROBE_PERIOD_NS
    asked = set()
    for _ in range(6):
        columns = polled(reads, device, now)
        assert columns.status.tolist() == [0, 0, 0, 2, 0, 1, 0, 0]
        assert len(device.reads) == plain + 1
        asked.add(device.reads[-1])
        polled(reads, device, now + 1)
        assert len(device.reads) == plain
        now += PROBE_PERIOD_NS
    assert asked == {("hr", 3, 1), ("hr", 5, 1)}


def test_a_device_with_smaller_blocks_than_configured_is_read_in_smaller_blocks() -> None:
    device = Device(most=40)
    reads = scan_class(row_of_registers(120))
    assert not np.any(polled(reads, device).status)
    assert [block.count for block in reads.blocks] == [30, 30, 30, 30]
    assert not reads.trouble


def test_finding_refused_points_is_spread_over_polls() -> None:
    device = Device(forbidden={("hr", number): 2 for number in range(0, 400, 2)})
    reads = scan_class(row_of_registers(400))
    wanted = [2 if number % 2 == 0 else 0 for number in range(400)]
    for _ in range(60):
        planned = len(reads.blocks)
        columns = polled(reads, device)
        assert len(device.reads) <= planned + EXTRA_READS
        # until it is found out a good point may be BAD with the code of its block, a refused one never GOOD
        assert np.all(columns.status[::2] == 2)
        if columns.status.tolist() == wanted:
            break
    else:
        pytest.fail("the refused points were not found in 60 polls")
    polled(reads, device)
    assert len(device.reads) == len(reads.blocks) == 200


@pytest.mark.parametrize("code", [0x04, 0x05, 0x06, 0x0A, 0x0B])
def test_trouble_behind_the_address_is_not_divided(code: int) -> None:
    device = Device(forbidden={("hr", 3): code})
    reads = scan_class(row_of_registers(8))
    assert polled(reads, device).status.tolist() == [code] * 8
    assert len(device.reads) == 1
    assert f"8 points refused, first T0 (hr:0): exception {code:02X}" in reads.trouble.en
    device.forbidden.clear()
    assert polled(reads, device).status.tolist() == [0] * 8
    assert not reads.trouble


def test_two_tags_at_one_place_fail_and_heal_together() -> None:
    tags = [TagAddress(tag=f"T{row}", row=row, address="hr:9.1", type="bool") for row in range(2)]
    device = Device(forbidden={("hr", 9): 2})
    reads = scan_class(tags)
    assert polled(reads, device).status.tolist() == [2, 2]
    assert len(device.reads) == 1
    device.forbidden.clear()
    assert polled(reads, device, PROBE_PERIOD_NS).status.tolist() == [0, 0]


@given(
    tags=tag_addresses(25),
    bad=st.sets(st.integers(0, 24), max_size=6),
    at_once=st.integers(1, 5),
    most=st.sampled_from([16, 125, 65536]),
)
@settings(max_examples=50)
def test_exactly_the_points_that_touch_a_forbidden_address_end_bad(
    tags: list[TagAddress], bad: set[int], at_once: int, most: int
) -> None:
    points = [point_of(tag) for tag in tags]
    # the first address of some tags is forbidden; whatever else covers it is refused as well
    device = Device(most=most)
    device.forbidden = {(points[n].span.table.value, points[n].span.start): 2 for n in bad if n < len(points)}
    reads = scan_class(tags)
    for poll in range(20):
        columns = polled(reads, device, poll, at_once)
    for number, tag in enumerate(tags):
        span = points[number].span
        touched = any((span.table.value, address) in device.forbidden for address in range(span.start, span.end))
        assert (columns.status[number] == 2) == touched
        if not touched:
            np.testing.assert_equal(columns.raw[number], scalar(device, tag))
    read = [member for block in reads.blocks for member in block.members]
    assert len(read) == len(set(read)) == int(np.count_nonzero(columns.status == 0))
