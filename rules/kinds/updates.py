"""What can be said of a reading without its value: nothing came for too long, or the device says that it is bad."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from rules.columns.tags import TagTable
from rules.errors import RuleError, unknown_tag
from rules.kinds.explain import explained, reading
from rules.kinds.fields import field, positions, tag_rows
from rules.kinds.one_tag import OneTagGroup
from rules.port import FOREVER, Band, BandEnd, Explanation, Figure, Judged, Moment, Rule, State, column
from rules.predicates import bad_quality, not_updated


@dataclass(frozen=True, slots=True, kw_only=True)
class NoUpdate(Rule):
    """Nothing was read successfully for longer than `after_ns`, by mono time."""

    tag: str
    after_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BadQuality(Rule):
    """The device answers, but says that the value is BAD."""

    tag: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NoUpdateGroup(OneTagGroup):
    """All NoUpdate rules."""

    after_ns: npt.NDArray[np.int64]
    no_number: npt.NDArray[np.float64]
    """NaN: an age is no measured value."""
    timeless: ClassVar[bool] = False
    ends: ClassVar[BandEnd] = "silence"

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """Compare every age with what is allowed."""
        received_ns = moment.received_mono_ns[self.row]
        condition, due_ns = not_updated(received_ns, self.after_ns, moment.start_mono_ns, moment.mono_ns)
        return Judged(
            condition=condition, value=self.no_number, limit=self.no_number, row=self.row, state=state, due_ns=due_ns
        )

    def at(self, places: npt.NDArray[np.intp]) -> "NoUpdateGroup":
        """The rules at these places only."""
        return NoUpdateGroup(
            position=self.position[places],
            row=self.row[places],
            after_ns=self.after_ns[places],
            no_number=self.no_number[places],
        )

    def band(self, moment: Moment, active: npt.NDArray[np.bool_], judged: Judged) -> Band:
        """As long as it is not silent for too long; after that, and before the first read, any reading matters."""
        received_ns = moment.received_mono_ns[self.row]
        unread = received_ns < max(moment.start_mono_ns, 1)
        since_ns = np.maximum(received_ns, moment.start_mono_ns)
        late = moment.mono_ns - since_ns > self.after_ns
        return Band(
            low=np.full(self.row.size, -np.inf),
            high=np.full(self.row.size, np.inf),
            silent_ns=np.where(late, FOREVER, since_ns - received_ns + self.after_ns),
            watched=late | unread,
        )

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """The age and what is allowed."""
        judged = self.judge(moment, np.zeros(self.row.size, np.bool_), state)
        row = int(self.row[place])
        received_ns = int(moment.received_mono_ns[row])
        age_s = (moment.mono_ns - max(received_ns, moment.start_mono_ns)) / 1e9
        after_s = self.after_ns[place] / 1e9
        name = moment.tag_ids[row]
        since = ("最近一次读到", "last read") if received_ns > 0 else ("从未读到，已等", "never read, waited")
        return explained(
            int(judged.condition[place]),
            (
                f"{name} {since[0]} {age_s:.1f} s；超过 {after_s:g} s 报警",
                f"{name} {since[1]} {age_s:.1f} s; alarm after {after_s:g} s",
            ),
            (
                Figure(zh="已过", en="age", value=age_s, eu="s"),
                Figure(zh="允许", en="allowed", value=after_s, eu="s"),
            ),
            (name,),
        )


class NoUpdateKind:
    """Checks and compiles NoUpdate rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = False

    def errors(self, rule: NoUpdate, table: TagTable) -> Iterator[RuleError]:
        """Unknown tag, a time shorter than the scan class period."""
        if rule.tag not in table.row_of:
            yield unknown_tag(rule.id, "tag", rule.tag)
            return
        period_ns = table.tags[table.row_of[rule.tag]].scan_period_ns
        if rule.after_ns < max(1, period_ns):
            after_s, period_s = rule.after_ns / 1e9, period_ns / 1e9
            zh = f"{after_s:g} s 短于 {rule.tag} 的扫描周期 {period_s:g} s"
            en = f"{after_s:g} s is under the scan class period of {rule.tag}, {period_s:g} s"
            yield RuleError(rule.id, "set_point", zh, en)

    def set_errors(self, rules: Sequence[NoUpdate], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def flawless(self, rules: Sequence[NoUpdate], table: TagTable) -> bool:
        """Every tag is known, every time long enough."""
        row = tag_rows(rules, table)
        if row.min() < 0:
            return False
        return bool((field(rules, "after_ns", np.int64) >= np.maximum(table.scan_period_ns[row], 1)).all())

    def group(self, rules: Sequence[tuple[int, NoUpdate]], table: TagTable) -> NoUpdateGroup:
        """The columns."""
        waits = [rule for _, rule in rules]
        return NoUpdateGroup(
            position=positions(rules),
            row=tag_rows(waits, table),
            after_ns=field(waits, "after_ns", np.int64),
            no_number=column(np.full(len(rules), np.nan), np.float64),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BadQualityGroup(OneTagGroup):
    """All BadQuality rules."""

    no_number: npt.NDArray[np.float64]
    timeless: ClassVar[bool] = True
    ends: ClassVar[BandEnd] = "nothing"

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """Look at every quality."""
        condition = bad_quality(moment.quality[..., self.row])
        value = moment.value[..., self.row]
        return Judged(condition=condition, value=value, limit=self.no_number, row=self.row, state=state)

    def at(self, places: npt.NDArray[np.intp]) -> "BadQualityGroup":
        """The rules at these places only."""
        return BadQualityGroup(position=self.position[places], row=self.row[places], no_number=self.no_number[places])

    def band(self, moment: Moment, active: npt.NDArray[np.bool_], judged: Judged) -> Band:
        """Any value: only the quality matters."""
        return Band(low=np.full(self.row.size, -np.inf), high=np.full(self.row.size, np.inf))

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """The quality and the status as it came."""
        row = int(self.row[place])
        condition = bad_quality(moment.quality[self.row])[place]
        zh, en = reading(moment, row)
        status = f"0x{int(moment.status[row]):08X}"
        words = f"{zh}；设备状态码 {status}", f"{en}; status of the device {status}"
        return explained(int(condition), words, inputs=(moment.tag_ids[row],))


class BadQualityKind:
    """Checks and compiles BadQuality rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = False

    def errors(self, rule: BadQuality, table: TagTable) -> Iterator[RuleError]:
        """Unknown tag."""
        if rule.tag not in table.row_of:
            yield unknown_tag(rule.id, "tag", rule.tag)

    def set_errors(self, rules: Sequence[BadQuality], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, BadQuality]], table: TagTable) -> BadQualityGroup:
        """The columns."""
        return BadQualityGroup(
            position=column([position for position, _ in rules], np.intp),
            row=column([table.row_of[rule.tag] for _, rule in rules], np.int32),
            no_number=column(np.full(len(rules), np.nan), np.float64),
        )
