"""The real alarm board and permit book behind the port of the scan, without a scan."""

import asyncio
from collections.abc import Sequence

import numpy as np

from monitor.alarms.board import Board as AlarmBoard
from monitor.alarms.classes import Philosophy
from monitor.alarms.commands import Command, CommandRefusedError, Silence
from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.horn import Horns, HornState
from monitor.alarms.positions import Positions
from monitor.alarms.transition import Alarm, AlarmEvent, Transition
from monitor.hazards.view import ChannelStatus, View
from monitor.interlocks.permit_commands import PermitCommand
from monitor.interlocks.permits import Permit
from monitor.interlocks.register import Register
from monitor.interlocks.view import BarrierView
from monitor.interlocks.watch import InterlockWatch
from rules.columns.readings import NO_TIME
from rules.columns.snapshot import Snapshot
from rules.verdicts import Evidence, Verdict, Verdicts
from tests.monitor.api.fake_plant import DEFINITIONS, PLANT, WALL_NS, FakeClock, snapshot
from tests.monitor.links import FakeLink as FakeLink


class FakeFeed:
    """A subscription as the port promises it."""

    def __init__(self, board: "FakeBoard") -> None:
        self._board = board
        self.events: list[AlarmEvent] = []
        self.fresh = asyncio.Event()
        self.closed = False

    async def next(self) -> tuple[View, Sequence[AlarmEvent]]:
        await self.fresh.wait()
        self.fresh.clear()
        events, self.events = self.events, []
        return self._board.view(), events

    def close(self) -> None:
        self.closed = True


class FakeBoard:
    """The real alarm board without a scan: a test says what is TRUE, every change is published at once."""

    def __init__(
        self,
        clock: FakeClock,
        definitions: tuple[AlarmDefinition, ...] = DEFINITIONS,
        philosophy: Philosophy | None = None,
    ) -> None:
        self._clock = clock
        self._definitions = definitions
        self.interlocks = InterlockWatch(Register(interlocks=PLANT.interlocks), PLANT.tags)
        self.alarms = AlarmBoard(definitions, philosophy)
        self.horns = Horns(Positions(philosophy.positions if philosophy else ()))
        self.commits: list[int] = []
        """How many transitions each publication held."""
        self.feeds: list[FakeFeed] = []
        self.permits: dict[str, Permit] = {}
        self.seq = 0
        self.stuck = False
        self.true: set[str] = set()
        self.view_fields: dict[str, object] = {
            "snapshot": snapshot(),
            "links": {device.id: FakeLink(device=device.id) for device in PLANT.devices},
            "channels": {
                channel.id: ChannelStatus(
                    channel=channel.id,
                    up=True,
                    refused=False,
                    last_error="",
                    last_accepted_wall_ns=WALL_NS,
                    waiting=0,
                    oldest_waiting_wall_ns=None,
                )
                for channel in PLANT.channels
            },
            "blind": (),
            "plant_differs": False,
        }
        self._view = self._make_view()

    def view(self) -> View:
        return self._view

    def _make_view(self) -> View:
        return View(
            scan=1,
            mono_ns=self._clock.mono,
            wall_ns=self._clock.wall,
            alarms=self.alarms.alarms(),
            horns=self.horns.states(),
            journal_seq=self.seq,
            overruns=0,
            barriers=self._barriers(),
            **self.view_fields,  # type: ignore[arg-type]  # fields by name
        )

    def _barriers(self) -> BarrierView:
        seen = self.view_fields["snapshot"]
        assert isinstance(seen, Snapshot)
        self.interlocks.watch(seen)
        return BarrierView(states=self.interlocks.states, permits=self.interlocks.book.open())

    def subscribe(self) -> FakeFeed:
        feed = FakeFeed(self)
        self.feeds.append(feed)
        return feed

    def publish(self, transitions: Sequence[Transition] = (), **fields: object) -> None:
        """Publish a scan; fields of the view are replaced by name."""
        self.view_fields.update(fields)
        self.horns.hear(transitions)
        self.commits.append(len(transitions))
        events = []
        for transition in transitions:
            self.seq += 1
            events.append(AlarmEvent(seq=self.seq, transition=transition, journaled_wall_ns=self._clock.wall))
        self._view = self._make_view()
        for permit in self.interlocks.book.changed():
            self.permits[permit.id] = permit
        for feed in self.feeds:
            feed.events.extend(events)
            feed.fresh.set()

    def judge(self, *true: str, value: float = 11.5) -> tuple[Transition, ...]:
        """These alarms' conditions are TRUE now, all others FALSE."""
        count = len(self._definitions)
        verdict = np.array([Verdict.TRUE if item.id in true else Verdict.FALSE for item in self._definitions], np.uint8)
        verdicts = Verdicts.dense(
            ids=tuple(item.id for item in self._definitions),
            verdict=verdict,
            condition=verdict.copy(),
            evidence=Evidence(
                value=np.full(count, value),
                limit=np.array([item.set_point or np.nan for item in self._definitions]),
                quality=np.zeros(count, np.uint8),
                source_time_ns=np.full(count, NO_TIME, np.int64),
                received_wall_ns=np.full(count, self._clock.wall, np.int64),
            ),
        )
        transitions = self.alarms.apply(verdicts, self._clock.wall)
        self.publish(transitions)
        return transitions

    async def obey(self, command: Command) -> Alarm:
        if self.stuck:
            await asyncio.Event().wait()
        transition = self.alarms.obey(command, self._clock.wall)
        self.publish([transition])
        return transition.alarm

    async def obey_permit(self, command: PermitCommand) -> Permit:
        if self.stuck:
            await asyncio.Event().wait()
        permit = self.interlocks.book.obey(command, self._clock.wall).permit
        self.publish()
        return permit

    async def obey_all(self, commands: Sequence[Command]) -> list[Alarm | CommandRefusedError]:
        if self.stuck:
            await asyncio.Event().wait()
        transitions: list[Transition] = []
        outcomes: list[Alarm | CommandRefusedError] = []
        for command in commands:
            try:
                transitions.append(self.alarms.obey(command, self._clock.wall))
                outcomes.append(transitions[-1].alarm)
            except CommandRefusedError as refused:
                outcomes.append(refused)
        self.publish(transitions)
        return outcomes

    async def silence(self, command: Silence) -> HornState:
        if self.stuck:
            await asyncio.Event().wait()
        state = self.horns.silence(command, self._clock.wall)
        self.seq += 1
        self.publish()
        return state
