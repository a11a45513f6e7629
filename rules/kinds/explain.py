"""Words that the explanations of all kinds share."""

from typing import Final

import numpy as np
import numpy.typing as npt

from rules.columns.quality import Quality
from rules.port import Explanation, Figure, Moment
from rules.verdicts import Verdict

QUALITY_WORDS: Final[dict[int, tuple[str, str]]] = {
    Quality.GOOD: ("好", "good"),
    Quality.UNCERTAIN: ("可疑", "uncertain"),
    Quality.BAD: ("坏", "bad"),
    Quality.STALE: ("过期", "stale"),
    Quality.NEVER_SEEN: ("从未读到", "never seen"),
}
_VERDICT_WORDS: Final[dict[int, tuple[str, str]]] = {
    Verdict.TRUE: ("成立", "TRUE"),
    Verdict.FALSE: ("不成立", "FALSE"),
    Verdict.UNKNOWN: ("无法判断", "UNKNOWN"),
}


def reading(moment: Moment, row: int) -> tuple[str, str]:
    """One tag with its value and its quality, (zh, en)."""
    name, value, quality = moment.tag_ids[row], float(moment.value[row]), int(moment.quality[row])
    zh, en = QUALITY_WORDS[quality]
    if quality == Quality.GOOD:
        return f"{name} = {value:g}", f"{name} = {value:g}"
    shown = "" if value != value else f" = {value:g}"
    return f"{name}{shown}（质量{zh}）", f"{name}{shown} ({en} quality)"


def explained(
    condition: int, words: tuple[str, str], figures: tuple[Figure, ...] = (), inputs: tuple[str, ...] = ()
) -> Explanation:
    """An explanation that begins with the verdict."""
    zh, en = _VERDICT_WORDS[condition]
    return Explanation(
        condition=condition, zh=f"{zh}：{words[0]}", en=f"{en}: {words[1]}", figures=figures, inputs=inputs
    )


def inputs_of(
    inputs: tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]], place: int, moment: Moment
) -> tuple[str, ...]:
    """Tags that one rule of a group reads, each once; `inputs` as `Group.inputs` gives them."""
    places, rows = inputs
    return tuple(dict.fromkeys(moment.tag_ids[row] for row in rows[places == place].tolist()))
