"""Reads a server by subscription: changes as they come, quiet nodes vouched for, everything read again when in doubt.

The staleness of a node counts from the last message of its subscription: by OPC 10000-4 a message without the node, or a
keep-alive, says that the node was sampled and did not change.  What the server does not watch is polled.
"""

import logging
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from typing import Final, NamedTuple

import numpy as np

from drivers.opcua import wire
from drivers.opcua.image import Image, Places, rounds
from drivers.opcua.plan import ScanClass, joined
from drivers.opcua.prepared import PreparedRead
from drivers.opcua.publishing import Publishing
from drivers.opcua.readings import batch_of
from drivers.opcua.settings import OpcUaSettings
from drivers.opcua.subscription import (
    Arrived,
    Subscription,
    SubscriptionLostError,
    SubscriptionRefusedError,
    Watched,
)
from drivers.opcua.transport import Session
from drivers.port import Clock
from drivers.schedule import Schedule
from drivers.words import Words
from rules.columns.readings import Origin, ReadingBatch

logger = logging.getLogger(__name__)

_LONGEST_REST_S: Final = 1.0
_REBUILD_PAUSE_S: Final = 0.5
_SHORTEST_PUBLISHING_MS: Final = 50.0
_VOUCHED_PERIODS: Final = 2
_VOUCHED_AT_LEAST_S: Final = 0.7
"""Quiet nodes vouched for more rarely than every second period (but at least this) would look stale: they are polled."""
_WITH_INTEGRITY: Final = "subscribe_with_integrity_polls"
_MOST_READS: Final = 16
"""Prepared reads that are kept: one for each scan class and what is read now and then."""
_GRACE_PERIODS: Final = 3
"""So many samplings and publishings after an integrity read, a change that was read must have been told."""


