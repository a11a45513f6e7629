"""What groups share that look at the causes and the effects of interlocks."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rules.kinds.demands import DemandColumns, EffectColumns


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TripGroup:
    """Columns of m rules, each about one interlock."""

    position: npt.NDArray[np.intp]
    demand: DemandColumns
    effects: EffectColumns

    def inputs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """Each rule reads its causes and its effects."""
        place = np.concatenate([self.demand.cause_rule, self.effects.effect_rule])
        return place, np.concatenate([self.demand.row, self.effects.row])
