"""What the device says of its own signal: uncertain, never read, out of its band, forced."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from rules.columns.health import Health, Instruments
from rules.columns.quality import Quality
from rules.columns.status import FORCED, OUT_OF_BAND, is_of
from rules.columns.tags import TagTable
from rules.errors import RuleError, unknown_tag
from rules.kinds.explain import explained, reading
from rules.kinds.one_tag import OneTagGroup
from rules.port import Explanation, Figure, Judged, Kind, Moment, Rule, State, column
from rules.predicates import not_updated
from rules.verdicts import Verdict

_TRUE: Final = np.uint8(Verdict.TRUE)
_FALSE: Final = np.uint8(Verdict.FALSE)
_UNKNOWN: Final = np.uint8(Verdict.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertain(Rule):
    """The device answers and calls the value UNCERTAIN."""

    tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfBand(Rule):
    """The signal stands beyond what the instrument can measure (NE 43), whether saturated or failed."""

    tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forced(Rule):
    """The value is not measured: somebody put it there (local override, substitute, manual, simulated)."""

    tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NeverSeen(Rule):
    """Nothing was ever read of the tag, `after_ns` after the start."""

    tag: str
    after_ns: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SignalGroup(OneTagGroup):
    """All rules of one kind that follow from quality and status of one reading."""

    no_number: npt.NDArray[np.float64]
    codes: tuple[int, ...]
    """Status codes that make the condition TRUE where the device answered; empty: UNCERTAIN quality does."""
    words: tuple[str, str]
    instruments: Instruments | None = None
    """Of the tags; None where the state of an instrument says nothing to these rules."""
    timeless: ClassVar[bool] = True

    def inputs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """Each rule reads its tag, and what says the state of its instrument."""
        place, row = super(SignalGroup, self).inputs()  # slots make another class of this one, which `super()` misses
        if self.instruments is None:
            return place, row
        at, said_by = self._said_by(self.instruments)
        return np.concatenate((place, at)), np.concatenate((row, said_by.astype(np.int32)))

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """TRUE where the device says so with its answer, FALSE where the value is plainly GOOD."""
        quality = moment.quality[..., self.row]
        if self.codes:
            answered = quality <= np.uint8(Quality.BAD)
            says_so = answered & is_of(moment.status[..., self.row], self.codes)
        else:
            says_so = quality == np.uint8(Quality.UNCERTAIN)
        condition = np.full(quality.shape, _UNKNOWN, np.uint8)
        condition[quality == np.uint8(Quality.GOOD)] = _FALSE
        condition[says_so] = _TRUE
        if self.instruments is not None:
            at, _ = self._said_by(self.instruments)
            worked_on = self.instruments.said(moment.value, moment.quality) == np.uint8(Health.CHECK_FUNCTION)
            of_rule = np.searchsorted(self.instruments.row, self.row[at])
            condition[..., at] = np.where(worked_on[..., of_rule], _TRUE, condition[..., at])
        value = moment.value[..., self.row]
        return Judged(condition=condition, value=value, limit=self.no_number, row=self.row, state=state)

    def _said_by(self, instruments: Instruments) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """(place, row of the variable) of the rules whose instrument says its state."""
        at = np.flatnonzero(np.isin(self.row, instruments.row))
        return at, instruments.said_by[np.searchsorted(instruments.row, self.row[at])]

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """The quality, the status as it came, and what is asked."""
        judged = self.judge(moment, np.zeros(self.row.size, np.bool_), state)
        row = int(self.row[place])
        zh, en = reading(moment, row)
        status = f"0x{int(moment.status[row]):08X}"
        asked_zh, asked_en = self.words
        said_zh = said_en = ""
        places, rows = self.inputs()
        inputs = tuple(moment.tag_ids[each] for each in rows[places == place].tolist())
        if len(inputs) > 1:  # the second one says the state of the instrument
            zh_by, en_by = reading(moment, int(rows[places == place][1]))
            said_zh, said_en = (
                f"；仪表状态 {zh_by}，功能检查（NE 107 C）亦然",
                f"; state of the instrument {en_by}, NE 107 C counts too",
            )
        return explained(
            int(judged.condition[place]),
            (
                f"{zh}；设备状态码 {status}{said_zh}；条件：{asked_zh}",
                f"{en}; status of the device {status}{said_en}; condition: {asked_en}",
            ),
            inputs=inputs,
        )


class _SignalKind:
    """Checks and compiles the rules of one kind that follow from quality and status."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = False

    def __init__(self, codes: tuple[int, ...], zh: str, en: str, *, analog: bool = False) -> None:
        self._codes = codes
        self._words = (zh, en)
        self._analog = analog

    def errors(self, rule: Uncertain | OutOfBand | Forced, table: TagTable) -> Iterator[RuleError]:
        """Unknown tag; a band of a discrete one."""
        if rule.tag not in table.row_of:
            yield unknown_tag(rule.id, "tag", rule.tag)
        elif self._analog and table.tags[table.row_of[rule.tag]].discrete:
            zh = f"只有模拟量有信号范围；{rule.tag} 是开关量"
            en = f"only an analog tag has a band; {rule.tag} is discrete"
            yield RuleError(rule.id, "kind", zh, en)

    def set_errors(self, rules: Sequence[Rule], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, Uncertain | OutOfBand | Forced]], table: TagTable) -> SignalGroup:
        """The columns."""
        return SignalGroup(
            position=column([position for position, _ in rules], np.intp),
            row=column([table.row_of[rule.tag] for _, rule in rules], np.int32),
            no_number=column(np.full(len(rules), np.nan), np.float64),
            codes=self._codes,
            words=self._words,
            instruments=table.instruments if self._codes == FORCED and len(table.instruments) else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NeverSeenGroup(OneTagGroup):
    """All NeverSeen rules."""

    after_ns: npt.NDArray[np.int64]
    no_number: npt.NDArray[np.float64]
    timeless: ClassVar[bool] = False

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """One answer of the device, of whatever quality, ends it for good."""
        received_ns = moment.received_mono_ns[self.row]
        waiting = received_ns <= 0
        late, _ = not_updated(received_ns, self.after_ns, moment.start_mono_ns, moment.mono_ns)
        condition = np.where(waiting, late, _FALSE)
        due = (moment.start_mono_ns + self.after_ns + 1)[waiting & (late != _TRUE)]
        return Judged(
            condition=condition,
            value=self.no_number,
            limit=self.no_number,
            row=self.row,
            state=state,
            due_ns=int(due.min()) if due.size else None,
        )

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """Since when it is waited for, and how long that may take."""
        judged = self.judge(moment, np.zeros(self.row.size, np.bool_), state)
        row = int(self.row[place])
        name, after_s = moment.tag_ids[row], self.after_ns[place] / 1e9
        waited_s = (moment.mono_ns - moment.start_mono_ns) / 1e9
        if moment.received_mono_ns[row] > 0:
            words = f"{name} 已读到", f"{name} was read"
        else:
            zh = f"{name} 启动以来 {waited_s:.1f} s 从未读到；超过 {after_s:g} s 报警"
            words = zh, f"{name} was never read in {waited_s:.1f} s since the start; alarm after {after_s:g} s"
        figures = (
            Figure(zh="启动以来", en="since the start", value=waited_s, eu="s"),
            Figure(zh="允许", en="allowed", value=after_s, eu="s"),
        )
        return explained(int(judged.condition[place]), words, figures, (name,))


class NeverSeenKind:
    """Checks and compiles NeverSeen rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = False

    def errors(self, rule: NeverSeen, table: TagTable) -> Iterator[RuleError]:
        """Unknown tag, a negative time."""
        if rule.tag not in table.row_of:
            yield unknown_tag(rule.id, "tag", rule.tag)
        if rule.after_ns < 0:
            zh = f"{rule.after_ns / 1e9:g} s 是负的；时间应为 0 或以上"
            en = f"{rule.after_ns / 1e9:g} s is negative; a time is 0 or more"
            yield RuleError(rule.id, "set_point", zh, en)

    def set_errors(self, rules: Sequence[NeverSeen], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, NeverSeen]], table: TagTable) -> NeverSeenGroup:
        """The columns."""
        return NeverSeenGroup(
            position=column([position for position, _ in rules], np.intp),
            row=column([table.row_of[rule.tag] for _, rule in rules], np.int32),
            after_ns=column([rule.after_ns for _, rule in rules], np.int64),
            no_number=column(np.full(len(rules), np.nan), np.float64),
        )


KINDS: Final[Mapping[type[Rule], Kind[Any]]] = {
    Uncertain: _SignalKind((), "质量可疑", "uncertain quality"),
    OutOfBand: _SignalKind(OUT_OF_BAND, "信号超出量程带", "signal out of its band", analog=True),
    Forced: _SignalKind(FORCED, "测量值被强制或替代", "value forced or substituted"),
    NeverSeen: NeverSeenKind(),
}
