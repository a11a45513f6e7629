"""What the observer saw, put in order: the stages of each alarm occurrence and the latencies between them."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

STAGES: Final = (
    "tripped", "read", "decided", "journaled", "stream", "mqtt", "wecom", "acknowledged", "returned"
)  # fmt: skip
"""In the order of the story; all are Unix nanoseconds of this machine's wall clock."""

NS_PER_MS: Final = 1_000_000
MATCH_WITHIN_NS: Final = 10_000_000_000
"""A write further back than this did not cause the alarm."""
STAMP_STEP_NS: Final = NS_PER_MS
"""The API cuts its times to milliseconds: a decision may seem that much earlier than the write that caused it."""

Occurrence = tuple[str, int]
"""(alarm id, occurrence)."""


def wall_ns(text: str | None) -> int | None:
    """RFC 3339 to Unix nanoseconds; None stays None."""
    if not text:
        return None
    moment = datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC)
    return int(moment.timestamp()) * 1_000_000_000 + moment.microsecond * 1000


@dataclass(slots=True, kw_only=True)
class Seen:
    """One alarm occurrence as it was seen from outside."""

    id: str
    occurrence: int
    priority: int
    kind: str
    tags: tuple[str, ...]
    """The tags whose change raises it: its own, or the bypass bits of its interlock."""
    message_zh: str = ""
    message_en: str = ""
    on_delay_s: float = 0.0
    at: dict[str, int] = field(default_factory=dict)
    """Stage -> wall time; a stage that was not seen is missing."""

    @property
    def key(self) -> Occurrence:
        """(id, occurrence)."""
        return self.id, self.occurrence

    def first(self, stage: str, when_ns: int | None) -> None:
        """Note a stage, keeping its first moment."""
        if when_ns is not None:
            self.at.setdefault(stage, when_ns)

    def missing(self) -> list[str]:
        """Stages that were not seen."""
        return [stage for stage in STAGES if stage not in self.at]

    @property
    def decision_ms(self) -> float | None:
        """From the write at the controller to the decision; only for discrete alarms that are not delayed on purpose."""
        if self.kind not in ("state", "bypass") or self.on_delay_s > 0 or not {"tripped", "decided"} <= self.at.keys():
            return None
        return max(self.at["decided"] - self.at["tripped"], 0) / NS_PER_MS

    @property
    def push_ms(self) -> float | None:
        """From the decision to WeCom having the message."""
        if not {"decided", "wecom"} <= self.at.keys():
            return None
        return (self.at["wecom"] - self.at["decided"]) / NS_PER_MS


