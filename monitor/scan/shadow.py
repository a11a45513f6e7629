"""A second rule set judged beside the live one.  It raises nothing, and whatever it does, the live one goes on."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from monitor.clock import Clock
from monitor.hazards.shadow import ShadowDifference, ShadowState, ShadowWord
from rules.catalog import RuleSet
from rules.columns.snapshot import Snapshot
from rules.evaluate import evaluate
from rules.fingerprints import fingerprints
from rules.memory import Memory
from rules.swap import swap

LOG = logging.getLogger(__name__)

SLOWEST_NS: Final = 100_000_000
"""A shadow sweep that takes longer is too slow ..."""
SLOW_SWEEPS: Final = 5
"""... and so many of them after each other switch it off: the next live scan waits for it."""
MOST_SHOWN: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowPlan:
    """The shadow's rules, compiled for the same tags as the live ones."""

    folder: str
    fingerprint: str
    rule_set: RuleSet


class Shadow:
    """The shadow set with its memory, and what it said otherwise than the live set."""

    def __init__(self, plan: ShadowPlan, live: RuleSet, clock: Clock) -> None:
        self._live = live
        self._clock = clock
        self._plan = plan
        self._memory: Memory | None = None
        self._union = _Union.of(live, plan.rule_set)
        self._tally = _Tally.empty(len(self._union.ids))
        self._seen: list[tuple[Snapshot, Memory]] = []
        self._slow = 0
        self._said: tuple[ShadowWord, str, str] = ("on", "", "")
        self._since_wall_ns = clock.wall_ns()
        self._state: ShadowState | None = None

    @property
    def state(self) -> ShadowState:
        """As of the last scan; the same object while nothing changed."""
        if self._state is None:
            self._state = self._told()
        return self._state

    def see(self, snapshot: Snapshot, live: Memory) -> None:
        """Note one live evaluation; it is judged after the scan is published."""
        if self._said[0] != "off":
            self._seen.append((snapshot, live))

    def judge(self) -> None:
        """Judge what was seen; an exception or a sweep that takes too long switches the shadow off, and nothing else."""
        seen, self._seen = self._seen, []
        for snapshot, live in seen:
            if self._said[0] == "off":
                return
            begun_ns = self._clock.mono_ns()
            try:
                self._judge_one(snapshot, live)
            except Exception as error:
                LOG.exception("the shadow rules failed and are switched off")
                self._switch_off(f"影子规则出错：{error!r}", f"the shadow rules failed: {error!r}")
                return
            self._slow = self._slow + 1 if self._clock.mono_ns() - begun_ns > SLOWEST_NS else 0
            if self._slow >= SLOW_SWEEPS:
                milliseconds = SLOWEST_NS // 1_000_000
                self._switch_off(
                    f"影子规则连续 {SLOW_SWEEPS} 次计算超过 {milliseconds} ms",
                    f"{SLOW_SWEEPS} sweeps of the shadow rules in a row took over {milliseconds} ms",
                )

    def replace(self, plan: ShadowPlan) -> None:
        """Go on with other shadow rules: the unchanged ones keep their memory, the comparison begins anew."""
        if self._memory is not None and self._said[0] != "off":
            try:
                self._memory = swap(self._plan.rule_set, self._memory, plan.rule_set, self._clock.mono_ns())
            except Exception:
                LOG.exception("the memory of the shadow rules could not be taken over")
                self._memory = None
        else:
            self._memory = None
        self._plan = plan
        self._union = _Union.of(self._live, plan.rule_set)
        self._tally = _Tally.empty(len(self._union.ids))
        self._since_wall_ns = self._clock.wall_ns()
        self._slow = 0
        self._say("on", "", "")

    def refuse(self, reason_zh: str, reason_en: str) -> None:
        """Changed files have mistakes: what is judged goes on, and everybody sees why."""
        if self._said[0] != "off":
            self._say("refused", reason_zh, reason_en)

    def _judge_one(self, snapshot: Snapshot, live: Memory) -> None:
        memory = self._memory
        if memory is None:
            # rules that are the same go on as the live ones: what differs then differs by its definition
            memory = swap(self._live, live, self._plan.rule_set, snapshot.mono_ns)
            self._tally.begin(self._union.live(live.holds.active), self._union.shadow(memory.holds.active))
        _, self._memory = evaluate(self._plan.rule_set, snapshot, memory, snapshot.mono_ns)
        active = self._union.live(live.holds.active), self._union.shadow(self._memory.holds.active)
        if self._tally.count(*active, snapshot.wall_ns):
            self._state = None

    def _switch_off(self, reason_zh: str, reason_en: str) -> None:
        self._memory = None
        self._seen = []
        self._say("off", reason_zh, reason_en)

    def _say(self, word: ShadowWord, reason_zh: str, reason_en: str) -> None:
        self._said = (word, reason_zh, reason_en)
        self._state = None

    def _told(self) -> ShadowState:
        union, tally = self._union, self._tally
        differing = int(tally.differs.sum())
        word, reason_zh, reason_en = self._said
        return ShadowState(
            folder=self._plan.folder,
            fingerprint=self._plan.fingerprint,
            word=word,
            reason_zh=reason_zh,
            reason_en=reason_en,
            since_wall_ns=self._since_wall_ns,
            rules=len(self._plan.rule_set),
            same=union.same,
            changed=int(((union.live_at >= 0) & (union.shadow_at >= 0)).sum()) - union.same,
            only_live=int((union.shadow_at < 0).sum()),
            only_shadow=int((union.live_at < 0).sum()),
            differing=0 if word == "off" else differing,
            differences=tuple(self._difference(at) for at in tally.order()[:MOST_SHOWN]),
        )

    def _difference(self, at: int) -> ShadowDifference:
        union, tally = self._union, self._tally
        stands = bool(tally.differs[at]) and self._said[0] != "off"
        return ShadowDifference(
            id=union.ids[at],
            live=bool(tally.live[at]) if union.live_at[at] >= 0 else None,
            shadow=bool(tally.shadow[at]) if union.shadow_at[at] >= 0 else None,
            since_wall_ns=int(tally.since_wall_ns[at]) if stands else None,
            times=int(tally.times[at]),
            live_raised=int(tally.live_raised[at]),
            shadow_raised=int(tally.shadow_raised[at]),
        )


