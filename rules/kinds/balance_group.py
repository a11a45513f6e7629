"""Judges mass balances: totals and volumes sampled together, and their difference over the window."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from rules import windows
from rules.geometry import Vessels
from rules.kinds.expansion import REFERENCE_C, Warmth
from rules.kinds.explain import explained, inputs_of
from rules.kinds.flow_totals import FlowTotals
from rules.kinds.premises import good_of, missing
from rules.port import NEVER, Explanation, Figure, Judged, Moment, State, frozen
from rules.verdicts import Verdict

_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MassBalanceGroup:
    """All MassBalance rules; their tanks stand one after the other."""

    position: npt.NDArray[np.intp]
    level_rule: npt.NDArray[np.intp]
    level_row: npt.NDArray[np.int32]
    vessels: Vessels
    warmth: Warmth
    """Of each tank."""
    totals: FlowTotals
    beta: tuple[tuple[float, str], ...]
    """(expansion per K, where it stands) of each rule, to be told."""
    first_row: npt.NDArray[np.int32]
    window_ns: npt.NDArray[np.int64]
    period_ns: npt.NDArray[np.int64]
    minimum_coverage: npt.NDArray[np.float64]
    silence_ns: npt.NDArray[np.int64]
    tolerance_m3: npt.NDArray[np.float64]
    tolerance_share: npt.NDArray[np.float64]
    timeless: ClassVar[bool] = False

    def inputs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """Each rule reads its levels, its flows and their temperatures."""
        tanks, flows = self.warmth.places(), self.totals.warmth.places()
        return (
            np.concatenate([self.level_rule, self.totals.rule, self.level_rule[tanks], self.totals.rule[flows]]),
            np.concatenate([self.level_row, self.totals.row, self.warmth.row[tanks], self.totals.warmth.row[flows]]),
        )

    def fresh(self, mono_ns: int) -> State:
        """No totals, no samples."""
        count = self.position.size
        times, values = windows.fresh(count)
        sampled = {"sample_mono_ns": times, "volume": values, "came": values.copy(), "went": values.copy()}
        solved = {name: np.full(count, np.nan) for name in ("imbalance", "gained", "received", "sent", "share")}
        return frozen(**self.totals.fresh(count), **sampled, **solved)

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """Integrate the flows, take a sample where every input was read, and compare over the window."""
        flows, broken = self.totals.integrate(moment, state)
        after = self._sampled(moment, state, flows, broken)
        last, imbalance = after["sample_mono_ns"][:, -1], after["imbalance"]
        heard = (last != NEVER) & (moment.mono_ns - last <= self.silence_ns)
        covered = heard & (after["share"] >= self.minimum_coverage)
        throughput = np.fmax(np.fmax(after["received"], after["sent"]), 0.0)
        allowed = self.tolerance_m3 + self.tolerance_share * np.where(np.isnan(throughput), 0.0, throughput)
        condition = np.full(self.position.size, np.uint8(Verdict.UNKNOWN))
        condition[covered & (np.abs(imbalance) <= allowed)] = np.uint8(Verdict.FALSE)
        condition[covered & (np.abs(imbalance) > allowed)] = np.uint8(Verdict.TRUE)
        ends = (last + self.silence_ns + 1)[heard]
        return Judged(
            condition=condition,
            value=imbalance,
            limit=allowed,
            row=self.first_row,
            state=after,
            due_ns=int(ends.min()) if ends.size else None,
        )

    def _sampled(
        self, moment: Moment, state: State, flows: Mapping[str, npt.NDArray[Any]], broken: npt.NDArray[np.bool_]
    ) -> State:
        """The state with totals and samples of now; solved again where a sample is new."""
        count = self.position.size
        good = good_of(moment, self.level_row) & self.warmth.good(moment)
        bad = np.bincount(self.level_rule[~good], minlength=count) > 0
        # a sample is of the moment up to which every input was read
        read_ns = np.full(count, np.iinfo(np.int64).max)
        np.minimum.at(read_ns, self.level_rule, moment.received_mono_ns[self.level_row])
        came, went, usable, read_ns = self.totals.at(moment, flows, read_ns)
        each = self.warmth.at_reference(moment, self.vessels.volume(np.where(good, moment.value[self.level_row], 0.0)))
        volume = np.bincount(self.level_rule, each, count).astype(np.float64)
        samples = state["sample_mono_ns"], state["volume"]
        before = windows.forgotten(samples, broken)
        samples = windows.kept(before, volume, usable & ~bad, read_ns, self.window_ns)
        new = windows.new_places(before, samples)
        after = {
            **state,
            **flows,
            "sample_mono_ns": samples[0],
            "volume": samples[1],
            "came": windows.kept_beside(state["came"], new, came),
            "went": windows.kept_beside(state["went"], new, went),
        }
        return frozen(**{**after, **self._solved(after, new, broken)})

    def _solved(
        self, state: State, new: npt.NDArray[np.intp], broken: npt.NDArray[np.bool_]
    ) -> Mapping[str, npt.NDArray[np.float64]]:
        """Imbalance over the window, from the first to the last three samples: one wild reading is none."""
        names = ("imbalance", "gained", "received", "sent", "share")
        if not new.size and not bool(broken.any()):
            return {}
        solved = {name: state[name].copy() for name in names}
        for of in solved.values():
            of[broken] = np.nan
        if new.size:
            times, volume, came, went = (state[name][new] for name in ("sample_mono_ns", "volume", "came", "went"))
            window_ns, last = self.window_ns[new], times[:, -1]
            use = windows.inside((times, volume), window_ns, last)
            solved["share"][new] = windows.coverage((times, volume), window_ns, last, self.period_ns[new])
            steady = windows.steadied((times, volume - came + went), use)
            known = np.isfinite(steady)
            first, rows = known.argmax(axis=1), np.arange(new.size)
            solved["imbalance"][new] = steady[:, -1] - steady[rows, first]
            for name, of in (("gained", volume), ("received", came), ("sent", went)):
                passed = of[:, -2] - of[rows, first + 1]
                solved[name][new] = np.where(known.any(axis=1), passed, np.nan)
        return solved

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """What the tanks gained, what came and went, the difference and what is allowed of it."""
        judged = self.judge(moment, np.full(self.position.size, active), state)
        after, window_s = judged.state, self.window_ns[place] / _NS
        gained, received, sent = (float(after[name][place]) for name in ("gained", "received", "sent"))
        imbalance, allowed = float(judged.value[place]), float(judged.limit[place])
        zh, en = f"{window_s:g} s 窗口", f"over {window_s:g} s"
        if judged.condition[place] == Verdict.UNKNOWN:
            zh, en = self._gap(place, moment, after, window_s)
        if not math.isnan(imbalance):
            zh += f"：罐内变化 {gained:+.4g} m3，进 {received:.4g}，出 {sent:.4g}，不平衡 {imbalance:+.4g}，允许 {allowed:.4g} m3"
            en += (
                f": the tanks gained {gained:+.4g} m3, {received:.4g} came, {sent:.4g} went, "
                f"out of balance by {imbalance:+.4g}, {allowed:.4g} m3 is allowed"
            )
        beta, source = self.beta[place]
        if beta:
            zh += f"；体积折算到 {REFERENCE_C:g} °C（膨胀系数 {beta:g} 1/K，{source}）"
            en += f"; volumes at {REFERENCE_C:g} °C (expansion {beta:g} 1/K, {source})"
        figures = tuple(
            Figure(zh=in_zh, en=in_en, value=value, eu="m3")
            for in_zh, in_en, value in (
                ("不平衡", "imbalance", imbalance),
                ("允许", "allowed", allowed),
                ("罐内变化", "gained", gained),
                ("进", "received", received),
                ("出", "sent", sent),
            )
        )
        inputs = inputs_of(self.inputs(), place, moment)
        return explained(int(judged.condition[place]), (zh, en), figures, inputs)

    def _gap(self, place: int, moment: Moment, state: State, window_s: float) -> tuple[str, str]:
        one = np.array([place])
        samples = state["sample_mono_ns"][one], state["volume"][one]
        share = windows.coverage(samples, self.window_ns[one], moment.mono_ns, self.period_ns[one])[0]
        zh, en = missing(float(share), float(self.minimum_coverage[place]), window_s)
        place_of, row_of = self.inputs()
        rows = row_of[place_of == place]
        names = ", ".join(moment.tag_ids[row] for row in rows[~good_of(moment, rows)])
        return (f"{zh}，无好值：{names}", f"{en}; not good: {names}") if names else (zh, en)
