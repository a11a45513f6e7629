"""A small plant: its tags, alarms, devices and people, and two clocks that a test turns."""

from dataclasses import dataclass, replace

import numpy as np

from monitor.alarms.definition import AlarmDefinition
from monitor.api.ports import DeviceCard, PlantCard
from monitor.hazards.source import Chemical, Equipment, HazardSource, ProcessUnit
from monitor.interlocks.register import BypassBit, Cause, Interlock
from monitor.notify.people import Channel, Person
from rules.columns.quality import Quality
from rules.columns.readings import NO_TIME
from rules.columns.snapshot import Snapshot
from rules.columns.tags import Tag, TagTable

WALL_NS = 1_767_225_600_123_000_000
"""2026-01-01T00:00:00.123Z"""
MONO_NS = 10_000_000_000_000


@dataclass
class FakeClock:
    """Two clocks that a test turns."""

    mono: int = MONO_NS
    wall: int = WALL_NS

    def mono_ns(self) -> int:
        return self.mono

    def wall_ns(self) -> int:
        return self.wall

    def advance(self, seconds: float) -> None:
        self.mono += int(seconds * 1e9)
        self.wall += int(seconds * 1e9)


def tag(
    tag_id: str, device: str, *, discrete: bool = False, eu: str = "m", source: str = "HS-1", unit: str = "U-1"
) -> Tag:
    return Tag(
        id=tag_id,
        device=device,
        hazard_source=source,
        process_unit=unit,
        equipment="T-101",
        description_zh=f"{tag_id} 说明",
        description_en=f"{tag_id} description",
        eu="" if discrete else eu,
        low=0.0,
        high=1.0 if discrete else 12.0,
        discrete=discrete,
        normal_state=0 if discrete else None,
        scan_class="fast",
        scan_period_ns=200_000_000,
        resolution=0.01,
    )


