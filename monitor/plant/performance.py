"""`[alarm_performance]` of `plant.toml`: when alarms flood, chatter, flee or stand too long, and what a good figure is."""

from typing import Any, Final

from monitor.alarms.performance import (
    TARGETS,
    UNITS,
    FloodLimits,
    NuisanceLimits,
    Performance,
    Target,
)
from monitor.plant.document import Document
from monitor.plant.record import Record

NS: Final = 1_000_000_000
KEYS: Final[dict[str, tuple[float, float, float]]] = {
    # key -> default, minimum, maximum
    "flood_window_s": (600, 10, 3600),
    "flood_begin_above": (10, 1, 1000),
    "flood_end_below": (5, 1, 1000),
    "chattering_count": (3, 2, 100),
    "chattering_within_s": (60, 1, 3600),
    "fleeting_within_s": (10, 0.1, 600),
    "fleeting_alone_s": (60, 0, 3600),
    "stale_after_h": (24, 0.1, 720),
}


def read_performance(document: Document) -> Performance:
    """Read the table; what is not given is as the standard says.  Mistakes go to the document's report."""
    record = document.record("alarm_performance")
    record.only((*KEYS, "targets"))
    values = {key: _number(record, key, *bounds) for key, bounds in KEYS.items()}
    if values["flood_end_below"] > values["flood_begin_above"]:
        zh = "flood_end_below 不得大于 flood_begin_above，否则泛滥永不结束"
        record.wrong("flood_end_below", zh, "must not be above flood_begin_above: a flood would never last")
    return Performance(
        flood=FloodLimits(
            window_ns=round(values["flood_window_s"] * NS),
            begin_above=int(values["flood_begin_above"]),
            end_below=int(values["flood_end_below"]),
        ),
        nuisance=NuisanceLimits(
            chattering_count=int(values["chattering_count"]),
            chattering_within_ns=round(values["chattering_within_s"] * NS),
            fleeting_within_ns=round(values["fleeting_within_s"] * NS),
            fleeting_alone_ns=round(values["fleeting_alone_s"] * NS),
            stale_after_ns=round(values["stale_after_h"] * 3600 * NS),
        ),
        targets={**TARGETS, **_targets(document)},
    )


def _number(record: Record, key: str, default: float, minimum: float, maximum: float) -> float:
    given: Any
    if key.endswith(("_above", "_below", "_count")):
        given = record.integer(key, default=int(default), minimum=int(minimum), maximum=int(maximum))
    else:
        given = record.number(key, default=default, minimum=minimum, maximum=maximum)
    # a value outside its bounds is reported and refused; what is built from it meanwhile must not matter
    return default if given is None or not minimum <= given <= maximum else float(given)


def _targets(document: Document) -> dict[str, Target]:
    """`[alarm_performance.targets]`: figure = [acceptable, manageable]."""
    record = document.nested("alarm_performance", "targets")
    record.only(tuple(UNITS))
    found = {}
    for name, value in record.values.items():
        numbers = value if isinstance(value, list) else []
        sound = len(numbers) == 2 and all(isinstance(item, int | float) and item >= 0 for item in numbers)
        if not sound or numbers[0] > numbers[1]:
            record.wrong(
                name,
                "应为 [可接受, 可管理] 两个非负数，前者不大于后者",
                "must be [acceptable, manageable], two numbers, the first not above the second",
            )
            continue
        found[name] = Target(
            acceptable=float(numbers[0]), manageable=float(numbers[1]), source="plant.toml", certainty="configured"
        )
    return found
