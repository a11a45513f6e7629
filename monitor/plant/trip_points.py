"""Trip points that a PLC shows against those that were approved: which alarm watches each, and whether the tag can be it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from monitor.interlocks.register import Cause, Interlock, LiveTripPoint, trip_point_alarm
from monitor.plant.record import ID_LENGTH, Record
from monitor.plant.tags import TagRow
from rules.columns.tags import Tag

SHARE_OF_RANGE: Final = 0.001
"""Tolerance of a cause that names none: what a PLC that counts in 12 bits may round, and less than a gauge shows
(configuration, no standard)."""


class WatchedTripPoint(NamedTuple):
    """One trip point that is compared."""

    interlock: Interlock
    alarm: str
    tag: str
    """Where the PLC shows it."""
    approved: float
    tolerance: float
    eu: str
    cause: str = ""
    """The cause it belongs to; empty: the interlock as a whole."""


def watched_trip_points(interlocks: Sequence[Interlock]) -> Iterator[WatchedTripPoint]:
    """Of each interlock the one of the whole, then those of its causes, in register order."""
    for item in interlocks:
        if item.trip_point_tag is not None and item.trip_point is not None:
            yield WatchedTripPoint(
                item,
                trip_point_alarm(item.id),
                item.trip_point_tag,
                item.trip_point,
                item.trip_point_tolerance,
                item.trip_eu,
            )
        for cause in item.inputs:
            if cause.live is not None:
                name, live = trip_point_alarm(item.id, cause.tag), cause.live
                yield WatchedTripPoint(item, name, live.tag, cause.trip_point, live.tolerance, live.eu, cause.tag)


def read_live_trip_point(
    record: Record, cause: Cause, interlock: str, tags: Mapping[str, TagRow]
) -> LiveTripPoint | None:
    """`trip_point_tag` and `trip_point_tolerance` of one cause; None where it has none, or it cannot be watched."""
    tag = record.reference("trip_point_tag", tags, ("位号", "tag"), required=False)
    tolerance = record.number("trip_point_tolerance", minimum=0)
    if tolerance is not None and not record.is_given("trip_point_tag"):
        record.wrong(
            "trip_point_tolerance", "没有 trip_point_tag，允差无用", "there is no trip_point_tag that it is for"
        )
    if tag not in tags:
        return None
    if cause.sense == "state":
        zh = f"{cause.tag} 是开关量，没有联锁值；联锁的 trip_point_tag 写在联锁上"
        en = f"{cause.tag} is discrete and has no trip point; that of a switch belongs to the interlock: trip_point_tag there"
        record.wrong("trip_point_tag", zh, en)
        return None
    name = trip_point_alarm(interlock, cause.tag)
    if len(name) > ID_LENGTH:
        zh = f"报警编号 {name} 超过 {ID_LENGTH} 个字符：缩短联锁编号或位号"
        en = f"the id of its alarm, {name}, has more than {ID_LENGTH} characters: shorten the interlock's id or the tag's"
        record.wrong("trip_point_tag", zh, en)
        return None
    shown = tags[tag].tag
    eu = tags[cause.tag].tag.eu if cause.tag in tags else ""
    if not check_trip_point_tag(record, shown, cause.trip_point, eu):
        return None
    default = SHARE_OF_RANGE * (tags[cause.tag].tag.high - tags[cause.tag].tag.low) if cause.tag in tags else 0.0
    return LiveTripPoint(tag=tag, tolerance=max(default, 0.0) if tolerance is None else tolerance, eu=shown.eu)


def check_trip_point_tag(record: Record, shown: Tag, approved: float, eu: str) -> bool:
    """Whether a tag can be the trip point in the PLC; what is wrong goes to the record."""
    if shown.discrete:
        zh = f"位号 {shown.id} 是开关量；联锁值应为模拟量"
        record.wrong("trip_point_tag", zh, f"tag {shown.id} is discrete; a trip point is a number")
        return False
    if eu not in ("", shown.eu):
        zh = f"联锁值的单位是 {eu}，位号 {shown.id} 是 {shown.eu}"
        record.wrong("trip_point_tag", zh, f"the trip point is in {eu}, tag {shown.id} is in {shown.eu}")
        return False
    if shown.low < shown.high and not shown.low <= approved <= shown.high:
        span = f"{shown.low:g} 至 {shown.high:g} {shown.eu}"
        zh = f"批准值 {approved:g} 超出位号 {shown.id} 的量程 {span}"
        en = f"the approved {approved:g} is outside the range of {shown.id}, {span.replace('至', 'to')}"
        record.wrong("trip_point_tag", zh, en)
        return False
    return True
