"""Small values to store, and a clock that stands still until it is told to go on."""

from pathlib import Path
from typing import Any

from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.lifecycle import State, Trigger
from monitor.alarms.record import Entry
from monitor.alarms.transition import Alarm, Transition
from monitor.notify.row import OutboxRow, Purpose
from monitor.settings import Settings

PLANT = "demo"
WALL_NS = 1_790_000_000_000_000_000


class StillClock:
    """Wall time that only moves when told."""

    def __init__(self, wall_ns: int = WALL_NS) -> None:
        self.now_ns = wall_ns

    def wall_ns(self) -> int:
        return self.now_ns

    def mono_ns(self) -> int:
        return self.now_ns - WALL_NS


def settings(state_dir: Path, **changes: Any) -> Settings:
    fields: dict[str, Any] = {"state_dir": state_dir, "ballast_bytes": 0}
    return Settings(**(fields | changes))


def alarm(alarm_id: str = "LT-101.HH", **changes: Any) -> Alarm:
    fields: dict[str, Any] = {
        "id": alarm_id,
        "state": State.UNACKNOWLEDGED,
        "occurrence": 1,
        "transition": 1,
        "priority": 1,
        "condition_true": True,
        "unknown": False,
        "value": 14.25,
        "limit": 14.0,
        "quality": 0,
        "source_time_ns": WALL_NS - 5,
        "received_wall_ns": WALL_NS - 3,
        "raised_wall_ns": WALL_NS - 1,
        "changed_wall_ns": WALL_NS - 1,
        "acknowledged_by": None,
        "acknowledged_name": None,
        "acknowledged_wall_ns": None,
        "comment": "",
        "suppressions": (),
        "message_key": "raised.HH",
        "message_zh": "甲醇储罐液位高高",
        "message_en": "methanol tank level high-high",
        "detail": (),
        "definition_hash": "ab" * 32,
    }
    return Alarm(**(fields | changes))


def definition(alarm_id: str = "LT-101.HH") -> AlarmDefinition:
    return AlarmDefinition(
        id=alarm_id,
        kind="HH",
        alarm_class="life_safety",
        priority=1,
        tag=alarm_id.rpartition(".")[0],
        device="PLC-1",
        hazard_source="methanol",
        set_point=14.0,
        eu="m",
    )


def transition(alarm_id: str = "LT-101.HH", occurrence: int = 1, number: int = 1, **changes: Any) -> Transition:
    fields: dict[str, Any] = {
        "definition": definition(alarm_id),
        "alarm": alarm(alarm_id, occurrence=occurrence, transition=number),
        "trigger": Trigger.RAISED,
        "before": State.NORMAL,
        "after": State.UNACKNOWLEDGED,
        "occurrence": occurrence,
        "transition": number,
        "annunciated": True,
        "decided_wall_ns": WALL_NS - 1,
    }
    return Transition(**(fields | changes))


def push(alarm_id: str = "LT-101.HH", **changes: Any) -> OutboxRow:
    fields: dict[str, Any] = {
        "plant": PLANT,
        "id": alarm_id,
        "occurrence": 1,
        "transition": 1,
        "channel": "wecom",
        "purpose": Purpose.RAISE,
        "repeat": 0,
        "priority": 1,
        "queued_wall_ns": WALL_NS,
        "due_wall_ns": WALL_NS,
        "body": "{}",
    }
    return OutboxRow(**(fields | changes))


def entry(**changes: Any) -> Entry:
    fields: dict[str, Any] = {"kind": "start", "wall_ns": WALL_NS, "message_zh": "启动", "message_en": "started"}
    return Entry(**(fields | changes))
