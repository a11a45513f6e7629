"""What groups share whose rules read one tag each and remember nothing but the verdict."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rules.port import NO_STATE, State


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OneTagGroup:
    """Columns of m rules: the place of each in the rule set, and the row of its tag."""

    position: npt.NDArray[np.intp]
    row: npt.NDArray[np.int32]

    def inputs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """Each rule reads its tag."""
        return np.arange(self.row.size), self.row

    def fresh(self, mono_ns: int) -> State:
        """Nothing is remembered: what was read last is in every moment."""
        return NO_STATE
