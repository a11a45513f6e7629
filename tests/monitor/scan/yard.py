"""One scanner over the demo plant for tests of interlocks, permits and layers: every scan reads what is not silent."""

import asyncio
import shutil
from collections.abc import Coroutine, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from drivers import registry
from monitor.alarms.commands import Shelve
from monitor.alarms.record import Entry
from monitor.alarms.transition import Alarm
from monitor.app.service import _scan_plan
from monitor.interlocks.permit_commands import Approve, PermitCommand, Request
from monitor.interlocks.permits import Permit
from monitor.interlocks.state import InterlockState
from monitor.interlocks.stored import StoredInterlock
from monitor.plant.folder import read_plant
from monitor.plant.plant import Plant
from monitor.scan.conditions import Facts
from monitor.scan.inbox import Inbox
from monitor.scan.loop import Scanner
from monitor.scan.publisher import Publisher
from rules.columns.quality import Quality
from rules.columns.readings import NO_TIME, Origin, ReadingBatch
from rules.columns.tags import Tag
from tests.monitor.scan.support import SECOND_NS, ManualClock, MemoryDisk

DEMO = Path(__file__).resolve().parents[3] / "monitor" / "plant" / "demo"
SIS = "SIS-101"
Answer = TypeVar("Answer")
GRACE_S = 15
MORE = """
[[protections]]
equipment = "T-101"
hazard_source = "HS-2"
required = 2
transfer = "tag('XV-101I.OPEN') == 1"
towards = ["LT-101A.H", "LT-101A.HH"]
layers = [
  { id = "alarm", name_zh = "报警", alarms = ["LT-101A.HH"] },
  { id = "sis", name_zh = "联锁", interlocks = ["SIS-101"] },
  { id = "valve", name_zh = "切断阀", tags = ["XV-101I.CLOSED"] },
]

[[bypass_limits]]
hazard_source = "HS-2"
most = 1
"""


@cache
def plant_of(folder: Path) -> Plant:
    return read_plant(folder, registry).plant


def barrier_plant_in(folder: Path) -> Plant:
    """The demo plant whose SIS-101 must act within 5 s, and of which a filling T-101 needs two layers."""
    shutil.copytree(DEMO, folder)
    path = folder / "interlocks.toml"
    text = path.read_text(encoding="utf-8")
    effects = 'effects = ["XV-101I.CLOSED"]'
    assert text.count(effects) == 1
    better = 'effects = [{ tag = "XV-101I.CLOSED", acted_when = 1, within_s = 5 }]'
    interlocks, _, protections = text.replace(effects, better).partition("# Independent layers")
    assert "[[protections]]" in protections
    path.write_text(interlocks + MORE, encoding="utf-8")
    return plant_of(folder)


