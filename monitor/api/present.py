"""From the service's values to what travels: alarms, tags, names.  No I/O, no clock."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.flood import PositionFlood
from monitor.alarms.horn import HornState
from monitor.alarms.lifecycle import IS_ACTIVE
from monitor.alarms.positions import Positions
from monitor.alarms.transition import Alarm
from monitor.api import dto
from monitor.api.condition import UP_STATES
from monitor.api.ports import AlarmEvent, DeviceCard, PlantCard
from monitor.api.reasons import NO_REASON, health_words, reason
from monitor.api.times import rfc3339, rfc3339_or_none
from monitor.hazards.view import View
from rules.columns.health import LETTERS
from rules.columns.quality import Quality
from rules.columns.readings import NO_TIME
from rules.columns.tags import Tag

QUALITY_NAMES: Final = tuple(quality.name.lower() for quality in Quality)
LIMIT_FIELDS: Final = {"HH": "hh", "H": "h", "L": "l", "LL": "ll"}


def finite(value: float | None) -> float | None:
    """The number, None for NaN and infinity (JSON has neither)."""
    return value if value is not None and math.isfinite(value) else None


def is_active(alarm: Alarm) -> bool:
    """Not normal and not suppressed: what `state=active` lists."""
    return alarm.state in IS_ACTIVE and not alarm.suppressions


class Presenter:
    """Turns values of one plant into DTOs; what does not change is prepared once."""

    def __init__(self, plant: PlantCard) -> None:
        self.plant = plant
        self.definition_of: Mapping[str, AlarmDefinition] = {item.id: item for item in plant.definitions}
        self.position_of: Mapping[str, int] = {item.id: position for position, item in enumerate(plant.definitions)}
        self.positions = Positions(plant.philosophy.positions)
        self._devices: Mapping[str, DeviceCard] = {device.id: device for device in plant.devices}
        self._persons = {person.id: person for person in plant.persons}
        self._alarms_of = _alarms_by_tag(plant.definitions)
        self._fixed_tags = [self._fixed_tag(tag) for tag in plant.tags.tags]

    # --- alarms -------------------------------------------------------------------------------
    def alarm(self, alarm: Alarm, definition: AlarmDefinition | None = None) -> dto.Alarm:
        """One alarm as it stands."""
        return dto.Alarm.model_validate(self._alarm_fields(alarm, definition or self.definition_of[alarm.id]))

    def alarm_detail(self, alarm: Alarm) -> dto.AlarmDetail:
        """One alarm with its guidance."""
        definition = self.definition_of[alarm.id]
        rules = self.plant.philosophy.rules_of(definition.alarm_class)
        return dto.AlarmDetail.model_validate(
            {
                **self._alarm_fields(alarm, definition),
                "cause": dto.Text(zh=definition.cause_zh, en=definition.cause_en),
                "consequence": dto.Text(zh=definition.consequence_zh, en=definition.consequence_en),
                "response": dto.Text(zh=definition.response_zh, en=definition.response_en),
                "time_to_respond_s": finite(definition.time_to_respond_s),
                "set_point": finite(definition.set_point),
                "dead_band": definition.dead_band,
                "on_delay_s": definition.on_delay_ns / 1e9,
                "off_delay_s": definition.off_delay_ns / 1e9,
                "latch": definition.latch,
                "longest_shelve_s": rules.longest_shelve_ns / 1e9 if rules.may_be_shelved else 0.0,
                "highly_managed": rules.highly_managed,
                "authorised_by_name": rules.authorised_by_name,
                "re_alarm_after_s": None if rules.re_alarm_after_ns is None else rules.re_alarm_after_ns / 1e9,
            }
        )

    def _alarm_fields(self, alarm: Alarm, definition: AlarmDefinition) -> dict[str, Any]:
        """The fields of `dto.Alarm`, ready for JSON."""
        rules = self.plant.philosophy.rules_of(definition.alarm_class)
        return {
            "id": alarm.id,
            "occurrence": alarm.occurrence,
            "transition": alarm.transition,
            "tag": definition.tag,
            "device": definition.device,
            "interlock": definition.interlock,
            "equipment": definition.equipment,
            "process_unit": definition.process_unit,
            "hazard_source": definition.hazard_source,
            "kind": definition.kind,
            "class": definition.alarm_class,
            "state": alarm.shown_state,
            "underlying_state": alarm.state.value,
            "suppressions": [
                {
                    "suppression": record.suppression.value,
                    "reason": record.reason,
                    "person": record.person,
                    "person_name": record.person_name,
                    "authorised_by": record.authorised_by,
                    "authorised_name": record.authorised_name,
                    "interim": record.interim,
                    "source": record.source,
                    "condition": record.condition,
                    "reason_en": record.reason_en,
                    "since": rfc3339(record.since_wall_ns),
                    "until": rfc3339_or_none(record.until_wall_ns),
                }
                for record in alarm.suppressions
            ],
            "unknown": alarm.unknown,
            "priority": alarm.priority,
            "definition_priority": definition.priority,
            "value": finite(alarm.value),
            "limit": finite(alarm.limit),
            "eu": definition.eu,
            "raised_at": rfc3339_or_none(alarm.raised_wall_ns),
            "changed_at": rfc3339_or_none(alarm.changed_wall_ns),
            "source_time": rfc3339_or_none(alarm.source_time_ns),
            "received_at": rfc3339_or_none(alarm.received_wall_ns),
            "subject": {"zh": definition.subject_zh, "en": definition.subject_en},
            "message": {"zh": alarm.message_zh, "en": alarm.message_en},
            "detail": list(alarm.detail),
            "acknowledged_by": alarm.acknowledged_by,
            "acknowledged_name": alarm.acknowledged_name,
            "acknowledged_at": rfc3339_or_none(alarm.acknowledged_wall_ns),
            "comment": alarm.comment,
            "position": self.positions.owner_of(definition),
            "shelvable": rules.may_be_shelved,
            "comment_required": rules.needs_comment,
        }

    def alarms(self, alarms: Sequence[Alarm]) -> list[dto.Alarm]:
        """Several alarms, priority first, then the newest."""
        return [self.alarm(alarm) for alarm in sorted(alarms, key=_urgency)]

    def alarm_fields(self, alarms: Sequence[Alarm]) -> list[dict[str, Any]]:
        """Like `alarms`, in the shape of `dto.Alarm` and ready for JSON: thousands at once must not hold up the loop."""
        return [self._alarm_fields(alarm, self.definition_of[alarm.id]) for alarm in sorted(alarms, key=_urgency)]

    def event(self, event: AlarmEvent, epoch: str) -> dict[str, Any]:
        """One journaled transition in the shape of `dto.StreamAlarm`, ready for JSON: in a flood each one counts."""
        step = event.transition
        return {
            "type": "alarm",
            "epoch": epoch,
            "seq": event.seq,
            "trigger": step.trigger.value,
            "before": step.before.value,
            "after": step.after.value,
            "occurrence": step.occurrence,
            "transition": step.transition,
            "annunciated": step.annunciated,
            "decided_at": rfc3339(step.decided_wall_ns),
            "journaled_at": rfc3339(event.journaled_wall_ns),
            "person_name": step.person_name,
            "alarm": self._alarm_fields(step.alarm, step.definition),
        }

    @staticmethod
    def flood_state(state: PositionFlood) -> dto.FloodState:
        """How flooded one position is."""
        return dto.FloodState(
            position=state.position,
            in_flood=state.in_flood,
            since=rfc3339_or_none(state.since_wall_ns),
            count=state.count,
            peak=state.peak,
        )

    @staticmethod
    def horn(state: HornState) -> dto.Horn:
        """The horn of one position."""
        return dto.Horn(
            position=state.position,
            sounding=state.is_sounding,
            alarms=list(state.alarms),
            silenced_by=state.silenced_by,
            silenced_at=rfc3339_or_none(state.silenced_wall_ns),
        )

    # --- tags ---------------------------------------------------------------------------------
    def tag(self, view: View, row: int) -> dict[str, Any]:
        """One tag in the shape of `dto.Tag`, ready for JSON."""
        snapshot = view.snapshot
        quality = int(snapshot.quality[row])
        received_wall_ns = int(snapshot.received_wall_ns[row])
        source_time_ns = int(snapshot.source_time_ns[row])
        return {
            **self._fixed_tags[row],
            "value": finite(float(snapshot.value[row])),
            "quality": QUALITY_NAMES[quality],
            "reason": (NO_REASON if quality == Quality.GOOD else self.reason(view, row)).model_dump(),
            "health": LETTERS[snapshot.health[row]] or None,
            "status": int(snapshot.status[row]),
            "source_time": None if source_time_ns == NO_TIME else rfc3339(source_time_ns),
            "received_time": rfc3339(received_wall_ns) if received_wall_ns else None,
        }

    def reason(self, view: View, row: int) -> dto.Text:
        """Why a tag is not good."""
        tag = self.plant.tags.tags[row]
        received_mono_ns = int(view.snapshot.received_mono_ns[row])
        link = view.links.get(tag.device)
        device = self._devices.get(tag.device)
        return reason(
            quality=int(view.snapshot.quality[row]),
            device_kind=device.kind if device else "",
            status=int(view.snapshot.status[row]),
            age_s=(view.snapshot.mono_ns - received_mono_ns) / 1e9 if received_mono_ns else None,
            link="" if link is None or link.state in UP_STATES else tag.device,
            health=health_words(int(view.snapshot.health[row]), tag.health, int(view.snapshot.quality[row])),
        )

    def _fixed_tag(self, tag: Tag) -> dict[str, Any]:
        device = self._devices.get(tag.device)
        definitions = self._alarms_of.get(tag.id, [])
        limits = {LIMIT_FIELDS[item.kind]: item.set_point for item in definitions if item.kind in LIMIT_FIELDS}
        return {
            "id": tag.id,
            "description": {"zh": tag.description_zh, "en": tag.description_en},
            "hazard_source": tag.hazard_source,
            "process_unit": tag.process_unit,
            "equipment": tag.equipment,
            "device": tag.device,
            "address": device.addresses.get(tag.id, "") if device else "",
            "eu": tag.eu,
            "low": tag.low,
            "high": tag.high,
            "discrete": tag.discrete,
            "normal_state": tag.normal_state,
            "scan_class": tag.scan_class,
            "resolution": tag.resolution,
            "limits": dto.Limits(**limits).model_dump(),
            "time_resolution_ms": tag.scan_period_ns / 1e6,
            "health_tag": tag.health or None,
            "alarms": [item.id for item in definitions],
        }

    # --- people --------------------------------------------------------------------------------
    def person_name(self, person: str | None, username: str) -> dto.Text:
        """The name to show for an account."""
        known = self._persons.get(person or "")
        if known is None:
            return dto.Text(zh=username, en=username)
        return dto.Text(zh=known.name_zh, en=known.name_en or known.name_zh)

    def person(self, person: str) -> dto.Person:
        """A responsible person as shown."""
        known = self._persons.get(person)
        return dto.Person(id=person, name=self.person_name(person, person), mobile=known.mobile if known else "")


def _urgency(alarm: Alarm) -> tuple[int, int]:
    return alarm.priority, -(alarm.raised_wall_ns or 0)


def _alarms_by_tag(definitions: tuple[AlarmDefinition, ...]) -> dict[str, list[AlarmDefinition]]:
    found: dict[str, list[AlarmDefinition]] = {}
    for definition in definitions:
        if definition.tag is not None:
            found.setdefault(definition.tag, []).append(definition)
    return found
