"""CUSUM through a stretch of time: once target and sigma are known, sample after sample without the rest."""

import numpy as np
import numpy.typing as npt

from rules.blocks.course import Bools, Conditions, slots, turned
from rules.blocks.sampled import Columns, Foreseen
from rules.blocks.samples import Kept
from rules.kinds.cusum import CusumGroup
from rules.kinds.cusum_sums import Sums
from rules.port import NEVER, State
from rules.stretch import Stretch


class CusumCalm(Foreseen):
    """Calm of sums: judged at every sample while something is learned or will be reset."""

    def __init__(self, group: CusumGroup, stretch: Stretch, active: Bools) -> None:
        self._group = group
        received = stretch.received_mono_ns[:, group.row]
        self._good = stretch.good(group.row)
        self._reset = stretch.quality[:, group.reset_row] == 0
        self._reset &= stretch.value[:, group.reset_row] == group.reset_state
        self._value = stretch.value[:, group.row]
        stirs = turned(slots(received, group.sample_ns), self._good, self._reset)
        super().__init__(stretch, stirs, (self._value, self._good, received), group.sample_ns)

    def foresee(self, state: State) -> tuple[Conditions, Columns] | None:
        """Both sums at all sweeps."""
        group, sums = self._group, Sums.of(state)
        if bool((sums.learned < group.learn_samples).any()) or bool(self._reset.any()):
            return None
        kept = self.kept(state)
        sweep, rule = kept.new
        away = (self._value[sweep, rule] - group.targets(sums)[rule]) / group.scales(sums)[rule]
        received = kept.time_ns[kept.newest[sweep, rule]]
        columns: Columns = {"last_mono_ns": kept.last_ns()}
        for side, sign in (("high", 1.0), ("low", -1.0)):
            total, since = _stepped(
                (state[side], state[f"{side}_since_mono_ns"]),
                rule,
                sign * away - group.slack[rule],
                received,
                group.cap,
            )
            columns |= {side: kept.spread(state[side], total)}
            columns |= {f"{side}_since_mono_ns": kept.spread(state[f"{side}_since_mono_ns"], since)}
        mono_ns, last = self._stretch.mono_ns[:, np.newaxis], columns["last_mono_ns"]
        known = (last != NEVER) & (mono_ns - np.where(last != NEVER, last, mono_ns) <= group.silence_ns)
        return group.told(self._good, known, np.maximum(columns["high"], columns["low"])), columns

    def kept(self, state: State) -> Kept:
        """Of a sum the last sample is remembered, no window."""
        if self._kept is None:
            last = state["last_mono_ns"]
            before = np.stack((np.full(last.shape, NEVER), last), axis=1)
            self._kept = Kept.of((before, np.full(before.shape, np.nan)), *self._readings, self._window_ns)
        return self._kept

    def carried(self, state: State, since: int, at: int) -> State:
        """With the sums of `at`, if they were foreseen."""
        return state if self._ahead is None or at == since else {**state, **self.columns_at(at)}


def _stepped(
    before: tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]],
    rule: npt.NDArray[np.intp],
    gain: npt.NDArray[np.float64],
    received: npt.NDArray[np.int64],
    cap: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """(sum, since when above zero) after each sample, which stand rule by rule: each follows from the one before."""
    totals, sinces = before[0].tolist(), before[1].tolist()
    caps, never = cap.tolist(), NEVER
    made: list[tuple[float, int]] = []
    for of, more, now in zip(rule.tolist(), gain.tolist(), received.tolist(), strict=True):
        total = min(max(totals[of] + more, 0.0), caps[of])
        sinces[of] = never if total == 0 else now if totals[of] == 0 else sinces[of]
        totals[of] = total
        made.append((total, sinces[of]))
    return np.array([one for one, _ in made], np.float64), np.array([one for _, one in made], np.int64)
