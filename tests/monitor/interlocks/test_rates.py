"""Time in service, bypassed and unknown is the whole time, exactly."""

from datetime import UTC, datetime, time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.interlocks.axes import BYPASSED, Service
from monitor.interlocks.judge import SERVICES
from monitor.interlocks.periods import periods
from monitor.interlocks.rates import UNKNOWN, ServiceChanges, rates, spent
from monitor.interlocks.register import InterlockClass
from tests.monitor.interlocks.register import interlock

HOUR = 3_600_000_000_000
REGISTER = (interlock("SIS-1", interlock_class="A"), interlock("SIS-2"), interlock("SIS-3", process_unit="U-2"))
CLASSES = {
    "A": InterlockClass(id="A", target_percent=100.0),
    "B": InterlockClass(id="B", target_percent=98.0, counts_authorised=False),
}
change = st.tuples(st.integers(0, 2), st.integers(-50, 150), st.integers(0, len(SERVICES) - 1))


def changes(rows: list[tuple[int, int, int]]) -> ServiceChanges:
    columns = list(zip(*rows, strict=True)) if rows else [(), (), ()]
    return ServiceChanges(
        interlock=np.array(columns[0], np.intp),
        wall_ns=np.array(columns[1], np.int64),
        service=np.array(columns[2], np.uint8),
    )


@given(st.lists(change, max_size=40), st.integers(-20, 60), st.integers(0, 80))
def test_every_nanosecond_belongs_to_one_state(rows: list[tuple[int, int, int]], begin: int, length: int) -> None:
    found = spent(changes(rows), 3, begin, begin + length)
    assert found.sum(axis=1).tolist() == [length] * 3
    assert (found >= 0).all()
    for place in range(3):  # one nanosecond at a time
        wanted = [0] * len(SERVICES)
        for moment in range(begin, begin + length):
            latest, state = -(10**9), UNKNOWN
            for owner, at, service in rows:
                if owner == place:
                    latest = max(latest, at)
                    state = service if latest <= moment else state
            wanted[state] += 1
        assert found[place].tolist() == wanted


def test_rates_by_group() -> None:
    code = {service: place for place, service in enumerate(SERVICES)}
    rows = [
        (0, 0, code[Service.IN_SERVICE]), (0, 90, code[Service.BYPASSED_UNAUTHORISED]),
        (1, 0, code[Service.IN_SERVICE]), (1, 50, code[Service.BYPASSED_AUTHORISED]), (1, 70, code[Service.IN_SERVICE]),
        (2, 0, code[Service.IN_SERVICE]), (2, 80, code[Service.UNKNOWN]),
    ]  # fmt: skip
    time_ns = spent(changes(rows), 3, 0, 100)
    by_class = {
        rate.group: rate for rate in rates(REGISTER, CLASSES, time_ns, lambda item: item.interlock_class, (0, 100))
    }
    assert by_class["A"].percent == 90.0
    assert by_class["A"].target_percent == 100.0
    assert by_class["B"].percent == pytest.approx(100.0 * 160 / 180), (
        "authorised is listed apart, unknown counts against"
    )
    assert by_class["B"].spent_ns[Service.BYPASSED_AUTHORISED] == 20
    assert sum(by_class["B"].spent_ns.values()) == 200
    (whole,) = rates(REGISTER, CLASSES, time_ns, lambda item: "all", (0, 100))
    assert (whole.interlocks, whole.target_percent) == (3, None)
    assert whole.bypass_hours == pytest.approx((10 + 20) / 3.6e12)
    assert Service.RESTORED_UNCHECKED in BYPASSED


def test_before_anything_is_known_it_is_unknown() -> None:
    assert spent(changes([]), 2, 0, 10)[:, UNKNOWN].tolist() == [10, 10]


def utc_ns(year: int, month: int, day: int, hour: int = 0) -> int:
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp()) * 10**9


def test_shifts_days_and_months_in_site_time() -> None:
    begin, end = utc_ns(2026, 9, 21, 1), utc_ns(2026, 9, 21, 13)  # 09:00 to 21:00 in Shanghai
    shifts = (time(8), time(20))
    assert list(periods(begin, end, "shift", "Asia/Shanghai", shifts)) == [
        (utc_ns(2026, 9, 21, 0), utc_ns(2026, 9, 21, 12)),
        (utc_ns(2026, 9, 21, 12), utc_ns(2026, 9, 22, 0)),
    ]
    assert list(periods(begin, end, "day", "Asia/Shanghai", shifts)) == [
        (utc_ns(2026, 9, 20, 16), utc_ns(2026, 9, 21, 16))
    ]
    assert list(periods(begin, end, "month", "Asia/Shanghai", shifts)) == [
        (utc_ns(2026, 8, 31, 16), utc_ns(2026, 9, 30, 16))
    ]


def test_a_day_with_a_clock_change_is_whole() -> None:
    begin = utc_ns(2026, 3, 29, 12)
    (day,) = periods(begin, begin + 1, "day", "Europe/Berlin", ())
    assert day[1] - day[0] == 23 * HOUR
    (month,) = periods(utc_ns(2026, 1, 31, 12), utc_ns(2026, 1, 31, 13), "month", "UTC", ())
    assert month == (utc_ns(2026, 1, 1), utc_ns(2026, 2, 1))
