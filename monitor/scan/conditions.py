"""The generated alarms: what the service says of its links, its blindness, its channels and itself, as verdicts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.transition import Alarm
from monitor.hazards import blindness
from monitor.hazards.links import LinkStatus
from monitor.hazards.unusable import BAD_SHARE, judge_devices, watch_devices
from monitor.hazards.view import ChannelStatus
from rules.catalog import RuleSet
from rules.columns.quality import Quality
from rules.columns.readings import NO_TIME
from rules.columns.snapshot import Snapshot
from rules.columns.tags import TagTable
from rules.hold import HoldMemory, hold, next_due_ns
from rules.verdicts import Evidence, Verdict, Verdicts

UP_STATES: Final = frozenset({"up", "degraded"})


@dataclass(slots=True)
class Facts:
    """What the service knows of itself beside readings; filled by its tasks, read by the scan."""

    channels: dict[str, ChannelStatus] = field(default_factory=dict)
    system: dict[str, bool] = field(default_factory=dict)
    """System alarm id -> whether its condition holds; absent: not known yet."""
    outward_error: str = ""
    """Why the outer history is not written at all; empty where it is, or is not asked for."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GeneratedMemory:
    """What the generated conditions remember between two scans."""

    holds: HoldMemory
    blind: blindness.BlindMemory


class GeneratedConditions:
    """Judges every definition that no rule judges, in definition order."""

    def __init__(
        self,
        definitions: Sequence[AlarmDefinition],
        table: TagTable,
        rule_set: RuleSet,
        start_grace_ns: int,
        device_bad_share: float = BAD_SHARE,
        barriers: int = 0,
    ) -> None:
        """`definitions` are all of the plant: first those of the rules, then `barriers` of interlocks and layers."""
        mine = tuple(definitions[len(rule_set) + barriers :])
        self.ids = tuple(definition.id for definition in mine)
        self._watch = blindness.watch(table, definitions, rule_set, start_grace_ns)
        position = {alarm_id: at for at, alarm_id in enumerate(self.ids)}
        self._blind_at = np.array([position[alarm_id] for alarm_id in self._watch.ids], np.intp)
        self._links = [(position[item.id], item.device) for item in mine if item.kind == "link" and item.device]
        self._devices = watch_devices(table, [device for _, device in self._links], device_bad_share)
        self._channels = [
            (position[item.id], item.id.removeprefix("channel.")) for item in mine if item.kind == "channel"
        ]
        self._system = [(position[item.id], item.id) for item in mine if item.kind == "system"]
        self._on_delay_ns = np.array([item.on_delay_ns for item in mine], np.int64)
        self._off_delay_ns = np.array([item.off_delay_ns for item in mine], np.int64)
        count = len(mine)
        self._no_number = _frozen(np.full(count, np.nan))
        self._good = _frozen(np.full(count, Quality.GOOD, np.uint8))
        self._no_time = _frozen(np.full(count, NO_TIME, np.int64))
        self._never = _frozen(np.zeros(count, np.int64))

    def remember(self, alarms: Sequence[Alarm], mono_ns: int) -> GeneratedMemory:
        """Memory at the start, seeded from the restored board (any alarms, in any order)."""
        standing = {alarm.id: alarm for alarm in alarms if alarm.condition_true}
        active = np.array([alarm_id in standing for alarm_id in self.ids], np.bool_)
        blind = {alarm_id: standing[alarm_id].detail for alarm_id in self._watch.ids if alarm_id in standing}
        return GeneratedMemory(
            holds=HoldMemory.fresh(len(self.ids), mono_ns, active),
            blind=blindness.remember(self._watch, blind, mono_ns),
        )

    def judge(
        self, snapshot: Snapshot, links: Mapping[str, LinkStatus], facts: Facts, memory: GeneratedMemory
    ) -> tuple[Verdicts, GeneratedMemory, tuple[int, ...]]:
        """Verdicts in the order of `ids`, the memory for the next scan, and the rows that are blind."""
        blind, blind_memory = blindness.judge(self._watch, snapshot, memory.blind)
        condition = np.full(len(self.ids), np.uint8(Verdict.UNKNOWN))
        value = self._no_number.copy()
        details = self._judge_links(snapshot, links, memory, condition, value)
        for at, channel in self._channels:
            known = facts.channels.get(channel)
            if known is not None:
                condition[at] = Verdict.FALSE if known.up else Verdict.TRUE
        for at, alarm_id in self._system:
            if alarm_id in facts.system:
                condition[at] = Verdict.TRUE if facts.system[alarm_id] else Verdict.FALSE
        condition[self._blind_at] = blind.condition
        holds = hold(condition, self._on_delay_ns, self._off_delay_ns, memory.holds, snapshot.mono_ns).memory
        value[self._blind_at] = blind.count
        verdicts = Verdicts.dense(
            ids=self.ids,
            verdict=holds.verdict,
            condition=condition,
            evidence=Evidence(
                value=value,
                limit=self._no_number,
                quality=self._good,
                source_time_ns=self._no_time,
                received_wall_ns=self._never,
            ),
            renew=np.sort(self._blind_at[blind.renew]),
            details=details | {int(self._blind_at[group]): names for group, names in blind.detail},
        )
        return verdicts, GeneratedMemory(holds=holds, blind=blind_memory), blind.rows

    def _judge_links(
        self,
        snapshot: Snapshot,
        links: Mapping[str, LinkStatus],
        memory: GeneratedMemory,
        condition: npt.NDArray[np.uint8],
        value: npt.NDArray[np.float64],
    ) -> dict[int, tuple[str, ...]]:
        """A link is down when nothing answers, and when what answers gives nothing usable; returns what it lists then."""
        starting = snapshot.mono_ns - memory.blind.start_mono_ns < self._watch.start_grace_ns
        unusable, bad = judge_devices(self._devices, snapshot.quality, starting)
        details: dict[int, tuple[str, ...]] = {}
        for place, (at, device) in enumerate(self._links):
            status = links.get(device)
            if status is None:
                continue
            condition[at] = unusable[place] if status.state in UP_STATES else Verdict.TRUE
            if status.state in UP_STATES and unusable[place] == Verdict.TRUE:
                value[at] = bad[place]
                details[at] = (f"BAD {bad[place]}/{self._devices.points[place]}",)
        return details

    def next_deadline_ns(self, memory: GeneratedMemory) -> int | None:
        """When a delay of a generated alarm ends if nothing changes."""
        return next_due_ns(self._on_delay_ns, self._off_delay_ns, memory.holds)


def joined(ids: tuple[str, ...], rules: Verdicts, generated: Verdicts) -> Verdicts:
    """One table of verdicts for the board: those of the rules first; `ids` are both, in this order."""
    first = len(rules)

    def look_up(positions: npt.NDArray[np.intp]) -> Evidence:
        of_rules = positions[positions < first]  # positions ascend
        return rules.at(of_rules).then(generated.at(positions[of_rules.size :] - first))

    return Verdicts(
        ids=ids,
        verdict=np.concatenate((rules.verdict, generated.verdict)),
        condition=np.concatenate((rules.condition, generated.condition)),
        changed=np.concatenate((rules.changed, first + generated.changed)),
        renew=np.concatenate((rules.renew, first + generated.renew)),
        look_up=look_up,
        details={**rules.details, **{first + at: names for at, names in generated.details.items()}},
    )


def _frozen(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    column.flags.writeable = False
    return column
