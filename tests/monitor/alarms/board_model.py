"""The board in plain words, slowly: what the state machine of the tests compares with."""

from dataclasses import dataclass, field, replace

from monitor.alarms.classes import BUILT_IN, AlarmClassRules, Philosophy, ShelvingLimits
from monitor.alarms.lifecycle import ENDS, State, Suppression, Trigger
from monitor.alarms.transition import Alarm
from tests.monitor.alarms.verdicts import FALSE, TRUE, UNKNOWN, definition

PLAIN, LATCHED = definition("A.HH"), definition("B.HH", latch=True)


OTHER = definition("A.H", kind="H", priority=3)


CHANGED = replace(OTHER, set_point=11.0)


COUNT = 3


MILDER = 2
"""A.H ends its shelf when A.HH, at place 0, comes."""


LONGEST, RE_ALARM, RAISE_PRIORITY, MOST = 200, 150, 170, 2


RULES = AlarmClassRules(
    id="process", longest_shelve_ns=LONGEST, re_alarm_after_ns=RE_ALARM, raise_priority_after_ns=RAISE_PRIORITY
)


PHILOSOPHY = Philosophy(
    classes={**BUILT_IN, "process": RULES}, shelving=ShelvingLimits(most_at_once=MOST, most_risk=100)
)


NEVER = 10**30


@dataclass
class Model:
    """One alarm as a few facts; the names of the states follow from them."""

    latch: bool
    priority_defined: int
    on: bool = False
    acknowledged: bool = True
    told: bool = True
    latched: bool = False
    occurrence: int = 0
    said: int = UNKNOWN
    priority: int = 1
    wait_began: int = 0
    wait_lasts: int = NEVER
    deadline: int = NEVER
    """When it is annunciated again or rises, unless suppressed; the sum of the two above until the clock steps."""
    suppressed: dict[Suppression, tuple[int, int]] = field(default_factory=dict)
    """Kind -> (since, until)."""
    kept: dict[Suppression, tuple[int, int]] = field(default_factory=dict)
    """The same as on disk."""

    @property
    def state(self) -> State:
        if self.on:
            return State.ACKNOWLEDGED if self.acknowledged else State.UNACKNOWLEDGED
        if self.latched:
            return State.LATCHED_ACKNOWLEDGED if self.acknowledged else State.LATCHED_UNACKNOWLEDGED
        return State.NORMAL if self.acknowledged else State.RETURNED_UNACKNOWLEDGED

    def judge(self, verdict: int, renew: bool, wall: int) -> list[Trigger]:
        """The triggers of a verdict."""
        self.said = verdict
        if verdict == TRUE and (renew or not self.on):
            triggers = [] if self.state is State.NORMAL else [Trigger.REACTIVATED]
            self.on, self.acknowledged, self.latched, self.told = True, False, False, not self.suppressed
            self.occurrence += 1
            self.priority = self.priority_defined
            self.wait(wall)
            return [*triggers, Trigger.RAISED]
        if verdict == FALSE and self.on:
            self.on, self.latched = False, self.latch
            if self.latch:
                return [Trigger.RETURNED_LATCHED]
            if self.acknowledged or self.told:
                return [Trigger.RETURNED]
            self.acknowledged = True  # nobody was told, nobody has to answer
            return [Trigger.RETURNED_UNTOLD]
        return []

    def wait(self, wall: int) -> None:
        """Begin to wait for somebody to do something."""
        lasts = RE_ALARM if self.acknowledged else RAISE_PRIORITY if self.priority > 1 else NEVER
        self.wait_began, self.wait_lasts, self.deadline = wall, lasts, wall + lasts

    def restart(self, wall: int) -> None:
        """Only what is on disk crosses; no wait is longer than its whole duration from now."""
        self.said = UNKNOWN
        self.deadline = min(self.wait_began, wall) + self.wait_lasts
        self.suppressed = dict(self.kept)
        if Suppression.SHELVED in self.suppressed:
            since, until = self.suppressed[Suppression.SHELVED]
            self.suppressed[Suppression.SHELVED] = min(since, wall), min(since, wall) + until - since

    def acknowledge(self, occurrence: int, wall: int) -> bool:
        allowed = occurrence == self.occurrence and not self.acknowledged
        if allowed:
            self.acknowledged = True
            self.wait(wall)
        return allowed

    def reset(self, occurrence: int) -> bool:
        allowed = occurrence == self.occurrence and self.latched and self.acknowledged and self.said == FALSE
        self.latched = self.latched and not allowed
        return allowed

    def close(self) -> bool:
        stood = self.state is not State.NORMAL
        self.on, self.acknowledged, self.latched = False, True, False
        return stood

    def begin(self, kind: Suppression, since: int, until: int) -> None:
        self.suppressed.pop(kind, None)
        self.suppressed[kind] = since, until
        if self.on and not self.acknowledged:
            self.wait(since)  # every step begins the wait anew

    def end(self, kind: Suppression, wall: int) -> Trigger:
        del self.suppressed[kind]
        if self.suppressed or not self.on:
            if self.on and not self.acknowledged:
                self.wait(wall)
            return ENDS[kind]
        self.acknowledged, self.told = False, True
        self.wait(wall)
        return Trigger.UNSUPPRESSED

    def elapse(self, wall: int) -> list[Trigger]:
        triggers = []
        while self.suppressed and min(until for _, until in self.suppressed.values()) <= wall:
            kind = min(self.suppressed, key=lambda item: self.suppressed[item][1])
            triggers.append(self.end(kind, wall))
        if not self.suppressed and self.on and self.deadline <= wall:
            if self.acknowledged:
                self.acknowledged = False
                triggers.append(Trigger.RE_ALARMED)
            else:
                self.priority -= 1
                triggers.append(Trigger.PRIORITY_RAISED)
            self.wait(wall)
        return triggers


def bare(alarm: Alarm) -> tuple[object, ...]:
    """What a stored row must hold, whatever the clock did: all but readings and the times of suppressions."""
    kinds = frozenset(item.suppression for item in alarm.suppressions)
    priority = None if alarm.state is State.NORMAL else alarm.priority  # of a normal alarm it is the definition's
    return alarm.state, alarm.occurrence, alarm.transition, priority, alarm.acknowledged_wall_ns, kinds
