"""Which points cannot be judged, and one blind verdict per hazard source and device.  Blind is not healthy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from monitor.alarms.definition import AlarmDefinition
from rules.catalog import RuleSet
from rules.columns.latest import stale_after_ns
from rules.columns.quality import Quality, is_usable
from rules.columns.snapshot import Snapshot
from rules.columns.tags import TagTable
from rules.verdicts import Verdict

SETTLED_NS: Final = 60_000_000_000
"""A point that was readable for this long counts as a further one when it turns blind again; before, as the same."""
_IMPORTANT_PRIORITY: Final = 2
_NO_GROUP: Final = -1
_NEVER_SEEN: Final = np.uint8(Quality.NEVER_SEEN)
_STALE: Final = np.uint8(Quality.STALE)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BlindWatch:
    """What is watched: the rows of each blind alarm (a hazard source and a device), as columns over the tags."""

    ids: tuple[str, ...]
    """Of the blind alarm definitions, in their order; the groups below count in it."""
    tag_ids: tuple[str, ...]
    group: npt.NDArray[np.intp]
    """Blind alarm of each tag, -1 where it has none."""
    important: npt.NDArray[np.bool_]
    """Tags that a priority 1 or 2 alarm reads."""
    device_row: npt.NDArray[np.int32]
    silent_after_ns: npt.NDArray[np.int64]
    """For each device: half of what makes its quickest point stale; with a stale point and nothing for this long, it is silent.

    Half, because a slower scan class may have answered a little later than the quickest did.
    """
    start_grace_ns: int

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BlindMemory:
    """What is remembered between two scans; columns are read-only."""

    start_mono_ns: int
    active: npt.NDArray[np.bool_]
    """Groups whose last decided verdict is TRUE."""
    announced: npt.NDArray[np.bool_]
    """Tags that the standing occurrence of their group already tells of."""
    readable_since_ns: npt.NDArray[np.int64]
    """Since when an announced tag is readable again; 0 while it is not."""
    told_mono_ns: npt.NDArray[np.int64]
    """When the standing occurrence of each group was last told: raised or renewed."""

    def __post_init__(self) -> None:
        for column in (self.active, self.announced, self.readable_since_ns, self.told_mono_ns):
            column.flags.writeable = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BlindVerdicts:
    """One condition per blind alarm, in the order of `ids`, and the rows that are blind by their quality."""

    ids: tuple[str, ...]
    condition: npt.NDArray[np.uint8]
    count: npt.NDArray[np.float64]
    """Blind points of each group: the value of its alarm."""
    renew: npt.NDArray[np.bool_]
    detail: tuple[tuple[int, tuple[str, ...]], ...]
    """(group, tag ids) where at least one is blind."""
    rows: tuple[int, ...]
    """All tags that cannot be judged now, whether an alarm watches them or not; for `View.blind`."""


def watch(
    table: TagTable,
    definitions: Sequence[AlarmDefinition],
    rule_set: RuleSet,
    start_grace_ns: int,
    stale_after: npt.NDArray[np.int64] | None = None,
) -> BlindWatch:
    """Set up from the plant; `rule_set` belongs to the first definitions, `stale_after` is that of `Latest`."""
    blind = [definition for definition in definitions if definition.kind == "blind"]
    group_of = {(definition.hazard_source, definition.device): at for at, definition in enumerate(blind)}
    group = [group_of.get((tag.hazard_source, tag.device), _NO_GROUP) for tag in table.tags]
    priority = {definition.id: definition.priority for definition in definitions}
    # the inputs of the rules, so that the bypass bits of a priority 1 bypass alarm count too
    of_rule = np.array([priority.get(rule_id, 4) <= _IMPORTANT_PRIORITY for rule_id in rule_set.ids], np.bool_)
    important = np.zeros(len(table), np.bool_)
    important[rule_set.input_row[of_rule[rule_set.input_rule]]] = True
    silent_after_ns = np.full(len(table.devices), np.iinfo(np.int64).max)
    np.minimum.at(silent_after_ns, table.device_row, stale_after_ns(table) if stale_after is None else stale_after)
    return BlindWatch(
        ids=tuple(definition.id for definition in blind),
        tag_ids=table.ids,
        group=np.array(group, np.intp),
        important=important,
        device_row=table.device_row,
        silent_after_ns=silent_after_ns // 2,
        start_grace_ns=start_grace_ns,
    )


def remember(watched: BlindWatch, standing: Mapping[str, Sequence[str]], mono_ns: int) -> BlindMemory:
    """Memory at the start; `standing`: blind alarm id -> tag ids it told of, for those TRUE before a restart."""
    row_of = {tag_id: row for row, tag_id in enumerate(watched.tag_ids)}
    announced = np.zeros(len(watched.tag_ids), np.bool_)
    for alarm_id in watched.ids:
        announced[[row_of[tag_id] for tag_id in standing.get(alarm_id, ()) if tag_id in row_of]] = True
    return BlindMemory(
        start_mono_ns=mono_ns,
        active=np.array([alarm_id in standing for alarm_id in watched.ids], np.bool_),
        announced=announced,
        readable_since_ns=np.zeros(len(watched.tag_ids), np.int64),
        told_mono_ns=np.full(len(watched), mono_ns, np.int64),
    )


def judge(watched: BlindWatch, snapshot: Snapshot, memory: BlindMemory) -> tuple[BlindVerdicts, BlindMemory]:
    """Judge every blind alarm at the snapshot's moment.

    TRUE when any point of the group is blind, UNKNOWN while points are only starting (never seen, within the grace),
    FALSE when all can be read.  `renew`: TRUE before, and a further point that a priority 1 or 2 alarm reads is blind
    though its device answered since the alarm was told; what nothing came of since is the silence that was told.
    """
    unusable = ~is_usable(snapshot.quality)
    starting = np.zeros_like(unusable)
    if snapshot.mono_ns - memory.start_mono_ns < watched.start_grace_ns:
        starting = snapshot.quality == _NEVER_SEEN
    by_quality = unusable & ~starting
    heard = _heard(watched, snapshot)
    told = by_quality | _silent(watched, snapshot, by_quality, heard)
    grouped = watched.group != _NO_GROUP
    blind = told & grouped
    groups = len(watched)
    count = np.bincount(watched.group[blind], minlength=groups)
    waiting = np.bincount(watched.group[starting & grouped], minlength=groups)
    condition = np.where(waiting > 0, np.uint8(Verdict.UNKNOWN), np.uint8(Verdict.FALSE))
    condition[count > 0] = Verdict.TRUE
    answered = np.append(memory.told_mono_ns, 0)[watched.group] < heard[watched.device_row]
    answered |= by_quality & (
        snapshot.quality != _STALE
    )  # a bad answer is one; never seen is news when the grace is over
    further = blind & watched.important & ~memory.announced & answered
    renew = (np.bincount(watched.group[further], minlength=groups) > 0) & memory.active
    verdicts = BlindVerdicts(
        ids=watched.ids,
        condition=condition,
        count=count.astype(np.float64),
        renew=renew,
        detail=_names(watched, blind, count),
        rows=tuple(np.flatnonzero(by_quality).tolist()),
    )
    return verdicts, _after(watched, snapshot.mono_ns, memory, blind, condition, renew)


def _heard(watched: BlindWatch, snapshot: Snapshot) -> npt.NDArray[np.int64]:
    """When the last answer came from each device; 0: never."""
    last = np.zeros(watched.silent_after_ns.shape[0], np.int64)
    np.maximum.at(last, watched.device_row, snapshot.received_mono_ns)
    return last


def _silent(
    watched: BlindWatch, snapshot: Snapshot, by_quality: npt.NDArray[np.bool_], heard: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """All points of devices that have a stale point and from which nothing comes any more.

    A dead device is told once with all its points, not again whenever its next slower scan class turns stale.
    """
    stale = np.zeros(heard.shape[0], np.bool_)
    stale[watched.device_row[by_quality & (snapshot.quality == _STALE)]] = True
    silent = stale & (heard > 0) & (snapshot.mono_ns - heard > watched.silent_after_ns)
    return silent[watched.device_row]


def _after(
    watched: BlindWatch,
    mono_ns: int,
    memory: BlindMemory,
    blind: npt.NDArray[np.bool_],
    condition: npt.NDArray[np.uint8],
    renew: npt.NDArray[np.bool_],
) -> BlindMemory:
    if not blind.any() and not memory.announced.any() and not memory.active.any():
        return memory
    active = (condition == Verdict.TRUE) | (memory.active & (condition == Verdict.UNKNOWN))
    readable = memory.announced & ~blind
    since = np.where(readable, np.where(memory.readable_since_ns > 0, memory.readable_since_ns, mono_ns), 0)
    settled = readable & (mono_ns - since >= SETTLED_NS)
    standing = np.append(active, False)[watched.group]  # no group (-1) reads the appended False
    announced = (memory.announced & ~settled | blind) & standing
    return BlindMemory(
        start_mono_ns=memory.start_mono_ns,
        active=active,
        announced=announced,
        readable_since_ns=np.where(announced, since, 0),
        told_mono_ns=np.where((active & ~memory.active) | renew, mono_ns, memory.told_mono_ns),
    )


def _names(
    watched: BlindWatch, blind: npt.NDArray[np.bool_], count: npt.NDArray[np.intp]
) -> tuple[tuple[int, tuple[str, ...]], ...]:
    rows = np.flatnonzero(blind)
    by_group = rows[np.argsort(watched.group[rows], kind="stable")]
    ends = np.cumsum(count)
    return tuple(
        (group, tuple(watched.tag_ids[row] for row in by_group[ends[group] - count[group] : ends[group]].tolist()))
        for group in np.flatnonzero(count).tolist()
    )
