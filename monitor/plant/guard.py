"""The set-point guard of a plant folder: what each limit must stay inside of, gathered from all its files."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from monitor.hazards.source import Equipment
from monitor.interlocks.register import Interlock
from monitor.plant.alarms import AlarmRow
from monitor.plant.document import Document
from monitor.plant.gas_ceilings import GasBounds, gas_bounds
from monitor.plant.record import Record
from monitor.plant.site import Site
from monitor.plant.tags import TagRow
from rules.columns.tags import Tag
from rules.geometry import METRES
from rules.guard import (
    Bound,
    Breach,
    SetPoint,
    Side,
    bound_breach,
    order_breaches,
    response_breach,
    set_point_of,
)

KINDS: Final = ("HH", "H", "L", "LL")
HOUR_S: Final = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceiling:
    """A bound that a plant sets itself (`[[set_point_bounds]]`): a law, a design pressure."""

    tags: frozenset[str]
    kinds: frozenset[str]
    bound: Bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Protected:
    """What the limits of a plant are compared with."""

    tags: Mapping[str, TagRow]
    equipment: Mapping[str, Equipment]
    interlocks: Sequence[Interlock]
    ceilings: Sequence[Ceiling] = ()
    equipment_records: Mapping[str, Record] = field(default_factory=dict)
    """Where the plant says of each piece of equipment what it detects."""

    def level_of(self, tag: Tag) -> Equipment | None:
        """The equipment whose level a tag shows, in a unit of length."""
        if tag.eu not in METRES:
            return None
        for each in self.equipment.values():
            if tag.id in (each.level_tag, each.second_level_tag):
                return each
        return None


def check_set_points(rows: Sequence[AlarmRow], protected: Protected, interlocks: Document) -> None:
    """Report every limit that the guard refuses, at the key that must change; the rules themselves compile."""
    records = {row.definition.id: row.record for row in rows}
    to_respond_s = {row.definition.id: row.definition.time_to_respond_s for row in rows}
    gases = gas_bounds(rows, protected.tags, protected.equipment, protected.equipment_records)
    guarded = [found for row in rows if (found := set_point_of(row.rule)) is not None and found.tag in protected.tags]
    for breach in order_breaches(guarded):
        _report(records[breach.rule_id], breach)
    of_tag: dict[str, list[SetPoint]] = {}
    for each in guarded:
        of_tag.setdefault(each.tag, []).append(each)
    for name, mine in of_tag.items():
        tag = protected.tags[name].tag
        bounds = [*trip_bounds(tag, mine, protected), *level_bounds(tag, protected)]
        for each in mine:
            needed_s = to_respond_s[each.rule_id] or 0.0
            breaches = (
                bound_breach(each, [*bounds, *_ceilings(tag, each.kind, protected, gases)]),
                response_breach(each, bounds, _rise_per_s(tag, protected), needed_s),
            )
            for found_breach in breaches:
                if found_breach is not None:
                    _report(records[each.rule_id], found_breach)
    _check_trips(protected, interlocks)


def trip_bounds(tag: Tag, set_points: Sequence[SetPoint], protected: Protected) -> list[Bound]:
    """The trip points of what measures the same quantity of the same equipment, in the unit of the tag."""
    found: dict[tuple[str, float, Side], Bound] = {}
    for interlock, value, given in _trips(tag, protected):
        side = given or _nearer_side(tag, set_points, value)
        name_zh, name_en = f"联锁 {interlock.id} 动作值", f"the trip point of {interlock.id}"
        found[interlock.id, value, side] = Bound(
            name_zh=name_zh, name_en=name_en, value=value, side=side, reached=side == "high"
        )
    return list(found.values())


def level_bounds(tag: Tag, protected: Protected) -> list[Bound]:
    """Overflow height and height of the equipment whose level a tag shows, in the unit of the tag."""
    equipment = protected.level_of(tag)
    if equipment is None:
        return []
    heights = (
        (f"{equipment.id} 溢流高度", f"the overflow height of {equipment.id}", equipment.overflow_height_m),
        (f"{equipment.id} 罐高", f"the height of {equipment.id}", equipment.height_m),
    )
    return [
        Bound(name_zh=zh, name_en=en, value=height_m / METRES[tag.eu], side="high", reached=True)
        for zh, en, height_m in heights
        if height_m is not None
    ]


def read_ceilings(document: Document, tags: Mapping[str, TagRow]) -> list[Ceiling]:
    """`[[set_point_bounds]]` of `plant.toml`; mistakes go to the document's report."""
    found = []
    for record in document.records("set_point_bounds"):
        record.only(("tags", "kinds", "maximum", "minimum", "source_zh", "source_en"))
        names = [name for name in record.texts("tags") if record.must_know("tags", name, tags, ("位号", "tag"))]
        if not record.is_given("tags") or not record.texts("tags"):
            record.wrong("tags", "必填：受限的位号", "must be given: the tags that are bounded")
        kinds = record.texts("kinds")
        for kind in kinds:
            record.must_know("kinds", kind, KINDS, ("限值报警", "limit alarm"))
        if not kinds:
            record.wrong("kinds", f"必填：{', '.join(KINDS)} 中的若干", f"must be given: some of {', '.join(KINDS)}")
        if record.is_given("maximum") == record.is_given("minimum"):
            record.wrong("maximum", "maximum 与 minimum 须且只能给一个", "give maximum or minimum, exactly one of them")
            continue
        side: Side = "high" if record.is_given("maximum") else "low"
        value = record.required_number("maximum" if side == "high" else "minimum")
        zh = record.text("source_zh")
        en = record.text("source_en", required=False, default=zh)
        bound = Bound(name_zh=f"{zh}规定的", name_en=f"{en}:", value=value, side=side, or_equal=True)
        found.append(Ceiling(tags=frozenset(names), kinds=frozenset(kinds), bound=bound))
    return found


