"""Suppression by design in the whole scan: a dead device is one alarm, not three hundred; nothing is told twice."""

from dataclasses import replace

import numpy as np
import pytest

from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.design_suppression import DesignSuppression
from monitor.alarms.transition import Alarm
from monitor.notify.people import Notification
from monitor.scan.conditions import Facts
from monitor.scan.inbox import Inbox
from monitor.scan.loop import Scanner
from monitor.scan.plan import ScanPlan
from monitor.scan.publisher import Publisher
from rules.catalog import BadQuality, Delays, Limit, NoUpdate, Rule
from rules.columns.quality import Quality
from rules.columns.readings import NO_TIME, Origin, ReadingBatch
from rules.columns.tags import TagTable
from rules.compile import compile_rules
from rules.language.conditions import ConditionColumns, parse_condition
from tests.monitor.links import FakeLink
from tests.monitor.scan.support import SECOND_NS, ManualClock, MemoryDisk, generated, tag

GAUGES = 300
NAMES = tuple(f"LT-{number}" for number in range(GAUGES))
TABLE = TagTable([*(tag(name, "PLC-1") for name in NAMES), tag("EMPTY", "PLC-2", discrete=True)])
EMPTY = GAUGES
RULES: tuple[Rule, ...] = (
    *(BadQuality(id=f"{name}.bad", tag=name) for name in NAMES),
    *(NoUpdate(id=f"{name}.no_update", tag=name, after_ns=2 * SECOND_NS) for name in NAMES),
    Limit(id="LT-0.L", tag="LT-0", kind="L", set_point=1.0, delays=Delays()),
)
LINKS = tuple(
    generated(f"{device}.link", "link", device=device, on_delay_ns=SECOND_NS, off_delay_ns=SECOND_NS)
    for device in ("PLC-1", "PLC-2")
)
BLIND = tuple(
    generated(f"HS-1.blind.{device}", "blind", device=device, hazard_source="HS-1") for device in ("PLC-1", "PLC-2")
)


def definition(rule: Rule) -> AlarmDefinition:
    name, _, kind = rule.id.rpartition(".")
    return AlarmDefinition(
        id=rule.id, kind=kind, alarm_class="equipment", priority=3, tag=name, device="PLC-1", hazard_source="HS-1"
    )


DEFINITIONS = (*(definition(rule) for rule in RULES), *LINKS, *BLIND)
DEVICE = DesignSuppression(
    id="device.PLC-1",
    kind="device",
    parent="PLC-1.link",
    alarms=tuple(rule.id for rule in RULES[:-1]),
    reason_zh="设备失效",
    reason_en="device is dead",
    off_delay_ns=2 * SECOND_NS,
)
TANK_EMPTY = DesignSuppression(
    id="empty", kind="condition", when="tag('EMPTY') == 1", alarms=("LT-0.L",), reason_zh="罐空", reason_en="empty"
)


