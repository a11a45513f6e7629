"""Rates of change through a stretch of time: the references of all sweeps at once."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rules.blocks.course import Bools, Conditions, slots
from rules.blocks.samples import Kept
from rules.kinds.rate_group import SLOTS, TIMES, VALUES, RateGroup
from rules.port import NEVER, State, frozen
from rules.stretch import Stretch


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RateCourse:
    """The course of all rates of change."""

    condition: Conditions
    before: State
    kept: Kept
    """Times are shifted by the phase of each rule."""
    slot_ns: npt.NDArray[np.int64]
    phase_ns: npt.NDArray[np.int64]

    def state_at(self, at: int) -> State:
        """As the kind leaves it: of every slot the newest sample stands where its number says."""
        after = {name: array.copy() for name, array in self.before.items()}
        sweep, rule = self.kept.new
        kept = sweep <= at
        rule, place = rule[kept], self.kept.newest[sweep[kept], rule[kept]]
        time_ns = self.kept.time_ns[place]
        number = slots(time_ns, self.slot_ns[rule]) % SLOTS
        for slot, (times, values) in enumerate(zip(TIMES, VALUES, strict=True)):
            here = np.flatnonzero(number == slot)  # in the order of time: the last one stays
            after[times][rule[here]] = time_ns[here] - self.phase_ns[rule[here]]
            after[values][rule[here]] = self.kept.value[place[here]]
        return frozen(**after)


def rate_course(group: RateGroup, stretch: Stretch, active: Bools, state: State) -> RateCourse:
    """As `RateGroup.judge` goes through it."""
    value, quality = stretch.value[:, group.row], stretch.quality[:, group.row]
    received_ns = stretch.received_mono_ns[:, group.row]
    old_ns, old = (np.stack([state[name] for name in names], axis=1) for names in (TIMES, VALUES))
    order = np.argsort(old_ns, axis=1, kind="stable")
    old_ns, old = np.take_along_axis(old_ns, order, axis=1), np.take_along_axis(old, order, axis=1)
    old_ns = np.where(old_ns == NEVER, NEVER, old_ns + group.phase_ns[:, np.newaxis])
    shifted_ns = received_ns + group.phase_ns
    kept = Kept.of((old_ns, old), value, quality == 0, shifted_ns, group.slot_ns * (SLOTS - 1))
    sweep, rule = (of.ravel() for of in np.mgrid[0 : len(stretch), 0 : group.row.size])
    times, values = kept.windows(sweep, rule)
    begins_ns = (slots(shifted_ns, group.slot_ns) - (SLOTS - 1)) * group.slot_ns
    usable = (times >= begins_ns.reshape(-1, 1)) & (times != NEVER)
    first = usable.argmax(axis=1)[:, np.newaxis]
    found = np.take_along_axis(usable, first, axis=1).reshape(value.shape)
    time_ns = np.take_along_axis(times, first, axis=1).reshape(value.shape) - group.phase_ns
    of_reference = np.where(found, np.take_along_axis(values, first, axis=1).reshape(value.shape), np.nan)
    rate = group.rate(value, received_ns, np.where(found, time_ns, NEVER), of_reference)
    return RateCourse(
        condition=group.told(active, value, quality, rate),
        before=state,
        kept=kept,
        slot_ns=group.slot_ns,
        phase_ns=group.phase_ns,
    )
