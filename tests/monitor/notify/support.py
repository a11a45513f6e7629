"""Alarms, transitions and rows to push, and an outbox in memory that keeps the promises of the port."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.lifecycle import QUIET, State, Trigger
from monitor.alarms.transition import Alarm, Transition
from monitor.hazards.view import ChannelStatus
from monitor.notify.people import Channel, Notification
from monitor.notify.policy import decide
from monitor.notify.row import OutboxRow, Status, Supersede

WALL = 1_795_314_909_000_000_000  # 2026-11-22 10:35:09 in Shanghai
SECOND = 1_000_000_000

WECOM = Channel(id="duty", kind="wecom_webhook", url_env="REDLINE_TEST_WECOM", mention=("@all",))
MQTT = Channel(id="bus", kind="mqtt")


def notification(*channels: Channel, **changes: Any) -> Notification:
    base = Notification(
        plant="demo",
        site_zh="滨海罐区",
        site_en="Binhai tank farm",
        timezone="Asia/Shanghai",
        console_url="http://127.0.0.1:8000",
        language="zh",
        channels=channels,
        hazard_source_names={"HS-1": ("液化烃球罐区", "LPG spheres")},
    )
    return replace(base, **changes)


def definition(id: str = "LT-101A.HH", **changes: Any) -> AlarmDefinition:
    values: dict[str, Any] = {
        "id": id,
        "kind": "HH",
        "alarm_class": "process",
        "priority": 1,
        "tag": id.split(".")[0],
        "hazard_source": "HS-1",
        "set_point": 12.0,
        "eu": "m",
        "subject_zh": "101 球罐液位",
        "subject_en": "Sphere 101 level",
        "response_zh": "立即停止进料，现场确认液位",
        "response_en": "Stop filling, check the level on site",
    }
    return AlarmDefinition(**(values | changes))


def alarm(of: AlarmDefinition, state: State = State.UNACKNOWLEDGED, occurrence: int = 1, **changes: Any) -> Alarm:
    values: dict[str, Any] = {
        "id": of.id,
        "state": state,
        "occurrence": occurrence,
        "transition": 1,
        "priority": of.priority,
        "condition_true": state == State.UNACKNOWLEDGED,
        "unknown": False,
        "value": 12.35,
        "limit": of.set_point,
        "quality": 0,
        "source_time_ns": WALL - SECOND,
        "received_wall_ns": WALL - SECOND // 2,
        "raised_wall_ns": WALL,
        "changed_wall_ns": WALL,
        "acknowledged_by": None,
        "acknowledged_name": None,
        "acknowledged_wall_ns": None,
        "comment": "",
        "suppressions": (),
        "message_key": "limit",
        "message_zh": f"{of.id} 高高",
        "message_en": f"{of.id} high-high",
        "detail": (),
        "definition_hash": "",
    }
    return Alarm(**(values | changes))


AFTER = {
    Trigger.RAISED: (State.NORMAL, State.UNACKNOWLEDGED),
    Trigger.UNSUPPRESSED: (State.UNACKNOWLEDGED, State.UNACKNOWLEDGED),
    Trigger.RETURNED: (State.UNACKNOWLEDGED, State.RETURNED_UNACKNOWLEDGED),
    Trigger.RETURNED_LATCHED: (State.UNACKNOWLEDGED, State.LATCHED_UNACKNOWLEDGED),
    Trigger.RETURNED_UNTOLD: (State.UNACKNOWLEDGED, State.NORMAL),
    Trigger.ACKNOWLEDGED: (State.UNACKNOWLEDGED, State.ACKNOWLEDGED),
    Trigger.RESET: (State.LATCHED_ACKNOWLEDGED, State.NORMAL),
    Trigger.REACTIVATED: (State.RETURNED_UNACKNOWLEDGED, State.NORMAL),
    Trigger.DEFINITION_REMOVED: (State.UNACKNOWLEDGED, State.NORMAL),
    Trigger.DEFINITION_CHANGED: (State.UNACKNOWLEDGED, State.NORMAL),
    Trigger.RE_ALARMED: (State.ACKNOWLEDGED, State.UNACKNOWLEDGED),
    Trigger.PRIORITY_RAISED: (State.UNACKNOWLEDGED, State.UNACKNOWLEDGED),
    **dict.fromkeys(QUIET, (State.UNACKNOWLEDGED, State.UNACKNOWLEDGED)),
}


def step(
    trigger: Trigger = Trigger.RAISED,
    of: AlarmDefinition | None = None,
    occurrence: int = 1,
    transition: int = 1,
    annunciated: bool = True,
    **alarm_changes: Any,
) -> Transition:
    of = of or definition()
    before, after = AFTER[trigger]
    by_person = trigger in {Trigger.ACKNOWLEDGED, Trigger.RESET}
    return Transition(
        definition=of,
        alarm=alarm(of, after, occurrence, transition=transition, **alarm_changes),
        trigger=trigger,
        before=before,
        after=after,
        occurrence=occurrence,
        transition=transition,
        annunciated=annunciated,
        decided_wall_ns=WALL + (transition - 1) * 60 * SECOND,
        person="zhang" if by_person else None,
        person_name="张三" if by_person else None,
        comment="现场已处置" if by_person else "",
    )


class MemoryOutbox:
    """What the store promises, without a disk; `die` is a kill and the start after it."""

    def __init__(self) -> None:
        self.rows: dict[int, OutboxRow] = {}
        self.marks: list[tuple[Status, tuple[int, ...]]] = []
        self._seq = 0
        self._stored: dict[str, asyncio.Event] = {}

    def add(self, rows: Sequence[OutboxRow], supersedes: Sequence[Supersede] = ()) -> None:
        for supersede in supersedes:
            for seq, row in self.rows.items():
                same = (row.id, row.occurrence) == (supersede.id, supersede.occurrence)
                open_row = row.status in {Status.WAITING, Status.IN_FLIGHT}
                if same and open_row and row.purpose in supersede.purposes:
                    self.rows[seq] = replace(row, status=Status.SUPERSEDED)
        for row in rows:
            assert row.key not in {known.key for known in self.rows.values()}, f"{row.key} is stored twice"
            self._seq += 1
            self.rows[self._seq] = replace(row, seq=self._seq)
            self._event(row.channel).set()

    def commit(self, transitions: Sequence[Transition], to: Notification, wall_ns: int) -> None:
        self.add(*decide(transitions, to, wall_ns))

    def die(self) -> None:
        for seq, row in self.rows.items():
            if row.status == Status.IN_FLIGHT:
                self.rows[seq] = replace(row, status=Status.WAITING)

    async def due(self, channel: str, wall_ns: int, limit: int) -> list[OutboxRow]:
        rows = [row for row in self._waiting(channel) if row.due_wall_ns <= wall_ns and row.status == Status.WAITING]
        return sorted(rows, key=lambda row: (row.priority, row.due_wall_ns, row.seq))[:limit]

    async def mark(
        self,
        rows: Sequence[OutboxRow],
        status: Status,
        wall_ns: int,
        error: str = "",
        follow_up: Sequence[OutboxRow] = (),
    ) -> None:
        self.marks.append((status, tuple(row.seq for row in rows)))
        alive = set()
        for row in rows:
            now = self.rows[row.seq]
            if now.status == Status.SUPERSEDED:
                continue
            alive.add((row.id, row.occurrence, row.transition, row.purpose, row.repeat + 1))
            now = replace(now, status=status, last_error=error)
            if status == Status.IN_FLIGHT:
                now = replace(now, attempts=now.attempts + 1, sent_wall_ns=wall_ns)
            if status == Status.ACCEPTED:
                now = replace(now, accepted_wall_ns=wall_ns)
            self.rows[row.seq] = now
        self.add(
            [row for row in follow_up if (row.id, row.occurrence, row.transition, row.purpose, row.repeat) in alive]
        )

    async def waiting(self, channel: str) -> tuple[int, int | None]:
        rows = self._waiting(channel)
        return len(rows), min((row.due_wall_ns for row in rows), default=None)

    async def wait_for_rows(self, channel: str, timeout_s: float) -> bool:
        event = self._event(channel)
        try:
            async with asyncio.timeout(timeout_s):  # wait_for of Python 3.11 can swallow a cancellation
                await event.wait()
        except TimeoutError:
            return False
        event.clear()
        return True

    def of(self, status: Status) -> list[OutboxRow]:
        return [row for row in self.rows.values() if row.status == status]

    def _waiting(self, channel: str) -> list[OutboxRow]:
        open_statuses = {Status.WAITING, Status.IN_FLIGHT}
        return [row for row in self.rows.values() if row.channel == channel and row.status in open_statuses]

    def _event(self, channel: str) -> asyncio.Event:
        return self._stored.setdefault(channel, asyncio.Event())


NOTHING_TOLD = ChannelStatus(
    channel="",
    up=True,
    refused=False,
    last_error="",
    last_accepted_wall_ns=None,
    waiting=-1,
    oldest_waiting_wall_ns=None,
)


class Statuses:
    """Every state that a channel told."""

    def __init__(self) -> None:
        self.told: list[ChannelStatus] = []

    def __call__(self, status: ChannelStatus) -> None:
        self.told.append(status)

    @property
    def last(self) -> ChannelStatus:
        return self.told[-1] if self.told else NOTHING_TOLD