class Bench:
    """The scanner of a plant with three hundred gauges on one device, driven by hand."""

    def __init__(self, *suppressions: DesignSuppression) -> None:
        self.clock, self.disk, self.facts = ManualClock(), MemoryDisk(), Facts()
        self.board: dict[str, Alarm] = {}
        parsed = [parse_condition(item.when, TABLE) for item in suppressions if item.when]
        self.plan = ScanPlan(
            table=TABLE,
            rule_set=compile_rules(RULES, TABLE),
            definitions=DEFINITIONS,
            notification=Notification(
                plant="p", site_zh="厂", site_en="site", timezone="Asia/Shanghai", console_url="", language="zh"
            ),
            start_grace_ns=15 * SECOND_NS,
            suppressions=suppressions,
            suppression_conditions=ConditionColumns.of(parsed, TABLE) if parsed else None,
        )
        self.start()

    def start(self) -> None:
        """A new process: what the disk holds is all it knows."""
        for commit in self.disk.commits:
            self.board |= {alarm.id: alarm for alarm in commit.alarms}
        self.disk.commits.clear()
        self.inbox = Inbox(TABLE)
        self.publisher = Publisher(self.inbox.wake)
        self.scanner = Scanner(self.plan, self.inbox, self.publisher, self.disk, self.clock, self.facts)
        self.scanner.restore(tuple(self.board.values()), 0)
        for device in ("PLC-1", "PLC-2"):
            self.inbox.link(FakeLink(device=device, state="up"))

    def read(self, value: float, quality: Quality = Quality.GOOD, gauges: int = GAUGES, empty: float = 0.0) -> None:
        for device, rows, values in (("PLC-1", range(gauges), [value] * gauges), ("PLC-2", [EMPTY], [empty])):
            count = len(values)
            self.inbox.put(
                ReadingBatch(
                    device=device,
                    received_mono_ns=self.clock.mono,
                    received_wall_ns=self.clock.wall,
                    origin=Origin.LIVE,
                    row=np.array(list(rows), np.int32),
                    value=np.array(values),
                    quality=np.full(count, quality if device == "PLC-1" else Quality.GOOD, np.uint8),
                    status=np.zeros(count, np.uint32),
                    source_time_ns=np.full(count, NO_TIME, np.int64),
                )
            )

    async def told(self, seconds: float = 0.0) -> list[str]:
        """One scan; what was announced in it."""
        self.clock.pass_s(seconds)
        await self.scanner.scan()
        steps = [step for commit in self.disk.commits for step in commit.transitions]
        for commit in self.disk.commits:
            self.board |= {alarm.id: alarm for alarm in commit.alarms}
        self.disk.commits.clear()
        self.written = len(steps)
        return [f"{step.id} {step.trigger}" for step in steps if step.annunciated]

    def suppressed(self) -> list[str]:
        now = self.publisher.view().suppressed
        return [item.id for item, standing in zip(now.all, now.now, strict=True) if standing.stands]


async def test_a_device_that_answers_nothing_usable_is_one_alarm_not_three_hundred() -> None:
    bench = Bench(DEVICE)
    bench.read(5.0)
    assert await bench.told() == []
    bench.read(float("nan"), Quality.BAD)
    assert await bench.told(0.2) == ["HS-1.blind.PLC-1 raised"]
    assert bench.suppressed() == ["device.PLC-1"], "at once, although the link alarm has an on-delay"
    bench.read(float("nan"), Quality.BAD)
    assert await bench.told(1.0) == ["PLC-1.link raised"]
    assert bench.board["PLC-1.link"].detail == ("BAD 300/300",)
    assert "BAD 300/300" in bench.board["PLC-1.link"].message_zh
    bench.read(5.0)
    assert await bench.told(0.2) == ["HS-1.blind.PLC-1 returned"]
    bench.read(5.0)
    assert await bench.told(1.0) == ["PLC-1.link returned"]
    bench.read(5.0)
    assert await bench.told(1.0) == []
    assert bench.suppressed() == []
    assert not any(alarm.suppressions for alarm in bench.board.values())


async def test_without_it_every_gauge_speaks() -> None:
    bench = Bench()
    bench.read(5.0)
    await bench.told()
    bench.read(float("nan"), Quality.BAD)
    assert len(await bench.told(0.2)) == GAUGES + 1


async def test_a_silent_device_is_told_once_and_writes_no_line_for_its_bad_alarms() -> None:
    bench = Bench(DEVICE)
    bench.read(5.0)
    await bench.told()
    bench.inbox.link(FakeLink(device="PLC-1", state="down"))
    assert await bench.told(0.2) == []
    assert bench.written == 0
    told = []
    for _ in range(6):
        bench.read(5.0, gauges=0)
        told += await bench.told(1.0)
    assert told == ["PLC-1.link raised", "HS-1.blind.PLC-1 raised"]
    # every no_update was raised in silence
    silent = [alarm for alarm in bench.board.values() if alarm.suppressions]
    assert {alarm.id for alarm in silent} == {f"{name}.no_update" for name in NAMES}