class Yard:
    """One scanner over the plant; every scan reads every device that is not silent."""

    def __init__(self, plant: Plant, before: "Yard | None" = None, wall_step_s: int = 0) -> None:
        """`before`: the run that was killed; `wall_step_s`: how the wall clock was set since."""
        self.plant = plant
        self.clock: ManualClock = before.clock if before else ManualClock()
        self.disk: MemoryDisk = before.disk if before else MemoryDisk()
        self.values: dict[str, float] = before.values if before else _all_calm(plant)
        self.silent: set[str] = set()
        self.inbox = Inbox(plant.tags)
        self.publisher = Publisher(self.inbox.wake)
        self.scanner = Scanner(_scan_plan(plant), self.inbox, self.publisher, self.disk, self.clock, Facts())
        if before:
            kept = before.publisher.view()
            self.scanner.restore(kept.alarms, self.disk.seq)
            self.scanner.restore_permits(before.permits(), len(before.permits()))
            self.clock.wall += wall_step_s * SECOND_NS
        rows = before.remembered().values() if before else ()
        self.scanner.restore_interlocks(tuple(rows), "this boot")

    async def scan(self, after_s: float = 1.0, **values: float) -> None:
        """Time passes, every device answers, one scan."""
        self.clock.pass_s(after_s)
        self.values |= {name.replace("_", "-"): value for name, value in values.items()}
        for device in {tag.device for tag in self.plant.tags.tags} - self.silent:
            self.inbox.put(self._batch(device))
        await self.scanner.scan()

    async def calm(self) -> None:
        """Read everything, and let the start grace pass."""
        for _ in range(3):
            await self.scan(GRACE_S / 2)

    def _batch(self, device: str) -> ReadingBatch:
        rows = [row for row, tag in enumerate(self.plant.tags.tags) if tag.device == device]
        return ReadingBatch(
            device=device,
            received_mono_ns=self.clock.mono,
            received_wall_ns=self.clock.wall,
            origin=Origin.LIVE,
            row=np.array(rows, np.int32),
            value=np.array([self.values[self.plant.tags.ids[row]] for row in rows]),
            quality=np.full(len(rows), Quality.GOOD, np.uint8),
            status=np.zeros(len(rows), np.uint32),
            source_time_ns=np.full(len(rows), NO_TIME, np.int64),
        )

    async def obey(self, command: PermitCommand) -> Permit:
        """What the next scan answers."""
        return await self._answered(self.publisher.obey_permit(command))

    async def shelve(self, alarm_id: str, occurrence: int = 0) -> Alarm:
        """For ten minutes."""
        command = Shelve(
            id=alarm_id, occurrence=occurrence, person="p", person_name="p", comment="校表", duration_ns=600 * SECOND_NS
        )
        return await self._answered(self.publisher.obey(command))

    async def _answered(self, asked: Coroutine[Any, Any, Answer]) -> Answer:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(asked)
            await asyncio.sleep(0)
            await self.scan(0.1)
        return task.result()

    async def permit(self, hours: float = 4.0, bits: Sequence[str] = ("BPS-101",), interlock: str = SIS) -> str:
        """Asked for by the operator, approved by all of the ladder."""
        start = self.clock.wall
        permit = await self.obey(
            Request(
                interlock=interlock, bits=tuple(bits), reason="换浮球", risk="满罐", measures=("监护",),
                start_wall_ns=start, until_wall_ns=start + int(hours * 3600) * SECOND_NS,
                person="operator", person_name="冯涛",
            )
        )  # fmt: skip
        for role in permit.ladder:
            await self.obey(Approve(id=permit.id, person=role, person_name=role, role=role))
        return permit.id

    def permits(self) -> tuple[Permit, ...]:
        return self.publisher.view().barriers.permits

    def state(self, interlock: str = SIS) -> InterlockState:
        return next(state for state in self.publisher.view().barriers.states if state.id == interlock)

    def alarm(self, alarm_id: str) -> Alarm:
        return next(alarm for alarm in self.publisher.view().alarms if alarm.id == alarm_id)

    def stands(self, alarm_id: str) -> bool:
        return self.alarm(alarm_id).condition_true

    def triggers(self, alarm_id: str) -> list[str]:
        return [str(step.trigger) for each in self.disk.commits for step in each.transitions if step.id == alarm_id]

    def remembered(self) -> dict[str, StoredInterlock]:
        """What the disk has of interlocks."""
        found: dict[str, StoredInterlock] = {}
        for row in (row for each in self.disk.commits for row in each.interlocks):
            found[row.id] = row
        return {name: row for name, row in found.items() if row.body is not None}

    def entries(self, kind: str) -> list[Entry]:
        return [entry for each in self.disk.commits for entry in each.entries if entry.kind == kind]

    def told(self) -> list[str]:
        """What the journal says of permits."""
        return [str((entry.values or {})["trigger"]) for entry in self.entries("permit")]


def _all_calm(plant: Plant) -> dict[str, float]:
    """Every tag at a value that demands nothing; trip points as they were approved."""
    approved = {item.trip_point_tag: item.trip_point for item in plant.interlocks}
    return {tag.id: approved.get(tag.id) or _calm(tag) for tag in plant.tags.tags}


def _calm(tag: Tag) -> float:
    """A value that demands nothing: the normal state, or a third of the range."""
    if tag.discrete:
        # the key switches of the emergency stops read 0 when bypassed
        return float(tag.normal_state or (tag.id in ("BPS-901", "BPS-902")))
    return tag.low + (tag.high - tag.low) / 3


def told_changes(entries: Sequence[Entry]) -> list[Mapping[str, Any]]:
    """Every change of an axis that these entries tell."""
    found: list[Mapping[str, Any]] = []
    for entry in entries:
        told = (entry.values or {})["changes"]
        assert isinstance(told, list)
        found += told
    return found


def changes(entries: Sequence[Entry], axis: str) -> list[tuple[str, str]]:
    told = told_changes(entries)
    return [(each["before"], each["after"]) for each in told if each["axis"] == axis and each["interlock"] == SIS]
