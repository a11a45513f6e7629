"""A stop: throughput stays below the stop threshold; since when, why first, and how much is lost."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from rules import windows
from rules.columns.quality import Quality, is_usable
from rules.columns.tags import TagTable
from rules.errors import RuleError, needs_analog, no_dead_band, not_a_number, outside_range, unknown_tag
from rules.kinds.explain import explained, reading
from rules.kinds.first_out import CauseColumns
from rules.kinds.outage_rules import OutageRule, outage_errors
from rules.kinds.outages import Outages
from rules.port import Explanation, Figure, Judged, Moment, State, column, frozen
from rules.verdicts import Verdict

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]
_TRUE: Final = np.uint8(Verdict.TRUE)
_FALSE: Final = np.uint8(Verdict.FALSE)
_UNKNOWN: Final = np.uint8(Verdict.UNKNOWN)
_GOOD: Final = np.uint8(Quality.GOOD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop(OutageRule):
    """Below `threshold` in every reading for `after_ns`; runs again at threshold + dead band."""

    threshold: float
    after_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StopGroup:
    """All Stop rules."""

    position: npt.NDArray[np.intp]
    row: npt.NDArray[np.int32]
    threshold: Floats
    dead_band: Floats
    after_ns: Times
    reference_ns: Times
    per_ns: Floats
    quantity_eu: tuple[str, ...]
    causes: CauseColumns
    timeless: ClassVar[bool] = False

    def inputs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """Each rule reads its tag and its candidate causes."""
        place, row = self.causes.inputs()
        return np.concatenate((np.arange(self.row.size), place)), np.concatenate((self.row, row))

    def fresh(self, mono_ns: int) -> State:
        """Nothing happened yet."""
        times, values = windows.fresh(self.row.size)
        outages = Outages.fresh(self.row.size).columns()
        return frozen(sample_mono_ns=times, sample=values, **outages, **self.causes.fresh())

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """Stopped once it was below the threshold for long enough, by the times of its readings."""
        value, quality = moment.value[self.row], moment.quality[self.row]
        received = moment.received_mono_ns[self.row]
        usable = is_usable(quality) & np.isfinite(value)
        at = self.threshold + np.where(active, self.dead_band, 0.0)
        below, runs = usable & (value < at), usable & (value >= at) & (quality == _GOOD)
        samples = windows.kept((state["sample_mono_ns"], state["sample"]), value, runs, received, self.reference_ns)
        outages = Outages.of(state).counted(usable, received, value, self.per_ns).finished(runs, received)
        begins = below & ~outages.running
        if bool(begins.any()):
            outages = outages.begun(begins, received, value, self._reference(samples, received))
        long_enough = below & (active | (received - np.where(below, outages.since, received) >= self.after_ns))
        condition = np.full(self.row.size, _UNKNOWN, np.uint8)
        condition[runs | (below & ~long_enough & (quality == _GOOD))] = _FALSE
        condition[long_enough] = _TRUE
        watched = self.causes.watched(moment, state, begins, outages.running_since())
        after = frozen(sample_mono_ns=samples[0], sample=samples[1], **outages.columns(), **watched)
        return Judged(
            condition=condition,
            value=value,
            limit=self.threshold,
            row=self.row,
            state=after,
            # the few that are TRUE, not every rule
            detail=self.causes.details(np.flatnonzero(condition == _TRUE).tolist(), after, moment.tag_ids),
        )

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """Flow and threshold, since when, how much is lost, what left its band first."""
        judged = self.judge(moment, np.full(self.row.size, active), state)
        outages = Outages.of(judged.state)
        at = float(self.threshold[place] + (self.dead_band[place] if active else 0.0))
        zh, en = reading(moment, int(self.row[place]))
        eu = self.quantity_eu[place]
        told = outages.told(place, moment.mono_ns, eu), self.causes.told(place, judged.state, moment.tag_ids)
        after_s = self.after_ns[place] / 1e9
        zh += f"；低于 {at:g} 持续 {after_s:g} s 为停车" + "".join(part[0] for part in told)
        en += f"; below {at:g} for {after_s:g} s is a stop" + "".join(part[1] for part in told)
        figures = (
            Figure(zh="当前值", en="value", value=float(judged.value[place])),
            Figure(zh="停车阈值", en="stop threshold", value=at),
            Figure(zh="持续", en="duration", value=outages.duration_s(place, moment.mono_ns), eu="s"),
            Figure(zh="停车前平均", en="mean before", value=float(outages.reference[place])),
            Figure(zh="损失量", en="lost", value=float(outages.lost[place]), eu=eu),
        )
        inputs = (moment.tag_ids[int(self.row[place])], *self.causes.first(place, judged.state, moment.tag_ids))
        return explained(int(judged.condition[place]), (zh, en), figures, inputs)

    def _reference(self, samples: windows.Samples, received: Times) -> Floats:
        inside = windows.inside(samples, self.reference_ns, received)
        count = inside.sum(axis=1)
        total = np.where(inside, samples[1], 0.0).sum(axis=1)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)


class StopKind:
    """Checks and compiles Stop rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = False

    def errors(self, rule: Stop, table: TagTable) -> Iterator[RuleError]:
        """Unknown or discrete tag, parameters without sense, causes that are none."""
        if rule.tag not in table.row_of:
            yield unknown_tag(rule.id, "tag", rule.tag)
            return
        tag = table.tags[table.row_of[rule.tag]]
        if tag.discrete:
            yield needs_analog(rule.id, "tag", rule.tag)
        if not math.isfinite(rule.threshold):
            yield not_a_number(rule.id, "threshold", rule.threshold)
        elif tag.low < tag.high and not tag.low < rule.threshold <= tag.high:
            yield outside_range(rule.id, "threshold", rule.threshold, tag)
        if not 0 <= rule.dead_band < math.inf:
            yield no_dead_band(rule.id, rule.dead_band)
        if rule.after_ns < 0:
            yield RuleError(rule.id, "after_s", "应为 0 或以上", "must be 0 or more")
        yield from outage_errors(rule, table)

    def set_errors(self, rules: Sequence[Stop], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, Stop]], table: TagTable) -> StopGroup:
        """The columns."""
        of = [rule for _, rule in rules]
        return StopGroup(
            position=column([position for position, _ in rules], np.intp),
            row=column([table.row_of[rule.tag] for rule in of], np.int32),
            threshold=column([rule.threshold for rule in of], np.float64),
            dead_band=column([rule.dead_band for rule in of], np.float64),
            after_ns=column([rule.after_ns for rule in of], np.int64),
            reference_ns=column([rule.reference_ns for rule in of], np.int64),
            per_ns=column([rule.per_ns for rule in of], np.float64),
            quantity_eu=tuple(rule.quantity_eu for rule in of),
            causes=CauseColumns.of(of, table),
        )
