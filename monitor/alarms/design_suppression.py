"""Suppression by design: which logic of the plant keeps which alarms silent, and when it begins and ends.  Pure.

A suppression stands while its condition is TRUE.  UNKNOWN never begins one and ends one that stands: what is not known
to be so is no reason for silence.
"""

import graphlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from monitor.alarms.timers import NEVER_NS
from monitor.alarms.transition import SuppressionRecord
from rules.verdicts import Verdict

SuppressionKind = Literal["condition", "parent", "eclipse", "device"]
"""condition: an expression over tags; parent: another alarm is TRUE; eclipse: the next level of the same tag is TRUE;
device: its device gives nothing usable."""
NOT_LOST: Final = -1

GONE: Final = ("条件已消失", "its condition is gone")
UNJUDGED: Final = ("条件无法判断", "its condition cannot be judged")
UNTOLD: Final = ("上级报警自身被搁置、停用或抑制，无人知晓", "its parent is silent itself: nobody would be told")
EXPIRED: Final = ("超过最长抑制时间", "it stood for its longest time")
REMOVED: Final = ("此抑制已不在组态中", "it is no longer configured")


@dataclass(frozen=True, slots=True, kw_only=True)
class DesignSuppression:
    """One suppression as the plant folder says it; exactly one of `when` and `parent` is given."""

    id: str
    kind: SuppressionKind
    alarms: tuple[str, ...]
    """Ids of what it keeps silent, without repetition."""
    reason_zh: str
    reason_en: str
    when: str = ""
    """The condition as text, for the journal and for screens."""
    remembers: bool = False
    """Its condition counts time (`for`, `previous`): right after a start its FALSE may be a count that began anew."""
    parent: str | None = None
    """The alarm whose verdict is the condition."""
    off_delay_ns: int = 0
    """It ends when its condition was not TRUE for so long."""
    maximum_ns: int | None = None
    """It ends after this, and does not begin again before its condition was FALSE."""

    @property
    def condition(self) -> str:
        """What has to hold, in one line."""
        return self.when or f"alarm('{self.parent}')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One suppression as it is now."""

    truth: int = int(Verdict.UNKNOWN)
    """Verdict of its condition; FALSE while its parent is silent itself."""
    stands: bool = False
    since_wall_ns: int = 0
    until_wall_ns: int = NEVER_NS
    lost_mono_ns: int = NOT_LOST
    """Since when its condition is not TRUE although it stands."""
    barred: bool = False
    """It may not begin before its condition was FALSE: it stood for its longest time, or that is not known."""
    restored: bool = False
    """It stood before a restart, and its condition was not judged since."""
    why: tuple[str, str] = GONE
    """Why it ended last (zh, en)."""

    @property
    def is_settled(self) -> bool:
        """It stands, its condition is TRUE, and nothing is pending."""
        return self.stands and self.truth == Verdict.TRUE and self.lost_mono_ns == NOT_LOST and not self.restored


def find_circle(suppressions: Sequence[DesignSuppression]) -> tuple[str, ...]:
    """Alarm ids of a circle in which each keeps the next one silent, the first one again at its end; empty: none."""
    above: dict[str, set[str]] = {}
    for item in suppressions:
        for alarm_id in item.alarms if item.parent is not None else ():
            above.setdefault(alarm_id, set()).add(str(item.parent))
    try:
        graphlib.TopologicalSorter(above).prepare()
    except graphlib.CycleError as error:
        return tuple(error.args[1])
    return ()


def stepped(item: DesignSuppression, before: Standing, said: int, now: tuple[int, int], grace: bool) -> Standing:
    """One moment of one suppression: `said` is its condition, `now` mono and wall time, `grace` just after a start."""
    mono_ns, wall_ns = now
    if said == Verdict.TRUE and before.is_settled and wall_ns < before.until_wall_ns:
        return before  # goes on as it was: most of them, most of the time
    after = replace(before, truth=said)
    if not before.stands:
        if before.barred:
            return replace(after, barred=said != Verdict.FALSE)
        if said != Verdict.TRUE:
            return after
        until_ns = NEVER_NS if item.maximum_ns is None else wall_ns + item.maximum_ns
        return replace(after, stands=True, since_wall_ns=wall_ns, until_wall_ns=until_ns, lost_mono_ns=NOT_LOST)
    if before.until_wall_ns <= wall_ns:
        return replace(after, stands=False, restored=False, barred=said != Verdict.FALSE, why=EXPIRED)
    if said == Verdict.TRUE:
        return replace(after, restored=False, lost_mono_ns=NOT_LOST)
    if before.restored and grace and (said == Verdict.UNKNOWN or item.remembers):
        return after  # after a restart nothing is known yet: neither storm of ends nor of begins
    lost_ns = mono_ns if before.lost_mono_ns == NOT_LOST else before.lost_mono_ns
    if mono_ns - lost_ns < item.off_delay_ns:
        return replace(after, lost_mono_ns=lost_ns)
    why = UNJUDGED if said == Verdict.UNKNOWN else GONE
    return replace(after, stands=False, restored=False, lost_mono_ns=NOT_LOST, why=why)


def taken_over(item: DesignSuppression, records: Sequence[SuppressionRecord]) -> Standing:
    """What stood before a restart, from its records on the board (at least one)."""
    since_ns = min(record.since_wall_ns for record in records)
    ends = [record.until_wall_ns for record in records if record.until_wall_ns is not None]
    longest_ns = NEVER_NS if item.maximum_ns is None else since_ns + item.maximum_ns
    return Standing(stands=True, since_wall_ns=since_ns, until_wall_ns=min(ends, default=longest_ns), restored=True)
