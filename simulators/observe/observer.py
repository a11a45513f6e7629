"""Watches the monitor from outside and, when asked to, plays the incident and answers as an operator would."""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

from simulators.observe.connections import Api, Logs, ObserverError, Received
from simulators.observe.timeline import Seen, Timeline

SWITCH_ALARM: Final = "LSHH-101.state"
BYPASS_ALARM: Final = "SIS-101.bypass"
MUST_HAVE: Final = (SWITCH_ALARM, BYPASS_ALARM)
HAND_S: Final = 1.5
"""From seeing an alarm to the click, for an operator who was waiting for it."""
LOOK_S: Final = 0.5
COMMENT: Final = "已确认，现场正在关闭进料阀"

Told = Callable[[str, Seen], None]
"""Called with "alarm" or "push" when one is complete enough to be shown."""


class Observer:
    """One watching; `follow` never ends, `play` ends with the incident."""

    def __init__(self, api: Api, logs: Logs, events: asyncio.Queue[Received], tell: Told) -> None:
        self._api = api
        self._logs = logs
        self._events = events
        self._tell = tell
        self._since_wall_ns = time.time_ns()
        self._pushes_before = 0
        self._told: set[tuple[str, int]] = set()
        self._listening = asyncio.Event()
        self._answers = False
        self.timeline = Timeline()

    async def follow(self) -> None:
        """Watch for ever.

        :raises ObserverError: something that is watched ended.
        """
        await self._prepare()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._stream(tasks))
            tasks.create_task(self._mqtt())
            tasks.create_task(self._look())

    async def play(self, within_s: float) -> None:
        """Play the incident once, answer it, and watch until every stage was seen or the time is over.

        :raises ObserverError: something that is watched ended, or the incident cannot be played.
        """
        await self._prepare()
        self._answers = True
        async with asyncio.TaskGroup() as tasks:
            watching = [
                tasks.create_task(self._stream(tasks)),
                tasks.create_task(self._mqtt()),
                tasks.create_task(self._look()),
            ]
            await self._listening.wait()
            self._since_wall_ns = time.time_ns()
            if await self._logs.command("/incident/buncefield") != 202:
                raise ObserverError("the incident cannot be played: another one is playing")
            await self._until_over(within_s)
            for task in watching:
                task.cancel()
        await self._read_logs()

    async def _prepare(self) -> None:
        interlocks = await self._api.get("/interlocks")
        self.timeline.tags_of_interlock = {item["id"]: tuple(item["bypass_bits"]) for item in interlocks}
        self._pushes_before = len(await self._logs.wecom())

    async def _until_over(self, within_s: float) -> None:
        deadline = time.monotonic() + within_s
        while time.monotonic() < deadline:
            await asyncio.sleep(LOOK_S)
            found = [self.timeline.occurrence_of(alarm_id) for alarm_id in MUST_HAVE]
            complete = all(seen is not None and not seen.missing() for seen in found)
            if complete and await self._logs.incident() is None:
                return

    async def _stream(self, tasks: asyncio.TaskGroup) -> None:
        async for message, received_ns in self._api.stream():
            if message["type"] == "alarms":
                self._listening.set()
            elif message["type"] == "alarm":
                seen = self.timeline.stream_event(message, received_ns)
                if seen is not None and message["trigger"] == "raised":
                    tasks.create_task(self._begun(seen))

    async def _begun(self, seen: Seen) -> None:
        detail: dict[str, Any] = await self._api.get(f"/alarms/{seen.id}")
        seen.on_delay_s = float(detail["on_delay_s"])
        await self._read_plant_log()
        self._tell("alarm", seen)
        if not self._answers:
            return
        await asyncio.sleep(HAND_S)
        await self._api.acknowledge(seen.id, seen.occurrence, COMMENT)
        if seen.id == SWITCH_ALARM:
            await self._logs.command("/incident/buncefield/answer")

    async def _mqtt(self) -> None:
        while True:
            self.timeline.mqtt_event(*await self._events.get())

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            await self._read_logs()

    async def _read_logs(self) -> None:
        await self._read_plant_log()
        for seen in self.timeline.wecom_log((await self._logs.wecom())[self._pushes_before :]):
            if seen.key not in self._told:
                self._told.add(seen.key)
                self._tell("push", seen)

    async def _read_plant_log(self) -> None:
        self.timeline.plant_log(await self._logs.plant(self._since_wall_ns))
