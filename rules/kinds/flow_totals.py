"""Running totals of flows: each flow integrated over its own readings by the trapezoid rule, whatever their period."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from rules.columns.tags import TagTable
from rules.geometry import M3_PER_S
from rules.kinds.expansion import NOWHERE, Warmth
from rules.kinds.premises import good_of, tag_of
from rules.port import NEVER, Moment, State, column

WIDTH: Final = 32
"""Flows of one rule at most: rows of a state must be of one width, so that they can move between rule sets."""
_NS: Final = 1_000_000_000
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FlowTotals:
    """The flows of m rules, one after the other: rule and place in its row of the state for each."""

    rule: npt.NDArray[np.intp]
    place: npt.NDArray[np.intp]
    row: npt.NDArray[np.int32]
    factor: Floats
    """m3/s of one unit."""
    outwards: Bools
    warmth: Warmth
    """Of each flow."""
    gap_ns: npt.NDArray[np.int64]
    """Of each rule: how long a flow may go unread and still be integrated across."""

    @classmethod
    def of(
        cls,
        flows: Sequence[tuple[Sequence[str], Sequence[str]]],
        gap_ns: npt.NDArray[np.int64],
        table: TagTable,
        warm: Sequence[tuple[Sequence[str], float]],
    ) -> Self:
        """Columns of (inflows, outflows) of each rule; `warm`: (temperatures of its flows or none at all, expansion)."""
        each = [
            (rule, place, name, place >= len(inwards))
            for rule, (inwards, outwards) in enumerate(flows)
            for place, name in enumerate((*inwards, *outwards))
        ]
        return cls(
            rule=column([rule for rule, _, _, _ in each], np.intp),
            place=column([place for _, place, _, _ in each], np.intp),
            row=column([table.row_of[name] for _, _, name, _ in each], np.int32),
            factor=column([M3_PER_S.get(tag_of(table, name).eu, 1.0) for _, _, name, _ in each], np.float64),
            outwards=column([out for _, _, _, out in each], np.bool_),
            warmth=Warmth.of(
                [warm[rule][0][place] if warm[rule][0] else NOWHERE for rule, place, _, _ in each],
                [warm[rule][1] for rule, _, _, _ in each],
                table,
            ),
            gap_ns=column(gap_ns, np.int64),
        )

    def fresh(self, rules: int) -> dict[str, npt.NDArray[Any]]:
        """Nothing was read: total (m3), last flow (m3/s) and when it was read."""
        return {
            "total": np.zeros((rules, WIDTH)),
            "flow": np.zeros((rules, WIDTH)),
            "flow_mono_ns": np.full((rules, WIDTH), NEVER, np.int64),
        }

    def integrate(self, moment: Moment, state: State) -> tuple[Mapping[str, npt.NDArray[Any]], Bools]:
        """The totals with every good reading that is new, and the rules (m) whose totals have a gap there."""
        broken = np.zeros(self.gap_ns.size, np.bool_)
        at_ns = state["flow_mono_ns"][self.rule, self.place]
        received_ns = moment.received_mono_ns[self.row]
        new = np.flatnonzero(self.good(moment) & (received_ns > at_ns))
        if not new.size:
            return {name: state[name] for name in ("total", "flow", "flow_mono_ns")}, broken
        rule, place = self.rule[new], self.place[new]
        flow = self.warmth.at_reference(moment, moment.value[self.row] * self.factor)[new]
        passed_ns = np.where(at_ns[new] == NEVER, 0, received_ns[new] - at_ns[new])
        gap = passed_ns > self.gap_ns[rule]
        broken[rule[gap]] = True
        total, last, times = (state[name].copy() for name in ("total", "flow", "flow_mono_ns"))
        total[rule, place] += np.where(gap, 0.0, (last[rule, place] + flow) / 2 * (passed_ns / _NS))
        last[rule, place], times[rule, place] = flow, received_ns[new]
        return {"total": total, "flow": last, "flow_mono_ns": times}, broken

    def good(self, moment: Moment) -> Bools:
        """Which flows can be counted now: GOOD, and so is their temperature where they have one."""
        return good_of(moment, self.row) & self.warmth.good(moment)

    def at(
        self, moment: Moment, flows: Mapping[str, npt.NDArray[Any]], read_ns: npt.NDArray[np.int64]
    ) -> tuple[Floats, Floats, Bools, npt.NDArray[np.int64]]:
        """(came, went, usable, moment): totals of each rule at the last moment up to which all its inputs were read.

        `read_ns`: that moment for the other inputs.  Usable where every flow is good now.
        """
        good = self.good(moment)
        bad = np.bincount(self.rule[~good], minlength=read_ns.size) > 0
        read_ns = read_ns.copy()
        np.minimum.at(read_ns, self.rule, moment.received_mono_ns[self.row])
        total, flow, times = (flows[name][self.rule, self.place] for name in ("total", "flow", "flow_mono_ns"))
        # a flow that was read later than that moment: its total is taken back by its last flow
        later_s = np.where(good, times - read_ns[self.rule], 0) / _NS
        then = np.where(good, total - flow * later_s, 0.0)
        came = np.bincount(self.rule, np.where(self.outwards, 0.0, then), read_ns.size).astype(np.float64)
        went = np.bincount(self.rule, np.where(self.outwards, then, 0.0), read_ns.size).astype(np.float64)
        return came, went, ~bad, read_ns