@pytest.mark.parametrize(("gauges", "link"), [(4, False), (149, False), (150, True)])
async def test_fewer_bad_points_are_told_one_by_one(gauges: int, link: bool) -> None:
    bench = Bench(DEVICE)
    bench.read(5.0)
    await bench.told()
    bench.read(float("nan"), Quality.BAD, gauges=gauges)
    told = await bench.told(0.2)
    assert len(told) == (1 if link else gauges + 1)


async def test_a_dead_device_over_a_restart_makes_no_storm() -> None:
    bench = Bench(DEVICE)
    bench.read(5.0)
    await bench.told()
    bench.read(float("nan"), Quality.BAD)
    await bench.told(0.2)
    bench.read(float("nan"), Quality.BAD)
    await bench.told(1.0)
    bench.start()
    assert await bench.told(1.0) == []
    assert bench.written == 0
    assert bench.suppressed() == ["device.PLC-1"]
    bench.read(float("nan"), Quality.BAD, gauges=100)
    assert await bench.told(0.5) == [], "the other two hundred may still turn out to be bad"
    assert bench.written == 0
    bench.read(float("nan"), Quality.BAD)
    assert await bench.told(0.5) == []
    assert bench.written == 0


async def test_a_gauge_that_stays_bad_is_told_when_its_device_is_back() -> None:
    bench = Bench(DEVICE)
    bench.read(5.0)
    await bench.told()
    bench.read(float("nan"), Quality.BAD)
    await bench.told(0.2)
    bench.read(5.0)
    bench.read(float("nan"), Quality.BAD, gauges=1)
    assert "LT-0.bad unsuppressed" not in await bench.told(0.2)
    bench.read(float("nan"), Quality.BAD, gauges=1)
    assert "LT-0.bad unsuppressed" in await bench.told(2.0)


async def test_a_condition_is_judged_on_the_snapshot_of_its_scan() -> None:
    bench = Bench(TANK_EMPTY)
    bench.read(5.0)
    await bench.told()
    bench.read(0.0, empty=1.0)
    assert await bench.told(0.2) == []
    assert bench.suppressed() == ["empty"]
    shown = bench.publisher.view().suppressed
    assert "EMPTY" in shown.explain(0)[0]
    bench.read(0.0, empty=0.0)
    assert await bench.told(0.2) == ["LT-0.L unsuppressed"]


async def test_nothing_of_it_reaches_the_outbox() -> None:
    bench = Bench(TANK_EMPTY)
    bench.read(5.0)
    await bench.told()
    bench.read(0.0, empty=1.0)
    bench.clock.pass_s(0.2)
    await bench.scanner.scan()
    (commit,) = bench.disk.commits
    assert [str(step.trigger) for step in commit.transitions] == ["suppressed", "raised"]
    assert commit.outbox == ()
    assert [alarm.suppressions[0].source for alarm in commit.alarms] == ["empty"]


async def test_after_its_longest_time_it_ends_and_is_told() -> None:
    bench = Bench(replace(TANK_EMPTY, maximum_ns=30 * SECOND_NS))
    bench.read(5.0)
    await bench.told()
    bench.read(0.0, empty=1.0)
    await bench.told(0.2)
    assert bench.suppressed() == ["empty"]
    bench.clock.pass_s(30.0)
    bench.read(0.0, empty=1.0)
    assert await bench.told() == ["LT-0.L unsuppressed"]
    assert bench.suppressed() == []


async def test_the_link_alarm_lists_how_many_points_are_bad_now() -> None:
    bench = Bench(DEVICE)
    bench.read(5.0)
    await bench.told()
    bench.read(float("nan"), Quality.BAD, gauges=200)
    await bench.told(0.2)
    bench.read(float("nan"), Quality.BAD, gauges=200)
    assert "PLC-1.link raised" in await bench.told(1.0)
    assert bench.board["PLC-1.link"].detail == ("BAD 200/300",)
    bench.read(float("nan"), Quality.BAD)
    for _ in range(10):  # a scan shows some fifty of the rows that moved
        await bench.told(0.02)
    (link,) = (alarm for alarm in bench.publisher.view().alarms if alarm.id == "PLC-1.link")
    assert (link.detail, link.value) == (("BAD 300/300",), 300.0)
