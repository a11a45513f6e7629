"""Early signs: a slow shift (CUSUM), a change of variance, a load cut, a stop."""

from collections.abc import Mapping
from typing import Any, Final

from rules.kinds.cusum import Cusum, CusumKind
from rules.kinds.load_cuts import LoadCut, LoadCutKind
from rules.kinds.stops import Stop, StopKind
from rules.kinds.variance import Variance, VarianceKind
from rules.port import Kind, Rule

KINDS: Final[Mapping[type[Rule], Kind[Any]]] = {
    Cusum: CusumKind(),
    Variance: VarianceKind(),
    LoadCut: LoadCutKind(),
    Stop: StopKind(),
}
