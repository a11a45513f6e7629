"""How the alarms of one operator position performed in a period: distributions against targets.  Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from monitor.alarms.annunciations import StepColumns
from monitor.alarms.chatter import Standing, chattering, fleeting, stale
from monitor.alarms.flood import busiest, spans
from monitor.alarms.performance import UNITS, NuisanceLimits, Performance, Target

TEN_MINUTES_NS: Final = 600_000_000_000
HOUR_NS: Final = 3_600_000_000_000
DAY_NS: Final = 24 * HOUR_NS
ENOUGH_NS: Final = 30 * DAY_NS
"""The standard asks for 30 days at least as data basis."""
TOP: Final = 10
Verdict = Literal["acceptable", "manageable", "beyond", "no_data"]
Numbers = npt.NDArray[np.int64] | npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """A set of numbers; None where there are none.  p90 is the smallest number that 90 % do not exceed."""

    count: int
    mean: float | None = None
    p50: float | None = None
    p90: float | None = None
    p99: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One figure against its target."""

    figure: str
    value: float | None
    unit: str
    target: Target
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One position and period; only new annunciations are counted."""

    from_ns: int
    to_ns: int
    enough: bool
    annunciations: int
    per_10_min: Distribution
    per_hour: Distribution
    hourly: tuple[int, ...]
    peak_10_min: int
    peak_ns: int | None
    floods: int
    flood_ns: int
    top: tuple[tuple[str, int], ...]
    priorities: Mapping[int, int]
    chattering: int
    fleeting: int
    stale: int
    acknowledge_s: Distribution
    unacknowledged: int
    shelved: int
    suppressed: int
    out_of_service: int
    judged: tuple[Judged, ...]


def distribution(numbers: Numbers) -> Distribution:
    """Describe a set of numbers by more than its average."""
    if not len(numbers):
        return Distribution(count=0)
    p50, p90, p99 = np.percentile(numbers, (50, 90, 99), method="inverted_cdf").tolist()
    return Distribution(
        count=len(numbers),
        mean=float(numbers.mean()),
        p50=float(p50),
        p90=float(p90),
        p99=float(p99),
        maximum=float(numbers.max()),
    )


def figures(
    steps: StepColumns, standing: tuple[Standing, ...], from_ns: int, to_ns: int, performance: Performance
) -> Figures:
    """Count the steps of one position in [from_ns, to_ns).

    `steps` may hold older ones: the first step of an occurrence that goes on in the period, so that its life is known.
    """
    inside = (steps.wall_ns >= from_ns) & (steps.wall_ns < to_ns)
    new = steps.only(steps.is_new() & inside)
    at = np.sort(new.wall_ns)
    found = spans(at, to_ns, performance.flood)
    peak, peak_ns = busiest(at, TEN_MINUTES_NS)
    waits = acknowledge_waits_s(steps, inside)
    hourly = counts(at, from_ns, to_ns, HOUR_NS)
    limits = performance.nuisance
    nuisance = _nuisance(steps, inside, standing, limits, (from_ns, to_ns))
    names = np.bincount(new.name, minlength=len(new.ids))
    ranked = sorted(np.flatnonzero(names).tolist(), key=lambda name: (-int(names[name]), new.ids[name]))
    plain = Figures(
        from_ns=from_ns,
        to_ns=to_ns,
        enough=to_ns - from_ns >= ENOUGH_NS,
        annunciations=len(new),
        per_10_min=distribution(whole(at, from_ns, to_ns, TEN_MINUTES_NS)),
        per_hour=distribution(whole(at, from_ns, to_ns, HOUR_NS)),
        hourly=tuple(hourly.tolist()),
        peak_10_min=peak,
        peak_ns=peak_ns,
        floods=len(found.begin_ns),
        flood_ns=int((found.end_ns - found.begin_ns).sum()),
        top=tuple((new.ids[name], int(names[name])) for name in ranked[:TOP]),
        priorities={priority: int(np.count_nonzero(new.priority == priority)) for priority in range(1, 5)},
        chattering=nuisance[0],
        fleeting=nuisance[1],
        stale=nuisance[2],
        acknowledge_s=distribution(waits),
        unacknowledged=len(new) - len(waits),
        shelved=_times(steps, inside, "shelved"),
        suppressed=_times(steps, inside, "suppressed"),
        out_of_service=_times(steps, inside, "removed_from_service"),
        judged=(),
    )
    values = _values(plain, whole(at, from_ns, to_ns, TEN_MINUTES_NS), whole(at, from_ns, to_ns, HOUR_NS))
    return _with_judgement(plain, values, performance.targets)


def counts(at: npt.NDArray[np.int64], from_ns: int, to_ns: int, length_ns: int) -> npt.NDArray[np.int64]:
    """How many fall into each interval of the period, the last one perhaps cut short."""
    intervals = -(-(to_ns - from_ns) // length_ns)
    return np.bincount((at - from_ns) // length_ns, minlength=intervals).astype(np.int64)


def whole(at: npt.NDArray[np.int64], from_ns: int, to_ns: int, length_ns: int) -> npt.NDArray[np.int64]:
    """The same without a last interval that is cut short."""
    return counts(at, from_ns, to_ns, length_ns)[: (to_ns - from_ns) // length_ns]


def acknowledge_waits_s(steps: StepColumns, inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Seconds from each annunciation to the first acknowledgement of its occurrence after it, where there is one."""
    chosen = steps.only(inside)
    order = np.lexsort((chosen.seq, chosen.occurrence, chosen.name))
    if not len(order):
        return np.zeros(0)
    at, name, occurrence = chosen.wall_ns[order], chosen.name[order], chosen.occurrence[order]
    places = np.where(chosen.is_any(("acknowledged",))[order], np.arange(len(order)), len(order))
    following = np.minimum.accumulate(places[::-1])[::-1]
    answer = np.minimum(following, len(order) - 1)
    answered = (following < len(order)) & (name[answer] == name) & (occurrence[answer] == occurrence)
    chosen_new = chosen.is_new()[order] & answered
    # the wall clock may have been set back in between
    waits: npt.NDArray[np.float64] = np.maximum((at[answer] - at)[chosen_new], 0).astype(np.float64) / 1e9
    return waits


