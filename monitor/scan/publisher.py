"""What others see of the scan: the last committed view, a lossless feed of alarm events, and a way to command the board."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from monitor.alarms.commands import Command, CommandRefusedError
from monitor.alarms.transition import Alarm, AlarmEvent
from monitor.hazards.view import View


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


@dataclass(slots=True)
class Waiting:
    """A command on its way to the next scan."""

    command: Command
    answer: "asyncio.Future[Alarm]"


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
        answer: asyncio.Future[Alarm] = asyncio.get_running_loop().create_future()
        self._commands.append(Waiting(command, answer))
        if self._wake is not None:
            self._wake()
        return await answer

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
    def answer(waiting: Waiting, outcome: Alarm | CommandRefusedError) -> None:
        """Tell the person; nobody may be waiting any more (scan only, after the commit)."""
        if waiting.answer.done():
            return
        if isinstance(outcome, CommandRefusedError):
            waiting.answer.set_exception(outcome)
        else:
            waiting.answer.set_result(outcome)