@dataclass(frozen=True, slots=True)
class _Union:
    """Every rule of both sets once."""

    ids: tuple[str, ...]
    live_at: npt.NDArray[np.intp]
    """Position in the live set; -1 where it has no such rule."""
    shadow_at: npt.NDArray[np.intp]
    same: int

    @classmethod
    def of(cls, live: RuleSet, shadow: RuleSet) -> "_Union":
        ids = tuple(dict.fromkeys((*live.ids, *shadow.ids)))
        in_live = {rule_id: at for at, rule_id in enumerate(live.ids)}
        in_shadow = {rule_id: at for at, rule_id in enumerate(shadow.ids)}
        prints = set(zip(live.ids, fingerprints(live), strict=True))
        return cls(
            ids=ids,
            live_at=np.array([in_live.get(rule_id, -1) for rule_id in ids], np.intp),
            shadow_at=np.array([in_shadow.get(rule_id, -1) for rule_id in ids], np.intp),
            same=sum(key in prints for key in zip(shadow.ids, fingerprints(shadow), strict=True)),
        )

    def live(self, active: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """The live set's column, False where it has no such rule."""
        return _spread(active, self.live_at)

    def shadow(self, active: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """The shadow's column, False where it has no such rule."""
        return _spread(active, self.shadow_at)


def _spread(active: npt.NDArray[np.bool_], at: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
    return np.append(active, False)[at]  # -1 is the one that was appended


@dataclass(slots=True)
class _Tally:
    """Counts over the union; the counts are written in place, nobody else has them."""

    live: npt.NDArray[np.bool_]
    shadow: npt.NDArray[np.bool_]
    differs: npt.NDArray[np.bool_]
    since_wall_ns: npt.NDArray[np.int64]
    times: npt.NDArray[np.int64]
    live_raised: npt.NDArray[np.int64]
    shadow_raised: npt.NDArray[np.int64]

    @classmethod
    def empty(cls, length: int) -> "_Tally":
        none, nothing = np.zeros(length, np.bool_), np.zeros(length, np.int64)
        return cls(
            live=none,
            shadow=none,
            differs=none,
            since_wall_ns=nothing.copy(),
            times=nothing.copy(),
            live_raised=nothing.copy(),
            shadow_raised=nothing.copy(),
        )

    def begin(self, live: npt.NDArray[np.bool_], shadow: npt.NDArray[np.bool_]) -> None:
        """What was TRUE before the comparison is no new raise."""
        self.live, self.shadow = live, shadow

    def count(self, live: npt.NDArray[np.bool_], shadow: npt.NDArray[np.bool_], wall_ns: int) -> bool:
        """Take one sweep over; returns whether anything changed."""
        differs = live ^ shadow
        same = np.array_equal(live, self.live) and np.array_equal(shadow, self.shadow)
        if same and np.array_equal(differs, self.differs):
            return False
        self.live_raised += live & ~self.live
        self.shadow_raised += shadow & ~self.shadow
        began = differs & ~self.differs
        self.times += began
        self.since_wall_ns[began] = wall_ns
        self.live, self.shadow, self.differs = live, shadow, differs
        return True

    def order(self) -> Sequence[int]:
        """Places that ever differed: those that do now first, the longest first, then the most frequent."""
        at = np.flatnonzero(self.times > 0)
        since = np.where(self.differs[at], self.since_wall_ns[at], 0)
        found: list[int] = at[np.lexsort((-self.times[at], since, ~self.differs[at]))].tolist()
        return found