TAGS = TagTable(
    [
        replace(tag("LT-101", "PLC-1"), health="PT-101"),
        tag("PT-101", "PLC-1", eu="MPa"),
        tag("LSHH-101", "SIS-1", discrete=True),
        tag("BPS-101", "SIS-1", discrete=True),
        tag("SIS-101.TRIP", "SIS-1", discrete=True),
        tag("AT-201", "PLC-2", eu="%LEL", source="HS-2", unit="U-2"),
    ]
)
DEFINITIONS = (
    AlarmDefinition(
        id="LT-101.HH",
        kind="HH",
        alarm_class="life_safety",
        priority=1,
        tag="LT-101",
        device="PLC-1",
        hazard_source="HS-1",
        process_unit="U-1",
        equipment="T-101",
        set_point=11.0,
        dead_band=0.1,
        eu="m",
        on_delay_ns=500_000_000,
        latch=True,
        subject_zh="1号罐液位",
        subject_en="Tank 1 level",
        cause_zh="进料未停",
        cause_en="filling was not stopped",
        consequence_zh="溢罐",
        consequence_en="overflow",
        response_zh="关闭进料阀",
        response_en="close the inlet valve",
        time_to_respond_s=120.0,
    ),
    AlarmDefinition(
        id="LT-101.H",
        kind="H",
        alarm_class="process",
        priority=3,
        tag="LT-101",
        device="PLC-1",
        hazard_source="HS-1",
        set_point=10.0,
        eu="m",
    ),
    AlarmDefinition(
        id="AT-201.H",
        kind="H",
        alarm_class="life_safety",
        priority=2,
        tag="AT-201",
        device="PLC-2",
        hazard_source="HS-2",
        set_point=25.0,
        eu="%LEL",
    ),
    AlarmDefinition(
        id="SIS-101.bypass",
        kind="bypass",
        alarm_class="interlock",
        priority=1,
        interlock="SIS-101",
        hazard_source="HS-1",
        generated=True,
    ),
    AlarmDefinition(id="PLC-2.link", kind="link", alarm_class="system", priority=2, device="PLC-2", generated=True),
)
PLANT = PlantCard(
    id="demo",
    name_zh="示范罐区",
    name_en="Demo tank farm",
    timezone="Asia/Shanghai",
    language="zh",
    tags=TAGS,
    definitions=DEFINITIONS,
    hazard_sources=tuple(
        HazardSource(
            id=source,
            name_zh=f"{source} 重大危险源",
            name_en=f"hazard source {source}",
            level=level,
            chemicals=(
                Chemical(
                    name_zh="甲醇", name_en="methanol", cas="67-56-1", quantity_t=2000.0, critical_quantity_t=500.0
                ),
            ),
            principal_responsible="zhang",
            technical_responsible="li",
            operation_responsible="wang",
        )
        for source, level in (("HS-1", 2), ("HS-2", 3))
    ),
    process_units=(
        ProcessUnit(id="U-1", name_zh="罐组一", name_en="group 1", hazard_source="HS-1"),
        ProcessUnit(id="U-2", name_zh="罐组二", name_en="group 2", hazard_source="HS-2"),
    ),
    equipment=(
        Equipment(
            id="T-101",
            name_zh="1号罐",
            name_en="tank 1",
            kind="atmospheric_tank",
            process_unit="U-1",
            height_m=12.0,
            overflow_height_m=11.5,
            level_tag="LT-101",
            level_switch_tag="LSHH-101",
        ),
    ),
    interlocks=(
        Interlock(
            id="SIS-101",
            name_zh="1号罐高高液位联锁",
            name_en="tank 1 high-high level interlock",
            hazard_source="HS-1",
            process_unit="U-1",
            interlock_class="B",
            sil=1,
            causes=("LSHH-101",),
            inputs=(Cause(tag="LSHH-101", sense="state", trip_point=1.0),),
            effects=(),
            bypass_bits=(BypassBit(tag="BPS-101", bypassed_when=1),),
            trip_tag="SIS-101.TRIP",
            trip_point=11.2,
            trip_eu="m",
        ),
    ),
    devices=tuple(
        DeviceCard(
            id=device,
            kind=kind,
            name_zh=f"{device} 控制器",
            name_en=f"{device} controller",
            endpoint=endpoint,
            addresses={item.id: f"{item.id}@{device}" for item in TAGS.tags if item.device == device},
        )
        for device, kind, endpoint in (
            ("PLC-1", "opcua", "opc.tcp://127.0.0.1:48400"),
            ("PLC-2", "modbus", "127.0.0.1:15020"),
            ("SIS-1", "modbus", "127.0.0.1:15021"),
        )
    ),
    persons=(
        Person(id="zhang", name_zh="张伟", name_en="Zhang Wei", mobile="13800000001"),
        Person(id="li", name_zh="李娜", name_en="Li Na", mobile="13800000002"),
        Person(id="wang", name_zh="王强", name_en="Wang Qiang"),
    ),
    channels=(Channel(id="wecom", kind="wecom_webhook"), Channel(id="broker", kind="mqtt")),
    history_keep_days=30,
)


def snapshot(**columns: object) -> Snapshot:
    """All good, a level of 5 m; columns by name replace that."""
    count = len(TAGS)
    received = np.full(count, WALL_NS - 100_000_000, np.int64)
    base: dict[str, object] = {
        "value": np.array([5.0, 0.4, 0.0, 0.0, 0.0, 3.0]),
        "quality": np.full(count, Quality.GOOD, np.uint8),
        "status": np.zeros(count, np.uint32),
        "source_time_ns": np.array([WALL_NS - 150_000_000] * 2 + [NO_TIME] * 4, np.int64),
        "received_mono_ns": np.full(count, MONO_NS - 100_000_000, np.int64),
        "received_wall_ns": received,
        "changed": np.ones(count, np.bool_),
    }
    return Snapshot(mono_ns=MONO_NS, wall_ns=WALL_NS, **{**base, **columns})  # type: ignore[arg-type]  # fields by name
