"""In-service rates (联锁投用率): every nanosecond of a period belongs to exactly one service state.  Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from monitor.interlocks.axes import BYPASSED, Service
from monitor.interlocks.judge import SERVICES
from monitor.interlocks.register import Interlock, InterlockClass

UNKNOWN: Final = SERVICES.index(Service.UNKNOWN)
Nanoseconds = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ServiceChanges:
    """Changes of service as the journal tells them, in its order; columns of one length.

    Before its first change an interlock is UNKNOWN; so are all while nobody watched.
    """

    interlock: npt.NDArray[np.intp]
    """Place in the register."""
    wall_ns: Nanoseconds
    service: npt.NDArray[np.uint8]
    """Place in SERVICES, from `wall_ns` on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One group of interlocks in one period; hours are summed over its interlocks."""

    group: str
    from_ns: int
    to_ns: int
    interlocks: int
    spent_ns: Mapping[Service, int]
    """Time in each service state; together interlocks * (to - from), exactly."""
    percent: float | None
    """In-service rate; None where no time counts."""
    target_percent: float | None
    """None where the classes of the group differ in their target."""

    @property
    def bypass_hours(self) -> float:
        """Time bypassed, authorised or not, restored but unchecked included."""
        return sum(self.spent_ns[service] for service in BYPASSED) / 3.6e12


def spent(changes: ServiceChanges, interlocks: int, from_ns: int, to_ns: int) -> Nanoseconds:
    """Nanoseconds of each interlock in each service state inside [from_ns, to_ns), shape (interlocks, SERVICES).

    Every row sums to to_ns - from_ns.  A change with an earlier time than the one before it (the clock was set back)
    takes effect at that one's time.
    """
    order = np.argsort(changes.interlock, kind="stable")
    owner, service = changes.interlock[order], changes.service[order]
    begins = np.clip(_in_order(owner, changes.wall_ns[order]), from_ns, to_ns)
    ends = np.append(begins[1:], to_ns)[: begins.size]
    ends[np.flatnonzero(owner[1:] != owner[:-1])] = to_ns
    time = np.zeros((interlocks, len(SERVICES)), np.int64)
    np.add.at(time, (owner, service), ends - begins)
    # what is left of each row lies before its first change
    time[:, UNKNOWN] += (to_ns - from_ns) - time.sum(axis=1)
    return time


def _in_order(owner: npt.NDArray[np.intp], at: Nanoseconds) -> Nanoseconds:
    """The times with no step back inside one interlock."""
    back = np.flatnonzero((at[1:] < at[:-1]) & (owner[1:] == owner[:-1]))
    for place in np.unique(owner[back]).tolist():
        mine = owner == place
        at[mine] = np.maximum.accumulate(at[mine])
    return at


def rates(
    register: Sequence[Interlock],
    classes: Mapping[str, InterlockClass],
    time: Nanoseconds,
    group_of: Callable[[Interlock], str],
    span: tuple[int, int],
) -> tuple[Rate, ...]:
    """One rate for each group, in the order in which the register names them.

    Authorised bypasses count against the rate where the class says so; else they are taken out of the time that counts.
    """
    groups: dict[str, list[int]] = {}
    for place, interlock in enumerate(register):
        groups.setdefault(group_of(interlock), []).append(place)
    return tuple(_rate(name, places, register, classes, time, span) for name, places in groups.items())


def _rate(
    name: str,
    places: Sequence[int],
    register: Sequence[Interlock],
    classes: Mapping[str, InterlockClass],
    time: Nanoseconds,
    span: tuple[int, int],
) -> Rate:
    authorised = SERVICES.index(Service.BYPASSED_AUTHORISED)
    rules = [classes[register[place].interlock_class] for place in places]
    apart = sum(
        int(time[place, authorised]) for place, rule in zip(places, rules, strict=True) if not rule.counts_authorised
    )
    total = len(places) * (span[1] - span[0]) - apart
    in_service = int(time[places, SERVICES.index(Service.IN_SERVICE)].sum())
    targets = {rule.target_percent for rule in rules}
    return Rate(
        group=name,
        from_ns=span[0],
        to_ns=span[1],
        interlocks=len(places),
        spent_ns={service: int(time[places, code].sum()) for code, service in enumerate(SERVICES)},
        percent=100.0 * in_service / total if total > 0 else None,
        target_percent=targets.pop() if len(targets) == 1 else None,
    )