def _trips(tag: Tag, protected: Protected) -> Iterator[tuple[Interlock, float, Side | None]]:
    """(interlock, trip point in the unit of the tag, side or None where the register does not say it)."""
    for interlock in protected.interlocks:
        near = [cause for cause in interlock.inputs if _same_quantity(tag, cause.tag, protected)]
        for cause in near:
            factor = _factor(protected.tags[cause.tag].tag.eu, tag.eu)
            if factor is not None and cause.sense != "state":
                yield interlock, cause.trip_point * factor, cause.sense
        switches = [cause for cause in near if cause.sense == "state"]
        factor = _factor(interlock.trip_eu, tag.eu)
        if switches and interlock.trip_point is not None and factor is not None:
            yield interlock, interlock.trip_point * factor, None


def _same_quantity(tag: Tag, cause: str, protected: Protected) -> bool:
    """The cause is the tag itself, or an instrument of the same equipment (its unit decides then)."""
    row = protected.tags.get(cause)
    return row is not None and (cause == tag.id or (bool(tag.equipment) and row.tag.equipment == tag.equipment))


def _factor(from_eu: str, to_eu: str) -> float | None:
    """What a number is multiplied with; only lengths are converted, all else must be in one unit."""
    if from_eu == to_eu:
        return 1.0
    return METRES[from_eu] / METRES[to_eu] if from_eu in METRES and to_eu in METRES else None


def _nearer_side(tag: Tag, set_points: Sequence[SetPoint], value: float) -> Side:
    """Whether a switch trips on high or on low: the register tells its trip point only, so the nearer alarms decide.

    The outermost ones, so that one slip of the hand does not turn the trip of the others round.
    """
    high = max((each.highest for each in set_points if each.side == "high"), default=tag.high)
    low = min((each.lowest for each in set_points if each.side == "low"), default=tag.low)
    return "high" if abs(value - high) <= abs(value - low) else "low"


def _ceilings(tag: Tag, kind: str, protected: Protected, gases: GasBounds) -> Iterator[Bound]:
    """What the plant or a standard bounds."""
    yield from (each.bound for each in protected.ceilings if tag.id in each.tags and kind in each.kinds)
    yield from gases.get((tag.id, kind), ())


def _rise_per_s(tag: Tag, protected: Protected) -> float:
    """Fastest rise of a level in the unit of its tag; 0 where nobody said it."""
    equipment = protected.level_of(tag)
    if equipment is None or equipment.fill_rate_m_per_h is None:
        return 0.0
    return equipment.fill_rate_m_per_h / HOUR_S / METRES[tag.eu]


def _check_trips(protected: Protected, document: Document) -> None:
    """A level trip must come before the overflow height; reported in `interlocks.toml`."""
    records = {record.text("id", required=False): record for record in document.records("interlocks")}
    told: set[str] = set()
    for tag in (row.tag for row in protected.tags.values()):
        heights = level_bounds(tag, protected)
        for interlock, value, side in _trips(tag, protected) if heights else ():
            lowest = min(heights, key=lambda bound: bound.value)
            if side == "low" or value < lowest.value or interlock.id in told or interlock.id not in records:
                continue
            told.add(interlock.id)
            zh = f"动作值 {value:g} 应低于{lowest.name_zh} {lowest.value:g}"
            records[interlock.id].wrong("trip_point", zh, f"{value:g} must be below {lowest.name_en} {lowest.value:g}")


def _report(record: Record, breach: Breach) -> None:
    record.wrong(breach.field, breach.zh, breach.en)


def protected_by(tags: Mapping[str, TagRow], site: Site, interlocks: Iterable[Interlock], plant: Document) -> Protected:
    """Everything that limits are compared with."""
    return Protected(
        tags=tags,
        equipment=site.equipment,
        interlocks=tuple(interlocks),
        ceilings=read_ceilings(plant, tags),
        equipment_records=site.equipment_records,
    )
