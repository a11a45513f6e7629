"""What the readings say of a condition at this moment: whole columns in, three-valued columns out (uint8 of Verdict)."""

from typing import Final

import numpy as np
import numpy.typing as npt

from rules.columns.quality import Quality, is_usable
from rules.verdicts import Verdict

Condition = npt.NDArray[np.uint8]

_TRUE: Final = np.uint8(Verdict.TRUE)
_FALSE: Final = np.uint8(Verdict.FALSE)
_UNKNOWN: Final = np.uint8(Verdict.UNKNOWN)
_GOOD: Final = np.uint8(Quality.GOOD)

_RANK_OF: Final = np.array([0, 2, 1], np.intp)
"""Verdict -> how much it counts in a Kleene or: FALSE, UNKNOWN, TRUE."""
_VERDICT_OF_RANK: Final = np.array([_FALSE, _UNKNOWN, _TRUE], np.uint8)


def decide(beyond: npt.NDArray[np.bool_], within: npt.NDArray[np.bool_], quality: npt.NDArray[np.uint8]) -> Condition:
    """TRUE where beyond and usable, FALSE where within and GOOD, else UNKNOWN: uncertain never makes FALSE.

    A NaN is neither beyond nor within, and so UNKNOWN even if its quality were wrong.
    """
    condition = np.full(quality.shape, _UNKNOWN, np.uint8)
    condition[within & (quality == _GOOD)] = _FALSE
    condition[beyond & is_usable(quality)] = _TRUE
    return condition


def finite_quality(value: npt.NDArray[np.float64], quality: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The quality, BAD where the value is NaN or infinite."""
    return np.where(np.isfinite(value), quality, np.maximum(quality, np.uint8(Quality.BAD)))


def beyond_limit(
    mirrored: npt.NDArray[np.float64],
    quality: npt.NDArray[np.uint8],
    threshold: npt.NDArray[np.float64],
    return_threshold: npt.NDArray[np.float64],
    active: npt.NDArray[np.bool_],
) -> Condition:
    """Value at or beyond its set-point; the dead band acts on return only, so while `active` (decided TRUE).

    `mirrored` is the value times the sign of the limit, see `LimitColumns`.
    """
    at = np.where(active, return_threshold, threshold)
    return decide(mirrored >= at, mirrored < at, quality)


def limit_band(
    mirrored: npt.NDArray[np.float64],
    quality: npt.NDArray[np.uint8],
    sign: npt.NDArray[np.float64],
    at: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Values (low, high) that stand on the same side of `sign * at` as this one; any where none can be judged."""
    beyond = mirrored >= at
    # in mirrored values: beyond is at and above, within is all below; NaN is neither, nothing is in its band
    inner = np.where(beyond, at, -np.inf)
    outer = np.where(beyond, np.inf, np.nextafter(at, -np.inf))
    inner[np.isnan(mirrored)] = np.nan
    unusable = ~is_usable(quality)
    inner[unusable], outer[unusable] = -np.inf, np.inf
    high = sign > 0
    return np.where(high, inner, -outer), np.where(high, outer, -inner)


def number_band(
    value: npt.NDArray[np.float64],
    quality: npt.NDArray[np.uint8],
    low: npt.NDArray[np.float64],
    high: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """A band (low, high) of finite numbers, for rules to which NaN and infinity are bad; any value where unusable.

    Low is NaN, so no band, where the value is none of them: it may be a number next time.
    """
    usable = is_usable(quality)
    greatest = np.finfo(np.float64).max
    lowest = np.where(np.isfinite(value), np.maximum(low, -greatest), np.nan)
    return np.where(usable, lowest, -np.inf), np.where(usable, np.minimum(high, greatest), np.inf)


def in_state(
    value: npt.NDArray[np.float64], quality: npt.NDArray[np.uint8], state: npt.NDArray[np.float64]
) -> Condition:
    """A discrete value stands in `state` (0.0 or 1.0); what is neither 0 nor 1 is UNKNOWN."""
    return decide(value == state, value == 1.0 - state, quality)


def not_updated(
    received_mono_ns: npt.NDArray[np.int64], after_ns: npt.NDArray[np.int64], start_mono_ns: int, mono_ns: int
) -> tuple[Condition, int | None]:
    """Nothing read for longer than `after_ns`, counted from the last read or the start, whichever is later.

    Returns the condition (UNKNOWN while nothing was ever read and there is still time) and the first moment at which
    another row turns TRUE if nothing comes.
    """
    due = np.maximum(received_mono_ns, start_mono_ns) + after_ns + 1
    late = mono_ns >= due
    condition = np.where(received_mono_ns > 0, _FALSE, _UNKNOWN)
    condition[late] = _TRUE
    waiting = due[~late]
    return condition, int(waiting.min()) if waiting.size else None


def bad_quality(quality: npt.NDArray[np.uint8]) -> Condition:
    """The device answers BAD; UNCERTAIN, STALE and NEVER_SEEN leave it open."""
    condition = np.full(quality.shape, _UNKNOWN, np.uint8)
    condition[quality == _GOOD] = _FALSE
    condition[quality == np.uint8(Quality.BAD)] = _TRUE
    return condition


def any_of(bits: Condition, first_bit: npt.NDArray[np.intp]) -> tuple[Condition, npt.NDArray[np.intp]]:
    """Kleene or over consecutive bits (last axis): any TRUE wins, else any UNKNOWN, else FALSE; and which bit decided it."""
    count = bits.shape[-1]
    rank = _RANK_OF[bits]
    # one maximum finds both: the strongest verdict, and of those the first bit
    strongest = np.maximum.reduceat(rank * count + (count - 1 - np.arange(count)), first_bit, axis=-1)
    return _VERDICT_OF_RANK[strongest // count], count - 1 - strongest % count


def m_of_n(bits: Condition, first_bit: npt.NDArray[np.intp], needed: npt.NDArray[np.intp]) -> Condition:
    """Kleene m-out-of-n over consecutive bits (last axis): TRUE when enough are TRUE, FALSE when enough can no longer be."""
    true = np.add.reduceat(bits == _TRUE, first_bit, axis=-1, dtype=np.intp)
    possible = np.add.reduceat(bits != _FALSE, first_bit, axis=-1, dtype=np.intp)
    condition = np.where(possible < needed, _FALSE, _UNKNOWN)
    condition[true >= needed] = _TRUE
    return condition
