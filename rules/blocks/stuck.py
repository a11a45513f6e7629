"""Stuck values through a stretch of time: short windows have a new sample at nearly every sweep, all solved at once."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rules.blocks.conditions import ConditionCourse, condition_course
from rules.blocks.course import Bools, Conditions
from rules.blocks.samples import Kept
from rules.kinds.stuck_group import StuckGroup
from rules.port import NEVER, State, frozen
from rules.stretch import Stretch
from rules.verdicts import Verdict

_FALSE = np.uint8(Verdict.FALSE)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StuckCourse:
    """The course of all stuck rules; columns (t, m) where not said otherwise."""

    condition: Conditions
    conditions: ConditionCourse
    kept: Kept
    beside: npt.NDArray[np.float64]
    """As `Kept.beside`."""
    broken_ns: npt.NDArray[np.int64]
    solved: tuple[npt.NDArray[np.float64], ...]

    def state_at(self, at: int) -> State:
        """As the kind leaves it."""
        rules = np.arange(self.condition.shape[1])
        sweeps = np.full(rules.size, at)
        times, values = self.kept.windows(sweeps, rules)
        movement, expected, share = (of[at].copy() for of in self.solved)
        return frozen(
            **{
                **self.conditions.state_at(at),
                "sample_mono_ns": times,
                "sample": values,
                "beside": self.kept.beside_windows(self.beside, sweeps, rules),
                "broken_mono_ns": self.broken_ns[at].copy(),
                "movement": movement,
                "expected": expected,
                "share": share,
            }
        )


def stuck_course(group: StuckGroup, stretch: Stretch, active: Bools, state: State) -> StuckCourse:
    """As `StuckGroup.judge` goes through it."""
    premises = group.premises
    conditions = condition_course(premises.conditions, stretch, state)
    premise = premises.premise(conditions.verdict)
    mono_ns = stretch.mono_ns[:, np.newaxis]
    broken_ns = np.where(premise == _FALSE, mono_ns, NEVER)
    broken_ns[0] = np.maximum(broken_ns[0], state["broken_mono_ns"])
    broken_ns = np.maximum.accumulate(broken_ns, axis=0)
    drivers, usable = _drivers(group, stretch)
    received_ns = stretch.received_mono_ns[:, premises.row]
    take = premises.sampled(premise, active, received_ns, broken_ns) & usable
    kept = Kept.of(
        (state["sample_mono_ns"], state["sample"]),
        stretch.value[:, premises.row],
        take,
        received_ns,
        premises.window_ns,
        (premise == _FALSE) & ~active,
    )
    beside = kept.beside(state["beside"], drivers)
    sweep, rule = kept.new
    solved = group.solve(kept.windows(sweep, rule), kept.beside_windows(beside, sweep, rule), rule)
    spread = [kept.spread(state[name], of) for name, of in zip(("movement", "expected", "share"), solved, strict=True)]
    heard, broken = premises.standing(kept.last_ns(), broken_ns, mono_ns)
    return StuckCourse(
        condition=group.told(active, premise, heard, broken, (spread[0], spread[1], spread[2])),
        conditions=conditions,
        kept=kept,
        beside=beside,
        broken_ns=broken_ns,
        solved=tuple(spread),
    )


def _drivers(group: StuckGroup, stretch: Stretch) -> tuple[npt.NDArray[np.float64], Bools]:
    """Net inflow, or the value of the neighbour (t, m); and where everything that is sampled is good."""
    usable = stretch.good(group.premises.row)
    net, good = np.zeros(usable.shape), stretch.good(group.driver_row)
    flow = np.where(good, stretch.value[:, group.driver_row], 0.0) * group.driver_factor
    np.add.at(net.T, group.driver_rule, flow.T)
    np.logical_and.at(usable.T, group.driver_rule, good.T)
    return net, usable
