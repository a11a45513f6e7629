"""Standing alarms folded for a flooded list: by tank, by unit, by cause, each with what came first.  Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.lifecycle import IS_ACTIVE, NEEDS_ACKNOWLEDGE
from monitor.alarms.sequence import in_order, interval
from monitor.alarms.transition import Alarm

FoldBy = Literal["equipment", "process_unit", "cause"]
PINNED_CLASSES: Final = frozenset({"life_safety", "interlock"})
"""Built-in classes that are never folded; a plant may name more."""
OF_A_DEVICE: Final = frozenset({"link", "blind", "no_update", "bad"})
"""Kinds whose cause is the device and not the tank that it watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """Alarms that belong together, in the order in which they came."""

    by: FoldBy
    key: str
    """Id of the equipment or process unit; of a cause: the device, else the cause in words, else the class."""
    name_zh: str
    name_en: str
    """Of a cause; empty for equipment and units, whose names stand in the plant."""
    priority: int
    count: int
    unacknowledged: int
    since_wall_ns: int
    first_out: tuple[str, ...]
    """Several: which of them was the first is undecided."""
    undecided_within_ns: int
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """What stands, pinned above the fold and folded."""

    pinned: tuple[str, ...]
    """Most urgent first."""
    folds: tuple[Fold, ...]
    """Most urgent first."""


def fold(
    standing: Iterable[tuple[AlarmDefinition, Alarm]],
    resolution_ns: Mapping[str, int],
    longest_resolution_ns: int,
    pinned_classes: frozenset[str] = PINNED_CLASSES,
) -> Folded:
    """Fold what is active and not suppressed; `resolution_ns` is that of the tags, the other for what has no tag."""
    pinned: list[Alarm] = []
    groups: dict[tuple[FoldBy, str], list[tuple[AlarmDefinition, Alarm]]] = {}
    for definition, alarm in standing:
        if alarm.state not in IS_ACTIVE or alarm.suppressions:
            continue
        if definition.alarm_class in pinned_classes:
            pinned.append(alarm)
        else:
            groups.setdefault(belongs_to(definition), []).append((definition, alarm))
    folds = [_folded(by, key, members, resolution_ns, longest_resolution_ns) for (by, key), members in groups.items()]
    return Folded(
        pinned=tuple(alarm.id for alarm in sorted(pinned, key=_urgency)),
        folds=tuple(sorted(folds, key=lambda item: (item.priority, -item.count, item.since_wall_ns, item.key))),
    )


def belongs_to(definition: AlarmDefinition) -> tuple[FoldBy, str]:
    """Where an alarm is folded: at its tank, else at its unit; what a device causes at the device; else at the cause."""
    if definition.kind in OF_A_DEVICE and definition.device:
        return "cause", definition.device
    if definition.equipment:
        return "equipment", definition.equipment
    if definition.process_unit:
        return "process_unit", definition.process_unit
    return "cause", definition.cause_zh or definition.alarm_class


def _folded(
    by: FoldBy,
    key: str,
    members: Sequence[tuple[AlarmDefinition, Alarm]],
    resolution_ns: Mapping[str, int],
    longest_resolution_ns: int,
) -> Fold:
    # what an active alarm shows is its newest reading, so of the turn itself only the decision's time is known here
    order = in_order(
        [
            interval(
                source_ns=None,
                received_ns=None,
                decided_ns=alarm.raised_wall_ns or 0,
                delay_ns=definition.on_delay_ns,
                resolution_ns=resolution_ns.get(definition.tag or "", longest_resolution_ns),
            )
            for definition, alarm in members
        ]
    )
    sorted_members = [members[place] for place in order.place.tolist()]
    first = tuple(alarm.id for (_, alarm), out in zip(sorted_members, order.first_out.tolist(), strict=True) if out)
    definition = sorted_members[0][0]
    said = (definition.cause_zh, definition.cause_en) if key == definition.cause_zh else ("", "")
    return Fold(
        by=by,
        key=key,
        name_zh=said[0],
        name_en=said[1] or said[0],
        priority=min(alarm.priority for _, alarm in members),
        count=len(members),
        unacknowledged=sum(alarm.state in NEEDS_ACKNOWLEDGE for _, alarm in members),
        since_wall_ns=min(alarm.raised_wall_ns or 0 for _, alarm in members),
        first_out=first,
        undecided_within_ns=int(order.undecided_within_ns[0]) if len(first) > 1 else 0,
        ids=tuple(alarm.id for _, alarm in sorted_members),
    )


def _urgency(alarm: Alarm) -> tuple[int, bool, int]:
    return alarm.priority, alarm.state not in NEEDS_ACKNOWLEDGE, -(alarm.raised_wall_ns or 0)
