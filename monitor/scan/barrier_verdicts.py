"""What interlocks, permits and layers mean for the alarms that `plant.barriers` generates: one verdict each, whole columns."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from monitor.interlocks.axes import BYPASSED, Action, Service, Voting
from monitor.interlocks.judge import ACTIONS, SERVICES, VOTINGS, Codes
from monitor.interlocks.layers import ProtectionState
from monitor.interlocks.permits import MARKS, ROLE_WORDS, Permit, PermitState, PermitTrigger
from monitor.interlocks.register import Register
from monitor.interlocks.watch import Watched
from rules.columns.quality import Quality
from rules.columns.readings import NO_TIME
from rules.verdicts import Evidence, Verdict, Verdicts

UNUSED_NS: Final = 900_000_000_000
"""A permit that nobody uses this long after its start is told."""
SUFFIXES: Final = ("demand", "failed", "spurious", "overdue", "voting", "permit")
"""The alarms of every interlock, in the order of their columns."""
_DEMAND_AT, _FAILED_AT, _OVERDUE_AT, _PERMIT_AT = (
    SUFFIXES.index(name) for name in ("demand", "failed", "overdue", "permit")
)
_F, _T, _U = np.uint8(Verdict.FALSE), np.uint8(Verdict.TRUE), np.uint8(Verdict.UNKNOWN)
OUT: Final = np.array([service in BYPASSED for service in SERVICES])
"""Code of a service -> the interlock is out."""
UNALLOWED: Final = SERVICES.index(Service.BYPASSED_UNAUTHORISED)
_UNSEEN: Final = SERVICES.index(Service.UNKNOWN)


def _of_codes(codes: Sequence[str], true: Sequence[str], unknown: str) -> npt.NDArray[np.uint8]:
    """Code of an axis -> verdict of the alarm that tells `true`."""
    return np.array([_T if code in true else _U if code == unknown else _F for code in codes], np.uint8)


_DEMAND: Final = _of_codes(ACTIONS, [Action.DEMAND_WHILE_BYPASSED], Action.UNKNOWN)
_FAILED: Final = _of_codes(ACTIONS, [Action.FAILED_TO_TRIP], Action.UNKNOWN)
_SPURIOUS: Final = _of_codes(ACTIONS, [Action.SPURIOUS_TRIP], Action.UNKNOWN)
_OVERDUE: Final = _of_codes(SERVICES, [Service.BYPASSED_OVERDUE], Service.UNKNOWN)
_VOTING: Final = _of_codes(VOTINGS, [Voting.DEGRADED, Voting.LOST], Voting.UNKNOWN)


class BarrierVerdicts:
    """Judges these alarms in the order of `ids`: of each interlock, of each protection, of each limit."""

    def __init__(self, register: Register) -> None:
        self._count = len(register.interlocks)
        self._place = {item.id: place for place, item in enumerate(register.interlocks)}
        self.ids = (
            *(f"{name}.{suffix}" for name in self._place for suffix in SUFFIXES),
            *(item.id for item in register.protections),
            *(f"{source}.bypasses" for source in register.simultaneous),
        )
        sources = np.array([item.hazard_source for item in register.interlocks], np.str_)
        self._limits = tuple((np.flatnonzero(sources == name), most) for name, most in register.simultaneous.items())

    def judge(
        self, watched: Watched, protections: Sequence[ProtectionState], permits: Sequence[Permit], wall_ns: int
    ) -> Verdicts:
        """What one scan says of every alarm in `ids`."""
        condition = np.full(len(self.ids), _U, np.uint8)
        value, limit = np.full(len(self.ids), np.nan), np.full(len(self.ids), np.nan)
        by_kind = condition[: self._count * len(SUFFIXES)].reshape(self._count, len(SUFFIXES))
        details = self._of_interlocks(by_kind, watched)
        renew = self._permit_clock(by_kind[:, _PERMIT_AT], details, watched, permits, wall_ns)
        at = self._count * len(SUFFIXES)
        for layers in protections:
            condition[at], value[at], limit[at] = layers.short, layers.available, layers.required
            details[at] = layers.missing
            at += 1
        for mine, most in self._limits:
            condition[at], value[at] = _simultaneous(watched.judgement.service[mine], most)
            limit[at] = most
            at += 1
        return Verdicts.dense(
            ids=self.ids,
            verdict=condition.copy(),
            condition=condition,
            evidence=Evidence(
                value=value,
                limit=limit,
                quality=np.full(len(self.ids), Quality.GOOD, np.uint8),
                source_time_ns=np.full(len(self.ids), NO_TIME, np.int64),
                received_wall_ns=np.zeros(len(self.ids), np.int64),
            ),
            renew=np.array(sorted(renew), np.intp),
            details={place: names for place, names in details.items() if condition[place] == _T},
        )

    def _of_interlocks(self, by_kind: npt.NDArray[np.uint8], watched: Watched) -> dict[int, tuple[str, ...]]:
        """Fill the columns of the axes; the names that belong to what is TRUE."""
        judgement = watched.judgement
        by_kind[:, 0], by_kind[:, 1] = _DEMAND[judgement.action], _FAILED[judgement.action]
        by_kind[:, 2], by_kind[:, 3] = _SPURIOUS[judgement.action], _OVERDUE[judgement.service]
        by_kind[:, 4] = np.where(judgement.bypassed == _T, _F, _VOTING[judgement.voting])
        by_kind[:, 5] = _F
        details: dict[int, tuple[str, ...]] = {}
        for place in np.flatnonzero((by_kind == _T).any(axis=1)).tolist():
            state, first = watched.states[place], place * len(SUFFIXES)
            details[first + _DEMAND_AT] = state.demanded_by
            details[first + _FAILED_AT] = state.unmoved or state.demanded_by
            details[first + _OVERDUE_AT] = state.bypassed_by
        return details

    def _permit_clock(
        self,
        condition: npt.NDArray[np.uint8],
        details: dict[int, tuple[str, ...]],
        watched: Watched,
        permits: Sequence[Permit],
        wall_ns: int,
    ) -> set[int]:
        """`<interlock>.permit`: a mark of the clock was passed, a check was missed, or nobody uses the permit."""
        told_anew = (PermitTrigger.MARK, PermitTrigger.MEASURE_MISSED)
        anew = {step.permit.interlock for step in watched.steps if step.trigger in told_anew}
        renew: set[int] = set()
        for permit in permits:
            told = _told(permit, [step.mark for step in watched.steps if step.permit.id == permit.id], wall_ns)
            if not told:
                continue
            place = self._place[permit.interlock]
            condition[place] = _T
            at = place * len(SUFFIXES) + _PERMIT_AT
            details[at] = (*details.get(at, ()), permit.id, *told)
            if permit.interlock in anew:
                renew.add(at)
        return renew


def _simultaneous(services: Codes, most: int) -> tuple[np.uint8, int]:
    """Whether more than `most` are out at once, and how many are; UNKNOWN where those that cannot be judged decide it."""
    out, unseen = int(np.count_nonzero(OUT[services])), int(np.count_nonzero(services == _UNSEEN))
    return (_T if out > most else _U if out + unseen > most else _F), out


def _marked(mark: int) -> str:
    """A mark of the clock with the role that is to act."""
    zh, en = ROLE_WORDS[dict(MARKS)[mark]]
    return f"{mark}% {zh} / {en}"


def _told(permit: Permit, marks: Sequence[int], wall_ns: int) -> tuple[str, ...]:
    """What the clock of a permit says now, in words that are the same in both languages; `marks` were passed just now."""
    if permit.state not in (PermitState.APPROVED, PermitState.IN_USE, PermitState.RESTORING):
        return ()
    # after a pause several may have been passed at once: each has a role that must hear of it
    found = [_marked(mark) for mark in sorted({*filter(None, marks), max(permit.marks_told, default=0)} - {0})]
    if permit.missed:
        found.append(f"{permit.missed} x 补偿措施未检查 / check missed")
    if permit.state is PermitState.APPROVED and wall_ns - permit.start_wall_ns >= UNUSED_NS:
        found.append("未使用 / not used")
    return tuple(found)
