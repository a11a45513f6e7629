"""What an interlock does: cause without effect, effect without cause, drift of its trip point: its tables in `rules.toml`."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from monitor.interlocks.register import Interlock
from monitor.plant.causes import WITHIN_S, read_causes, read_effects
from monitor.plant.kinds.port import KindReader, ReadRule, Surroundings
from monitor.plant.record import Record
from monitor.plant.site import NS
from rules.catalog import Delays
from rules.kinds.interlocks import Cause, Effect, FailedToTrip, SpuriousTrip, TripPointDrift

INTERLOCK: Final = ("联锁", "interlock")
TAG: Final = ("位号", "tag")


def _failed_to_trip(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
    """`interlock`, or `causes` and `effects`; what the table gives wins."""
    interlock = _interlock(record, surroundings)
    causes, needed = _causes(record, interlock, surroundings)
    effects = _effects(record, interlock, surroundings)
    if not effects and interlock is not None:
        effects = _timed(record, _trip_tag(interlock, surroundings))
    if not _complete(record, causes, effects):
        return None
    rule = FailedToTrip(id=rule_id, causes=causes, needed=needed, effects=effects, delays=delays)
    return ReadRule(rule=rule, tag=effects[0].tag, interlock=interlock.id if interlock else None)


def _spurious_trip(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
    """As `failed_to_trip`; of an interlock its trip tag is watched: a valve is also closed by hand."""
    interlock = _interlock(record, surroundings)
    causes, needed = _causes(record, interlock, surroundings)
    effects: tuple[Effect, ...] = ()
    if interlock is not None and not record.is_given("effects"):
        effects = _timed(record, _trip_tag(interlock, surroundings))
    effects = effects or _effects(record, interlock, surroundings)
    tolerance_s = record.number("tolerance_s", default=0.0, minimum=0, maximum=3600) or 0.0
    if not _complete(record, causes, effects):
        return None
    tolerance_ns = round(tolerance_s * NS)
    rule = SpuriousTrip(
        id=rule_id, causes=causes, needed=needed, effects=effects, tolerance_ns=tolerance_ns, delays=delays
    )
    return ReadRule(rule=rule, tag=effects[0].tag, interlock=interlock.id if interlock else None)


def _trip_point_drift(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
    """`tag` with the trip point of the PLC against `approved`; of an interlock both may come from the register."""
    interlock = _interlock(record, surroundings)
    tag = record.reference("tag", surroundings.tags, TAG, required=False)
    tag = tag or (interlock.trip_point_tag if interlock is not None and interlock.trip_point_tag else "")
    approved = record.number("approved", default=interlock.trip_point if interlock is not None else None)
    default = interlock.trip_point_tolerance if interlock is not None else 0.0
    tolerance = record.number("tolerance", default=default, minimum=0)
    if not tag:
        record.wrong("tag", "必填：PLC 中联锁值的位号", "must be given: the tag with the trip point of the PLC")
    if approved is None:
        record.wrong("approved", "必填：批准的联锁值", "must be given: the approved trip point")
    row = surroundings.tags.get(tag)
    if row is None or approved is None:
        return None
    if interlock is not None and not record.is_given("approved") and interlock.trip_eu not in ("", row.tag.eu):
        zh = f"联锁 {interlock.id} 的设定值单位是 {interlock.trip_eu}，位号 {tag} 是 {row.tag.eu}"
        record.wrong("tag", zh, f"{interlock.id} gives its trip point in {interlock.trip_eu}, {tag} is in {row.tag.eu}")
    rule = TripPointDrift(id=rule_id, tag=tag, approved=approved, tolerance=tolerance or 0.0, delays=delays)
    return ReadRule(
        rule=rule, tag=tag, set_point=approved, eu=row.tag.eu, interlock=interlock.id if interlock else None
    )


def _interlock(record: Record, surroundings: Surroundings) -> Interlock | None:
    name = record.reference("interlock", surroundings.interlocks, INTERLOCK, required=False)
    return surroundings.interlocks.get(name)


def _causes(record: Record, interlock: Interlock | None, surroundings: Surroundings) -> tuple[tuple[Cause, ...], int]:
    """Causes and how many of them must demand the trip, from the table or from the register."""
    own = record.is_given("causes") or interlock is None
    given = read_causes(record, surroundings.tags) if own or interlock is None else interlock.inputs
    causes = tuple(Cause(tag=cause.tag, sense=cause.sense, trip_point=cause.trip_point) for cause in given)
    default = 1 if own or interlock is None else interlock.needed
    needed = record.integer("needed", default=default, minimum=1, maximum=max(1, len(causes)))
    return causes, default if needed is None else needed


def _effects(record: Record, interlock: Interlock | None, surroundings: Surroundings) -> tuple[Effect, ...]:
    """Effects from the table or from the register."""
    own = record.is_given("effects") or interlock is None
    given = read_effects(record, surroundings.tags) if own or interlock is None else interlock.outputs
    effects = tuple(
        Effect(tag=effect.tag, acted_when=effect.acted_when, within_ns=round(effect.within_s * NS)) for effect in given
    )
    return _timed(record, effects)


def _timed(record: Record, effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
    """The effects, all with the time that the table gives."""
    within_s = record.number("within_s", minimum=0, maximum=3600)
    if within_s is None:
        return effects
    return tuple(replace(effect, within_ns=round(within_s * NS)) for effect in effects)


def _trip_tag(interlock: Interlock, surroundings: Surroundings) -> tuple[Effect, ...]:
    """The tag that says that the interlock has tripped, with the time of its slowest effect."""
    row = surroundings.tags.get(interlock.trip_tag or "")
    if row is None:
        return ()
    normal = row.tag.normal_state or 0
    within_s = max((effect.within_s for effect in interlock.outputs), default=WITHIN_S)
    return (Effect(tag=row.tag.id, acted_when=1 - normal, within_ns=round(within_s * NS)),)


def _complete(record: Record, causes: tuple[Cause, ...], effects: tuple[Effect, ...]) -> bool:
    if not causes:
        record.wrong("causes", "必填：写 interlock 或 causes", "must be given: interlock, or causes")
    if not effects:
        record.wrong("effects", "必填：写 interlock 或 effects", "must be given: interlock, or effects")
    return bool(causes and effects)


READERS: Final[Mapping[str, KindReader]] = {
    "failed_to_trip": KindReader(keys=("interlock", "causes", "needed", "effects", "within_s"), read=_failed_to_trip),
    "spurious_trip": KindReader(
        keys=("interlock", "causes", "needed", "effects", "within_s", "tolerance_s"), read=_spurious_trip
    ),
    "trip_point_drift": KindReader(keys=("interlock", "tag", "approved", "tolerance"), read=_trip_point_drift),
}
