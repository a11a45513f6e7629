"""Load cuts judged together: each against its own recent reference, with its outage, its loss and its first-out cause."""

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from rules import windows
from rules.columns.quality import Quality, is_usable
from rules.kinds.explain import explained, reading
from rules.kinds.first_out import CauseColumns
from rules.kinds.outages import Outages
from rules.port import NEVER, Explanation, Figure, Judged, Moment, State, frozen
from rules.predicates import decide
from rules.verdicts import Verdict

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]
_TRUE: Final = np.uint8(Verdict.TRUE)
_FALSE: Final = np.uint8(Verdict.FALSE)
_GOOD: Final = np.uint8(Quality.GOOD)
SLOTS: Final = 64
"""More than other windows: the short time of the fall must be told from the long one of the reference."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoadCutGroup:
    """All LoadCut rules."""

    position: npt.NDArray[np.intp]
    row: npt.NDArray[np.int32]
    drop: Floats
    return_drop: Floats
    within_ns: Times
    reference_ns: Times
    least_reference: Floats
    accept_after_ns: Times
    least_coverage: Floats
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
        times, values = windows.fresh(self.row.size, SLOTS)
        return frozen(
            sample_mono_ns=times,
            sample=values,
            kept_reference=np.full(self.row.size, np.nan),
            kept_until_mono_ns=np.full(self.row.size, NEVER, np.int64),
            recent=np.full(self.row.size, np.nan),
            recent_until_mono_ns=np.full(self.row.size, NEVER, np.int64),
            **Outages.fresh(self.row.size).columns(),
            **self.causes.fresh(),
        )

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """Compare with the reference: while a cut runs with that of its beginning, else with that of the window."""
        value, quality = moment.value[self.row], moment.quality[self.row]
        received = moment.received_mono_ns[self.row]
        usable = is_usable(quality) & np.isfinite(value)
        samples = windows.kept(
            (state["sample_mono_ns"], state["sample"]), value, usable & (quality == _GOOD), received, self.span_ns
        )
        outages, kept_until = self._carried(moment, state, usable)
        mean, until = self._recent(samples, state, moment.mono_ns)
        recent = self.reference(mean, state, kept_until, moment.mono_ns)
        reference = np.where(outages.running, outages.reference, recent)
        condition, percent = self.compared(value, quality, reference, active)
        begins = (condition == _TRUE) & ~outages.running
        ends = (condition == _FALSE) & outages.running
        kept_reference = state["kept_reference"]
        if bool(ends.any()):
            kept_reference = np.where(ends, reference, kept_reference)
            kept_until = np.where(ends, moment.mono_ns + self.span_ns, kept_until)
        outages = outages.begun(begins, received, value, reference).finished(ends, received)
        watched = self.causes.watched(moment, state, begins, outages.running_since())
        after = frozen(
            sample_mono_ns=samples[0],
            sample=samples[1],
            kept_reference=kept_reference,
            kept_until_mono_ns=kept_until,
            recent=mean,
            recent_until_mono_ns=until,
            **outages.columns(),
            **watched,
        )
        return Judged(
            condition=condition,
            value=percent,
            limit=self.drop,
            row=self.row,
            state=after,
            due_ns=self._due_ns(after, moment.mono_ns),
            # the few that are TRUE, not every rule
            detail=self.causes.details(np.flatnonzero(condition == _TRUE).tolist(), after, moment.tag_ids),
        )

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """Flow and reference, how far below, since when, how much is lost, what left its band first."""
        judged = self.judge(moment, np.full(self.row.size, active), state)
        outages, percent = Outages.of(judged.state), float(judged.value[place])
        allowed = float(self.return_drop[place] if active else self.drop[place])
        until = judged.state["kept_until_mono_ns"]
        recent = self.reference(judged.state["recent"], judged.state, until, moment.mono_ns)
        reference = float((outages.reference if outages.running[place] else recent)[place])
        zh, en = reading(moment, int(self.row[place]))
        eu = self.quantity_eu[place]
        told = outages.told(place, moment.mono_ns, eu), self.causes.told(place, judged.state, moment.tag_ids)
        zh += f"；基准 {reference:.4g}，低 {percent:.3g} %，超过 {allowed:g} % 为减负荷" + "".join(p[0] for p in told)
        en += f"; reference {reference:.4g}, {percent:.3g} % below it, more than {allowed:g} % is a cut"
        en += "".join(part[1] for part in told)
        if reference != reference:
            zh, en = f"{zh}；基准窗口的有效样本不足", f"{en}; too little of the reference window is known"
        figures = (
            Figure(zh="下降", en="below the reference", value=percent, eu="%"),
            Figure(zh="基准", en="reference", value=reference),
            Figure(zh="持续", en="duration", value=outages.duration_s(place, moment.mono_ns), eu="s"),
            Figure(zh="损失量", en="lost", value=float(outages.lost[place]), eu=eu),
        )
        inputs = (moment.tag_ids[int(self.row[place])], *self.causes.first(place, judged.state, moment.tag_ids))
        return explained(int(judged.condition[place]), (zh, en), figures, inputs)

    def _carried(self, moment: Moment, state: State, usable: npt.NDArray[np.bool_]) -> tuple[Outages, Times]:
        """The cuts that run, with the readings of now, without those that are accepted; until when a load is kept."""
        outages, kept_until = Outages.of(state), state["kept_until_mono_ns"]
        if not bool(outages.running.any()):
            return outages, kept_until
        value, received = moment.value[self.row], moment.received_mono_ns[self.row]
        outages = outages.counted(usable, received, value, self.per_ns)
        accepted = outages.running & (moment.mono_ns - outages.since >= self.accept_after_ns)
        outages = outages.finished(accepted, np.full_like(received, moment.mono_ns))
        return outages, np.where(accepted, NEVER, kept_until)

    @property
    def span_ns(self) -> Times:
        """The fall and the reference before it: what samples are kept of."""
        return self.within_ns + self.reference_ns

    def _recent(self, samples: windows.Samples, state: State, mono_ns: int) -> tuple[Floats, Times]:
        """(mean of the reference window, NaN where too little is known; until when), anew only where the window changed."""
        recent, until = state["recent"], state["recent_until_mono_ns"]
        at = windows.due(samples, state["sample_mono_ns"], until, mono_ns)
        if not at.size:
            return recent, until
        part, ago = (samples[0][at], samples[1][at]), self.within_ns[at]
        span, least = self.reference_ns[at], self.least_coverage[at]
        recent, until = recent.copy(), until.copy()
        recent[at], covered = self.solve(part, at, mono_ns)
        until[at] = windows.unchanged_until_ns(part, span, covered, least, mono_ns, ago)
        return recent, until

    def solve(
        self, samples: windows.Samples, places: npt.NDArray[np.intp], mono_ns: windows.Now
    ) -> tuple[Floats, Floats]:
        """(mean of the reference window, coverage) of windows, each of the rule at `places`."""
        ago, span = self.within_ns[places], self.reference_ns[places]
        ends = mono_ns - ago
        inside = windows.inside(samples, span, ends) & (samples[0] <= ends[:, np.newaxis])
        count = inside.sum(axis=1)
        total = np.where(inside, samples[1], 0.0).sum(axis=1)
        covered = windows.coverage(samples, span, ends, (ago + span) // SLOTS)
        known = (covered >= self.least_coverage[places]) & (count > 0)
        return np.where(known, total / np.maximum(count, 1), np.nan), covered

    def reference(self, mean: Floats, state: State, kept_until: Times, mono_ns: int) -> Floats:
        """The mean of the window, but no less than the load before a cut that has just ended and still fills the window."""
        if not bool((mono_ns <= kept_until).any()):
            return mean
        ended_now = kept_until - self.span_ns == mono_ns  # judged at this moment already, by that load alone
        higher = np.where(ended_now, state["kept_reference"], np.fmax(mean, state["kept_reference"]))
        return np.where(mono_ns <= kept_until, higher, mean)

    def compared(
        self, value: Floats, quality: npt.NDArray[np.uint8], reference: Floats, active: npt.NDArray[np.bool_]
    ) -> tuple[npt.NDArray[np.uint8], Floats]:
        """(condition, percent below the reference)."""
        known = np.isfinite(reference) & np.isfinite(value)
        gave = known & (reference > 0) & (reference >= self.least_reference)
        part = np.where(gave, value, 0.0) / np.where(gave, reference, 1.0)
        percent = np.where(gave, (1.0 - part) * 100.0, np.where(known, 0.0, np.nan))
        at = np.where(active, self.return_drop, self.drop)
        return decide(known & (percent > at), known & (percent <= at), quality), percent

    def _due_ns(self, state: State, mono_ns: int) -> int | None:
        """The reference may change, the load before the last cut is forgotten, a cut may be accepted."""
        running = (state["since_mono_ns"] != NEVER) & (state["ended_mono_ns"] == NEVER)
        moments = (
            state["recent_until_mono_ns"],
            state["kept_until_mono_ns"] + 1,
            np.where(running, state["since_mono_ns"] + self.accept_after_ns, NEVER),
        )
        later = [int(of[of > mono_ns].min()) for of in moments if bool((of > mono_ns).any())]
        return min(later, default=None)
