"""One axis of one interlock turned: what the journal keeps of it, and what rates and timelines are made of.  Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from monitor.interlocks.axes import Action, Service, Voting
from monitor.interlocks.feedback import Answer, told_of
from monitor.interlocks.state import InterlockState
from monitor.interlocks.trips import Demanding, first_out

Axis = Literal["service", "action", "voting", "feedback"]
"""The three axes, and what all effects together did about a demand (see `Answer`)."""
WORDS: Final[Mapping[str, tuple[str, str]]] = {
    Service.IN_SERVICE: ("投用", "in service"),
    Service.BYPASSED_AUTHORISED: ("已批准旁路", "bypassed, authorised"),
    Service.BYPASSED_UNAUTHORISED: ("未经批准旁路", "bypassed without permit"),
    Service.BYPASSED_OVERDUE: ("旁路超期", "bypassed beyond its permit"),
    Service.RESTORED_UNCHECKED: ("已恢复，未校验", "restored, function not checked"),
    Service.UNKNOWN: ("状态未知", "unknown"),
    Action.READY: ("待命", "ready"),
    Action.TRIPPED: ("已动作", "tripped"),
    Action.SPURIOUS_TRIP: ("误动作", "tripped without cause"),
    Action.FAILED_TO_TRIP: ("拒动", "failed to trip"),
    Action.DEMAND_WHILE_BYPASSED: ("旁路期间应动作", "would have tripped"),
    Voting.FULL: ("表决完整", "voting full"),
    Voting.DEGRADED: ("表决降级", "voting degraded"),
    Voting.LOST: ("表决失效", "voting lost"),
    Answer.WAITING: ("等待到位", "waiting for its effects"),
    Answer.WITHIN: ("按时到位", "acted in time"),
    Answer.LATE: ("超时到位", "acted too late"),
    Answer.NOT_MOVED: ("未到位", "not moved"),
}
"""What each state and each answer is called, Chinese and English; `unknown` is one word for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One axis of one interlock turned."""

    interlock: str
    axis: Axis
    before: str
    after: str
    wall_ns: int
    detail: Mapping[str, Any]
    """Bits that stand, causes with values and times, first-out, response time: what the timeline shows."""


def change_of(
    before: InterlockState,
    after: InterlockState,
    *,
    causes: Sequence[Demanding],
    wall_ns: int,
    response_ns: int | None,
    required_ns: int,
    answered: tuple[Answer, Answer] | None = None,
) -> list[Change]:
    """The axes that differ; `response_ns` since the demand began, None where none stands; `answered`: what is to be told of
    all effects, before and after.
    """
    found = []
    axes: tuple[tuple[Axis, str, str], ...] = (
        ("service", before.service, after.service),
        ("action", before.action, after.action),
        ("voting", before.voting, after.voting),
    )
    for axis, was, now in axes:
        if was == now:
            continue
        detail: dict[str, Any] = {"bypassed_by": list(after.bypassed_by), "cover": after.cover.value}
        if axis == "action":
            detail |= {"unmoved": list(after.unmoved), **_demand(causes, response_ns, required_ns, after.action)}
            detail["effects"] = told_of(after.feedback)
        found.append(Change(interlock=after.id, axis=axis, before=was, after=now, wall_ns=wall_ns, detail=detail))
    if answered is not None:
        was, now = answered
        told = {"effects": told_of(after.feedback), "demanded_by": list(after.demanded_by)}
        found.append(Change(interlock=after.id, axis="feedback", before=was, after=now, wall_ns=wall_ns, detail=told))
    return found


def _demand(causes: Sequence[Demanding], response_ns: int | None, required_ns: int, action: Action) -> dict[str, Any]:
    first, undecided_ns = first_out(causes)
    answered = action is Action.TRIPPED and response_ns is not None
    return {
        "causes": [{"tag": item.tag, "value": item.value, "at_ns": item.at_ns} for item in causes],
        "first_out": list(first),
        "undecided_ms": None if undecided_ns is None else undecided_ns / 1e6,
        "response_s": response_ns / 1e9 if answered and response_ns is not None else None,
        "required_s": required_ns / 1e9,
    }


def words_of(state: str) -> tuple[str, str]:
    """(zh, en) of one state of any axis."""
    return WORDS[state]