def _times(steps: StepColumns, inside: npt.NDArray[np.bool_], trigger: str) -> int:
    return int(np.count_nonzero(steps.is_any((trigger,)) & inside))


def _nuisance(
    steps: StepColumns,
    inside: npt.NDArray[np.bool_],
    standing: tuple[Standing, ...],
    limits: NuisanceLimits,
    period_ns: tuple[int, int],
) -> tuple[int, int, int]:
    within = steps.only(inside)
    return (
        len(chattering(within, limits)),
        len(fleeting(within, limits)),
        len(stale(steps, standing, limits, *period_ns)),
    )


def _values(
    plain: Figures, per_10_min: npt.NDArray[np.int64], per_hour: npt.NDArray[np.int64]
) -> dict[str, float | None]:
    """Every figure that has a target, in the target's unit; None where the period is too short for it."""
    length_ns = plain.to_ns - plain.from_ns
    total = plain.annunciations
    return {
        "per_day": total / (length_ns / DAY_NS) if length_ns >= DAY_NS else None,
        "per_hour": plain.per_hour.mean,
        "per_10_min": plain.per_10_min.mean,
        "peak_10_min": float(plain.peak_10_min),
        "intervals_over_10_percent": _percent(int((per_10_min > 10).sum()), len(per_10_min)),
        "hours_over_30_percent": _percent(int((per_hour > 30).sum()), len(per_hour)),
        "flood_percent": _percent(plain.flood_ns, length_ns),
        "top_10_percent": _percent(sum(count for _, count in plain.top), total),
        "chattering": float(plain.chattering),
        "fleeting": float(plain.fleeting),
        "stale": float(plain.stale),
        "priority_1_percent": _percent(plain.priorities[1], total),
        "acknowledge_p90_s": plain.acknowledge_s.p90,
    }


def _percent(part: int, of: int) -> float | None:
    return 100.0 * part / of if of else None


def _with_judgement(plain: Figures, values: Mapping[str, float | None], targets: Mapping[str, Target]) -> Figures:
    judged = tuple(
        Judged(figure=name, value=values[name], unit=UNITS[name], target=target, verdict=verdict(values[name], target))
        for name, target in targets.items()
    )
    fields = {name: getattr(plain, name) for name in Figures.__slots__}
    return Figures(**(fields | {"judged": judged}))


def verdict(value: float | None, target: Target) -> Verdict:
    """Where a figure lies."""
    if value is None:
        return "no_data"
    if value <= target.acceptable:
        return "acceptable"
    return "manageable" if value <= target.manageable else "beyond"