class Monitoring:
    """The nodes of one server, watched over one session; `batches` runs until the link drops."""

    def __init__(
        self, device_id: str, session: Session, settings: OpcUaSettings, scan_classes: Sequence[ScanClass], clock: Clock
    ) -> None:
        self._device_id = device_id
        self._session = session
        self._settings = settings
        self._clock = clock
        self._whole = joined(scan_classes)
        self._period_ns = np.repeat(
            [each.period_ns for each in scan_classes], [len(each.nodes) for each in scan_classes]
        )
        self._periods = tuple(each.period_ns for each in scan_classes)
        count = len(self._whole.nodes)
        self._image = Image(count)
        self._watched = np.zeros(count, np.bool_)
        self._dead_band = np.where(self._whole.discrete, 0.0, self._whole.span * settings.dead_band_percent / 100)
        self._reads: dict[bytes, PreparedRead] = {}
        self._told_ns = [0] * len(self._periods)
        self._subscribed: Subscription | None = None
        self._suspicion: _Suspicion | None = None
        self._integrity_at_ns = 0
        self._troubled_ns = clock.mono_ns()
        self.trouble = Words()
        """Why the server is not simply believed."""
        self.overruns = 0
        self.round_trip_ms = 0.0
        """Of the last read."""
        self.rebuilt = 0
        """How often everything was read again and the subscription made anew."""

    @property
    def refused(self) -> int:
        """Nodes that the server refuses."""
        return wire.refused(self._image.columns(np.arange(len(self._image))).status)

    @property
    def watched(self) -> int:
        """Nodes that the server watches for us."""
        return int(np.count_nonzero(self._watched))

    async def prepare(self) -> None:
        """Nothing: what is read and watched is found as it goes."""

    async def batches(self) -> AsyncGenerator[ReadingBatch, None]:
        """Yield what the server tells and what is read, for as long as the link holds.

        :raises LinkLostError: the server stopped answering.
        :raises RefusedError: it does not want us any more.
        """
        connection, decoding = self._session.connection, self._session.decoding
        async with (
            Publishing(connection, decoding, self._settings.publishes) as publishing,
            aclosing(self._batches(publishing)) as batches,
        ):
            async for batch in batches:
                yield batch

    async def _batches(self, publishing: Publishing) -> AsyncGenerator[ReadingBatch, None]:
        everything = np.arange(len(self._image))
        origin = Origin.LIVE
        while True:
            yield await self._read(everything, origin)
            origin = Origin.REREAD
            try:
                async with Subscription(
                    self._session.connection, publishing, self._clock, self._publishing_ms()
                ) as subscription:
                    await self._watch(subscription)
                    async with aclosing(self._follow(subscription)) as following:
                        async for batch in following:
                            yield batch
            except SubscriptionRefusedError as error:
                self._say(Words(f"无法订阅，改为轮询（{error}）", f"{error}; polled instead"))
                async with aclosing(self._follow(None)) as following:
                    async for batch in following:
                        yield batch
            except SubscriptionLostError as error:
                self.rebuilt += 1
                self._say(Words(f"订阅已重新建立（{error}）", f"the subscription was made anew: {error}"))
                await self._session.rest(_REBUILD_PAUSE_S)

    # --- following ------------------------------------------------------------------------------
    async def _follow(self, subscription: Subscription | None) -> AsyncGenerator[ReadingBatch, None]:
        """Hand over changes at once and every class at its period; without a subscription only until the next attempt."""
        schedule = Schedule(self._periods, self._clock.mono_ns())
        self._integrity_at_ns = self._clock.mono_ns() + self._integrity_ns()
        while True:
            for arrived in subscription.take() if subscription is not None else ():
                for batch in self._changes(arrived):
                    yield batch
            batches = await self._next(schedule, subscription)
            if batches is None:
                return
            for batch in batches:
                yield batch

    async def _next(self, schedule: Schedule, subscription: Subscription | None) -> list[ReadingBatch] | None:
        """Do what is due, or wait for it; None when a subscription is to be tried again."""
        now_ns = self._clock.mono_ns()
        number = schedule.due(now_ns)
        if number is not None:
            batches = await self._tell(number, subscription)
            schedule.done(number, self._clock.mono_ns())
            self.overruns = schedule.overruns
            return batches
        if self._suspicion is not None and now_ns >= self._suspicion.end_ns:
            return await self._judge(self._suspicion)
        if now_ns < self._integrity_at_ns:
            seconds = min((schedule.next_due_ns() - now_ns) / 1e9, _LONGEST_REST_S)
            await (self._session.rest(seconds) if subscription is None else subscription.wait(seconds))
            return []
        if subscription is None:
            return None
        batches = await self._look_again(subscription)
        self._integrity_at_ns = self._clock.mono_ns() + self._integrity_ns()
        return batches

    def _changes(self, arrived: Arrived) -> Iterator[ReadingBatch]:
        """Readings of one message; a node that changed twice in it has two."""
        handle, columns = arrived.publication.handle, arrived.publication.columns
        if handle.size and int(handle.max()) >= len(self._image):
            raise SubscriptionLostError("a change has a ClientHandle that was never given")
        for positions in rounds(handle):
            places = handle[positions].astype(np.intp)
            said = wire.pick(columns, positions)
            self._image.take(places, said, notified=True)
            yield self._batch(places, said, Origin.LIVE, (arrived.mono_ns, arrived.wall_ns))

    async def _tell(self, number: int, subscription: Subscription | None) -> list[ReadingBatch]:
        """Readings of one scan class: what was watched in silence, as of the last message; the others are read."""
        mine = self._period_ns == self._periods[number]
        watched, polled = np.flatnonzero(mine & self._watched), np.flatnonzero(mine & ~self._watched)
        batches = []
        if subscription is not None and watched.size and subscription.heard_mono_ns > self._told_ns[number]:
            heard = subscription.heard_mono_ns, subscription.heard_wall_ns
            self._told_ns[number] = heard[0]
            batches.append(self._batch(watched, self._image.columns(watched), Origin.LIVE, heard))
        if polled.size:
            batches.append(await self._read(polled, Origin.LIVE))
        return batches

    # --- in doubt -------------------------------------------------------------------------------
    async def _look_again(self, subscription: Subscription) -> list[ReadingBatch]:
        """Watch what could not be watched; read what is watched and note what the server has not told of."""
        if self._clock.mono_ns() - self._troubled_ns > self._integrity_ns() / 2:
            self.trouble = Words()
        if not self._prepared(np.arange(len(self._image))).complete:
            await self._session.learn_namespaces()
            self._reads.clear()
        await self._watch(subscription)
        watched = np.flatnonzero(self._watched)
        if self._settings.acquisition != _WITH_INTEGRITY or not watched.size:
            return []
        before = self._image.columns(watched)
        batch = await self._read(watched, Origin.REREAD)
        places = self._image.differing(watched, before, self._dead_band)
        if places.size:
            slowest_ns = int(self._period_ns[places].max()) + round(subscription.keep_alive_s * 1e9)
            end_ns = self._clock.mono_ns() + _GRACE_PERIODS * slowest_ns
            self._suspicion = _Suspicion(places, self._image.columns(places), end_ns)
        return [batch]

    async def _judge(self, suspicion: "_Suspicion") -> list[ReadingBatch]:
        """Read what was read but never told once more: a value that went back between two samplings was no change.

        :raises SubscriptionLostError: the server does not tell all that changes.
        """
        self._suspicion = None
        silent = self._image.silent(suspicion.places)
        if not silent.size:
            return []
        batch = await self._read(silent, Origin.REREAD)
        read = wire.pick(suspicion.read, np.flatnonzero(np.isin(suspicion.places, silent)))
        untold = np.setdiff1d(silent, self._image.differing(silent, read, self._dead_band))
        if untold.size:
            self._dead_band[:] = 0.0  # a server that measures it from sample to sample never tells a slow drift
            raise SubscriptionLostError(f"{untold.size} changes were read but never told")
        return [batch]

    async def _watch(self, subscription: Subscription) -> None:
        """Have the server watch what it does not watch yet; what it refuses is polled, and so is what nobody can decode.

        One such value costs all those that stand behind it in a message: watched, it would have everything read again.
        """
        self._watched &= self._subscribed is subscription
        self._subscribed = subscription
        within_ns = np.maximum(self._period_ns * _VOUCHED_PERIODS, round(_VOUCHED_AT_LEAST_S * 1e9))
        decodable = self._image.columns(np.arange(len(self._image))).status != wire.BAD_DECODING_ERROR
        wanted = np.flatnonzero(~self._watched & decodable & (subscription.keep_alive_s * 1e9 <= within_ns))
        prepared = self._prepared(wanted)
        places = wanted[prepared.known]
        items = [
            Watched(
                handle=place,
                node=node,
                sampling_ms=float(self._period_ns[place]) / 1e6,
                discrete=bool(self._whole.discrete[place]),
                dead_band=float(self._dead_band[place]),
            )
            for place, node in zip(places.tolist(), prepared.wanted, strict=True)
        ]
        status = await subscription.watch(items, self._session.limits)
        self._watched[places[status >> 30 == 0]] = True

    # --- small things ---------------------------------------------------------------------------
    async def _read(self, places: Places, origin: Origin) -> ReadingBatch:
        begun_ns = self._clock.mono_ns()
        columns = await self._session.read(self._prepared(places))
        received_ns = self._clock.mono_ns()
        self.round_trip_ms = (received_ns - begun_ns) / 1e6
        self._image.take(places, columns, notified=False)
        return self._batch(places, columns, origin, (received_ns, self._clock.wall_ns()))

    def _batch(self, places: Places, columns: wire.Columns, origin: Origin, at: tuple[int, int]) -> ReadingBatch:
        part = self._whole.part(places)
        return batch_of(self._device_id, part, columns, mono_ns=at[0], wall_ns=at[1], origin=origin)

    def _prepared(self, places: Places) -> PreparedRead:
        key = places.tobytes()
        if key not in self._reads:
            while len(self._reads) >= _MOST_READS:
                del self._reads[next(iter(self._reads))]
            self._reads[key] = self._session.prepare([self._whole.nodes[place] for place in places.tolist()])
        return self._reads[key]

    def _publishing_ms(self) -> float:
        return max(min(self._periods) / 1e6, _SHORTEST_PUBLISHING_MS)

    def _integrity_ns(self) -> int:
        return round(self._settings.integrity_period_s * 1e9)

    def _say(self, trouble: Words) -> None:
        self.trouble = trouble
        self._troubled_ns = self._clock.mono_ns()
        self._suspicion = None
        self._watched[:] = False
        logger.warning("%s: %s", self._device_id, trouble)


class _Suspicion(NamedTuple):
    """Changes that an integrity read found before the server told them."""

    places: Places
    read: wire.Columns
    end_ns: int
    """Until then the server may still tell them."""
