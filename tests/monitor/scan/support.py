"""A small plant, a clock that stands until it is moved, and a disk that remembers what it was given."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from monitor.alarms.classes import Philosophy
from monitor.alarms.commands import Acknowledge
from monitor.alarms.definition import AlarmDefinition
from monitor.hazards.links import LinkStatus
from monitor.notify.people import Channel, Notification
from monitor.scan.conditions import Facts
from monitor.scan.inbox import Inbox
from monitor.scan.loop import Scanner
from monitor.scan.plan import ScanPlan
from monitor.scan.publisher import Publisher
from monitor.store.commit import Commit, Committed
from rules.catalog import Delays, DiscreteState, Limit, Rule
from rules.columns.quality import Quality
from rules.columns.readings import NO_TIME, Origin, ReadingBatch
from rules.columns.tags import Tag, TagTable
from rules.compile import compile_rules
from tests.monitor.links import FakeLink

SECOND_NS = 1_000_000_000
START_WALL_NS = 1_790_000_000 * SECOND_NS
LEVEL, SWITCH, OTHER = 0, 1, 2


@dataclass
class ManualClock:
    """Both clocks, moved by the test."""

    mono: int = 1_000 * SECOND_NS
    wall: int = START_WALL_NS

    def mono_ns(self) -> int:
        return self.mono

    def wall_ns(self) -> int:
        return self.wall

    def pass_s(self, seconds: float) -> None:
        self.mono += int(seconds * SECOND_NS)
        self.wall += int(seconds * SECOND_NS)


@dataclass
class MemoryDisk:
    """A journal port that keeps its commits; `fails` makes the next one fail, `during` runs inside one."""

    commits: list[Commit] = field(default_factory=list)
    fails: bool = False
    during: Callable[[], None] = lambda: None
    seq: int = 0

    async def commit(self, commit: Commit) -> Committed:
        self.during()
        if self.fails:
            raise OSError("no space left on device")
        self.commits.append(commit)
        first = self.seq + 1
        self.seq += len(commit.transitions) + len(commit.entries)
        seqs = tuple(range(first, first + len(commit.transitions)))
        return Committed(transition_seqs=seqs, seq=self.seq, journaled_wall_ns=commit.wall_ns + 1)


def tag(tag_id: str, device: str, *, discrete: bool = False) -> Tag:
    return Tag(
        id=tag_id,
        device=device,
        hazard_source="HS-1",
        process_unit="",
        equipment="",
        description_zh=f"{tag_id} 说明",
        description_en=f"{tag_id} text",
        eu="" if discrete else "m",
        low=0.0,
        high=1.0 if discrete else 20.0,
        discrete=discrete,
        normal_state=0 if discrete else None,
        scan_class="fast",
        scan_period_ns=SECOND_NS // 5,
    )


TABLE = TagTable([tag("LT-1", "PLC-1"), tag("LSHH-1", "PLC-1", discrete=True), tag("PT-2", "PLC-2")])
RULES: tuple[Rule, ...] = (
    Limit(id="LT-1.H", tag="LT-1", kind="H", set_point=10.0, dead_band=1.0),
    DiscreteState(id="LSHH-1.state", tag="LSHH-1", abnormal_state=1),
    Limit(id="PT-2.H", tag="PT-2", kind="H", set_point=10.0, delays=Delays(on_delay_ns=2 * SECOND_NS)),
)


def generated(alarm_id: str, kind: str, **fields: object) -> AlarmDefinition:
    return AlarmDefinition(
        id=alarm_id,
        kind=kind,
        alarm_class="system",
        priority=2,
        generated=True,
        subject_zh=alarm_id,
        subject_en=alarm_id,
        **fields,  # type: ignore[arg-type]  # fields by name
    )


def rule_alarm(rule: Rule, priority: int, kind: str, tag_id: str) -> AlarmDefinition:
    return AlarmDefinition(
        id=rule.id,
        kind=kind,
        alarm_class="process",
        priority=priority,
        tag=tag_id,
        hazard_source="HS-1",
        eu="m",
        subject_zh="液位",
        subject_en="level",
    )


DEFINITIONS = (
    rule_alarm(RULES[0], 2, "H", "LT-1"),
    rule_alarm(RULES[1], 1, "state", "LSHH-1"),
    rule_alarm(RULES[2], 3, "H", "PT-2"),
    generated("PLC-1.link", "link", device="PLC-1", on_delay_ns=SECOND_NS, off_delay_ns=SECOND_NS),
    generated("PLC-2.link", "link", device="PLC-2", on_delay_ns=SECOND_NS, off_delay_ns=SECOND_NS),
    generated("HS-1.blind.PLC-1", "blind", device="PLC-1", hazard_source="HS-1"),
    generated("HS-1.blind.PLC-2", "blind", device="PLC-2", hazard_source="HS-1"),
    generated("channel.duty", "channel"),
    generated("system.clock_step", "system"),
    generated("system.clock_skew", "system"),
    generated("system.disk", "system"),
)
CHANNELS = (Channel(id="duty", kind="wecom_webhook", url_env="X"), Channel(id="bus", kind="mqtt"))


class Bench:
    """One scanner with everything it needs, driven by hand."""

    def __init__(
        self, definitions: Sequence[AlarmDefinition] = DEFINITIONS, philosophy: Philosophy | None = None
    ) -> None:
        self.clock = ManualClock()
        self.disk = MemoryDisk()
        self.facts = Facts()
        self.inbox = Inbox(TABLE)
        self.publisher = Publisher(self.inbox.wake)
        self.plan = ScanPlan(
            table=TABLE,
            rule_set=compile_rules(RULES, TABLE),
            definitions=tuple(definitions),
            notification=Notification(
                plant="p",
                site_zh="厂",
                site_en="site",
                timezone="Asia/Shanghai",
                console_url="",
                language="zh",
                channels=CHANNELS,
            ),
            start_grace_ns=15 * SECOND_NS,
            philosophy=philosophy or Philosophy(),
        )
        self.scanner = Scanner(self.plan, self.inbox, self.publisher, self.disk, self.clock, self.facts)

    def read(self, values: dict[int, float], device: str = "PLC-1", quality: Quality = Quality.GOOD) -> None:
        """Put one batch in the inbox, received now."""
        self.inbox.put(
            ReadingBatch(
                device=device,
                received_mono_ns=self.clock.mono,
                received_wall_ns=self.clock.wall,
                origin=Origin.LIVE,
                row=np.array(list(values), np.int32),
                value=np.array(list(values.values()), np.float64),
                quality=np.full(len(values), quality, np.uint8),
                status=np.zeros(len(values), np.uint32),
                source_time_ns=np.full(len(values), NO_TIME, np.int64),
            )
        )

    def read_all(self, level: float = 5.0, switch: float = 0.0, pressure: float = 1.0) -> None:
        self.read({LEVEL: level, SWITCH: switch})
        self.read({OTHER: pressure}, "PLC-2")

    def links(self, **states: str) -> None:
        for device, state in states.items():
            status: LinkStatus = FakeLink(device.replace("_", "-"), state)
            self.inbox.link(status)

    def triggers(self) -> list[tuple[str, str]]:
        """(id, trigger) of every committed transition so far."""
        return [(step.id, str(step.trigger)) for commit in self.disk.commits for step in commit.transitions]

    def states(self) -> dict[str, str]:
        return {alarm.id: str(alarm.state) for alarm in self.publisher.view().alarms}


def acknowledge(alarm_id: str, occurrence: int) -> Acknowledge:
    return Acknowledge(id=alarm_id, occurrence=occurrence, person="li", person_name="李国栋", comment="已到现场")
