"""What others see of the scan: the last committed view, a lossless feed of alarm events, and a way to command the board."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from monitor.alarms.commands import Command, CommandRefusedError, Silence
from monitor.alarms.horn import HornState
from monitor.alarms.transition import Alarm, AlarmEvent
from monitor.hazards.view import View
from monitor.interlocks.permit_commands import PermitCommand
from monitor.interlocks.permits import Permit


class Feed:
    """One subscriber: every event since its last call, and the newest view."""

    def __init__(self, publisher: "Publisher") -> None:
        self._publisher = publisher
        self._events: list[AlarmEvent] = []
        self._fresh = asyncio.Event()

    async def next(self) -> tuple[View, Sequence[AlarmEvent]]:
        """Wait for the next published scan."""
        await self._fresh.wait()
        self._fresh.clear()
        events, self._events = self._events, []
        return self._publisher.view(), events

    def close(self) -> None:
        """Stop being fed."""
        self._publisher.forget(self)

    def take(self, events: Sequence[AlarmEvent]) -> None:
        """Called by the publisher after each commit."""
        self._events.extend(events)
        self._fresh.set()


Outcome = Alarm | HornState | Permit | CommandRefusedError
"""What becomes of a command."""


@dataclass(slots=True)
class Waiting:
    """A command on its way to the next scan."""

    command: Command | Silence | PermitCommand
    answer: "asyncio.Future[Outcome]"


class Publisher:
    """Holds what is committed; the scan is its only writer."""

    def __init__(self, wake: Callable[[], None] | None = None) -> None:
        self._view: View | None = None
        self._feeds: list[Feed] = []
        self._commands: list[Waiting] = []
        self._ready = asyncio.Event()
        self._wake = wake

    def view(self) -> View:
        """The plant as of the last committed scan.

        :raises RuntimeError: asked before the first scan; wait for `ready` first.
        """
        if self._view is None:
            raise RuntimeError("no scan was committed yet: await ready() first")
        return self._view

    async def ready(self) -> None:
        """Return after the first commit."""
        await self._ready.wait()

    def subscribe(self) -> Feed:
        """Feed a new subscriber from now on."""
        feed = Feed(self)
        self._feeds.append(feed)
        return feed

    def forget(self, feed: Feed) -> None:
        """Stop feeding one subscriber."""
        if feed in self._feeds:
            self._feeds.remove(feed)

    async def obey(self, command: Command) -> Alarm:
        """Have the next scan carry out a command; returns after it is on disk.

        :raises CommandRefusedError: the board refuses; nothing was changed.
        """
        (outcome,) = await self.obey_all((command,))
        if isinstance(outcome, CommandRefusedError):
            raise outcome
        return outcome

    async def obey_all(self, commands: Sequence[Command]) -> list[Alarm | CommandRefusedError]:
        """Have the next scan carry out several commands in one commit; each is answered for itself, on disk."""
        outcomes = [await answer for answer in self._ask(commands)]
        return [outcome for outcome in outcomes if not isinstance(outcome, HornState | Permit)]

    async def obey_permit(self, command: PermitCommand) -> Permit:
        """Have the next scan carry out what a person asks of permits; returns after it is on disk.

        :raises CommandRefusedError: it is not allowed; nothing was changed.
        """
        (answer,) = self._ask((command,))
        outcome = await answer
        if isinstance(outcome, CommandRefusedError):
            raise outcome
        assert isinstance(outcome, Permit)
        return outcome

    async def silence(self, command: Silence) -> HornState:
        """Have the next scan silence a horn; returns after it is on disk.

        :raises CommandRefusedError: there is no such position.
        """
        (answer,) = self._ask((command,))
        outcome = await answer
        if isinstance(outcome, CommandRefusedError):
            raise outcome
        assert isinstance(outcome, HornState)
        return outcome

    def _ask(self, commands: Sequence[Command | Silence | PermitCommand]) -> "list[asyncio.Future[Outcome]]":
        loop = asyncio.get_running_loop()
        waiting = [Waiting(command, loop.create_future()) for command in commands]
        self._commands += waiting
        if self._wake is not None:
            self._wake()
        return [item.answer for item in waiting]

    def commands(self) -> list[Waiting]:
        """Take the waiting commands (scan only)."""
        commands, self._commands = self._commands, []
        return commands

    def publish(self, view: View, events: Sequence[AlarmEvent]) -> None:
        """Replace the view and feed every subscriber (scan only, after the commit)."""
        self._view = view
        self._ready.set()
        for feed in tuple(self._feeds):
            feed.take(events)

    @staticmethod
    def answer(waiting: Waiting, outcome: Outcome) -> None:
        """Tell the person; nobody may be waiting any more (scan only, after the commit)."""
        if not waiting.answer.done():
            waiting.answer.set_result(outcome)