@dataclass(slots=True, kw_only=True)
class Timeline:
    """All occurrences that began while the observer watched."""

    seen: dict[Occurrence, Seen] = field(default_factory=dict)
    mqtt_events: int = 0
    mqtt_raised: dict[Occurrence, int] = field(default_factory=dict)
    """Raised events by occurrence: they may arrive before the stream tells of it."""
    pushes: int = 0
    tags_of_interlock: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def stream_event(self, event: Mapping[str, Any], received_ns: int) -> Seen | None:
        """Take one "alarm" message of the stream; returns the occurrence it is about, None for one not begun here."""
        alarm = event["alarm"]
        key = (str(alarm["id"]), int(event["occurrence"]))
        if event["trigger"] == "raised" and key not in self.seen:
            self.seen[key] = self._begin(alarm, key)
        seen = self.seen.get(key)
        if seen is None:
            return None
        if event["trigger"] == "raised":
            seen.first("read", wall_ns(alarm["received_at"]))
            seen.first("decided", wall_ns(event["decided_at"]))
            seen.first("journaled", wall_ns(event["journaled_at"]))
            seen.first("stream", received_ns)
            seen.first("mqtt", self.mqtt_raised.get(key))
        elif event["trigger"] == "acknowledged":
            seen.first("acknowledged", wall_ns(alarm["acknowledged_at"]))
        elif event["trigger"] in ("returned", "returned_latched", "returned_untold"):
            seen.first("returned", wall_ns(event["decided_at"]))
        return seen

    def _begin(self, alarm: Mapping[str, Any], key: Occurrence) -> Seen:
        tag, interlock = alarm["tag"], alarm["interlock"]
        bits = self.tags_of_interlock.get(str(interlock), ()) if alarm["kind"] == "bypass" else ()
        return Seen(
            id=key[0],
            occurrence=key[1],
            priority=int(alarm["priority"]),
            kind=str(alarm["kind"]),
            tags=(str(tag),) if tag else bits,
            message_zh=str(alarm["message"]["zh"]),
            message_en=str(alarm["message"]["en"]),
        )

    def mqtt_event(self, event: Mapping[str, Any], received_ns: int) -> None:
        """Take one event message of the broker."""
        self.mqtt_events += 1
        if event["trigger"] != "raised":
            return
        key = (str(event["id"]), int(event["occurrence"]))
        self.mqtt_raised.setdefault(key, received_ns)
        if key in self.seen:
            self.seen[key].first("mqtt", received_ns)

    def wecom_log(self, entries: Iterable[Mapping[str, Any]]) -> list[Seen]:
        """Take the whole log of the WeCom server; returns occurrences whose first accepted message is new."""
        accepted = [entry for entry in entries if entry["errcode"] == 0]
        self.pushes = len(accepted)
        fresh: list[Seen] = []
        for seen in self.seen.values():
            if "wecom" in seen.at:
                continue
            for entry in accepted:
                if mentions(str(entry["text"]), seen.key):
                    seen.first("wecom", int(entry["received_wall_ns"]))
                    fresh.append(seen)
                    break
        return fresh

    def plant_log(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Take the simulator's log: the last change of an alarm's tags before its decision is what tripped it."""
        for seen in self.seen.values():
            decided = seen.at.get("decided")
            if "tripped" in seen.at or decided is None:
                continue
            causes = [
                int(entry["wall_ns"])
                for entry in entries
                if entry["event"] == "change"
                and entry["tag"] in seen.tags
                and decided - MATCH_WITHIN_NS <= int(entry["wall_ns"]) <= decided + STAMP_STEP_NS
            ]
            if causes:
                seen.first("tripped", max(causes))

    def summary(self, must_have: Sequence[str]) -> dict[str, Any]:
        """The last line of the observer: counts, latencies, the stages of the alarms that must have all of them."""
        decisions = [seen.decision_ms for seen in self.seen.values() if seen.decision_ms is not None]
        pushes = [seen.push_ms for seen in self.seen.values() if seen.push_ms is not None]
        stages = {alarm_id: self.stages(alarm_id) for alarm_id in must_have}
        return {
            "alarms": len(self.seen),
            "pushes": self.pushes,
            "mqtt_events": self.mqtt_events,
            "n": len(decisions),
            "decision_p50_ms": percentile(decisions, 0.5),
            "decision_max_ms": percentile(decisions, 1.0),
            "push_p50_ms": percentile(pushes, 0.5),
            "push_max_ms": percentile(pushes, 1.0),
            "stages": stages,
            "ok": all(when is not None for by_stage in stages.values() for when in by_stage.values()),
        }

    def stages(self, alarm_id: str) -> dict[str, str | None]:
        """Stage -> RFC 3339 of the first occurrence of one alarm; None where it was not seen."""
        seen = self.occurrence_of(alarm_id)
        return {stage: rfc3339(seen.at[stage]) if seen and stage in seen.at else None for stage in STAGES}

    def occurrence_of(self, alarm_id: str) -> Seen | None:
        """The first occurrence of one alarm, None when it was not seen."""
        return next((seen for seen in self.seen.values() if seen.id == alarm_id), None)


def mentions(text: str, key: Occurrence) -> bool:
    """The text names this occurrence as `<id>#<occurrence>`, not as the beginning of a longer one."""
    word = f"{key[0]}#{key[1]}"
    start = text.find(word)
    while start >= 0:
        before, after = text[start - 1 : start], text[start + len(word) : start + len(word) + 1]
        if not after.isdigit() and not (before.isalnum() and before.isascii()) and before not in ("-", ".", "_"):
            return True
        start = text.find(word, start + 1)
    return False


def percentile(values: Sequence[float], part: float) -> float | None:
    """Nearest-rank percentile rounded to a tenth of a millisecond; None of nothing."""
    if not values:
        return None
    rank = max(math.ceil(part * len(values)), 1)
    return round(sorted(values)[rank - 1], 1)


def rfc3339(when_ns: int) -> str:
    """Unix nanoseconds as RFC 3339 in UTC with microseconds."""
    moment = datetime.fromtimestamp(when_ns // 1_000_000_000, UTC).replace(microsecond=when_ns // 1000 % 1_000_000)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
