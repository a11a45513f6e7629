"""Reads one OPC UA server, scan class by scan class, for as long as its link holds."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Final, Self

from drivers.bad_items import BadItems
from drivers.errors import MisconfiguredError
from drivers.objections import WrongValueError
from drivers.opcua.certificates import WARN_DAYS
from drivers.opcua.monitoring import Monitoring
from drivers.opcua.plan import ScanClass, plan
from drivers.opcua.polling import Polling
from drivers.opcua.settings import OpcUaSettings, read_settings
from drivers.opcua.stack import status_words
from drivers.opcua.transport import Session
from drivers.port import Address, Clock, Driver, DriverHealth
from drivers.words import Words, joined
from rules.columns.readings import ReadingBatch

_WHOSE: Final = {"our": "本机", "the server's": "服务器", "the user's": "用户"}
_LONGEST_REST_S: Final = 1.0
_DAY_NS: Final = 86_400_000_000_000
_BACK_INSIDE: Final = 0.9
"""Of its bound: a clock on the edge of it must not raise an alarm every second."""


class OpcUaDriver:
    """One session with one server and the scan classes read over it."""

    def __init__(
        self,
        device_id: str,
        settings: OpcUaSettings,
        scan_classes: Sequence[ScanClass],
        bad_items: BadItems,
        clock: Clock,
    ) -> None:
        self._scan_classes = tuple(scan_classes)
        self._session = Session(settings, clock, f"Redline {device_id}")
        self._settings = settings
        self._clock = clock
        self._is_off = False
        self._bad_items = bad_items
        acquisition = Polling if settings.acquisition == "poll" else Monitoring
        self._acquisition: Polling | Monitoring = acquisition(device_id, self._session, settings, scan_classes, clock)

    @property
    def clock_skew_ns(self) -> int | None:
        """Server's clock minus ours; None until the server said its time."""
        return self._session.clock_skew_ns

    def health(self) -> DriverHealth:
        """Tell overruns, round trip of the last scan class read (all its requests together) and what is not as it should be."""
        refused, slow = self._acquisition.refused, self._session.decoding.slow_because
        impairments = (
            Words(f"批量解码与 asyncua 不一致，改为逐个解码（{slow}）", slow) if slow else Words(),
            Words(f"服务器拒绝 {refused} 个点", f"{refused} points are refused by the server") if refused else Words(),
            self._acquisition.trouble,
            self._words_of_skew() if self._clock_is_off() else Words(),
            self._words_of_certificates(),
        )
        return DriverHealth(
            overruns=self._acquisition.overruns,
            round_trip_ms=self._acquisition.round_trip_ms,
            impairment=joined(impairments),
            clock_skew_ns=self.clock_skew_ns,
            clock_is_off=self._is_off,
            bad_items=self._bad_items.items,
        )

    async def __aenter__(self) -> Self:
        """Connect.

        :raises LinkLostError: the server does not answer.
        :raises RefusedError: it does not want us.
        """
        await self._session.__aenter__()
        try:
            await self._acquisition.prepare()
        except BaseException:
            await self._session.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """Close session and socket in bounded time."""
        await self._session.__aexit__(*exc_info)

    async def batches(self) -> AsyncGenerator[ReadingBatch, None]:
        """Yield batches as the settings want them acquired, the first ones at once.

        :raises LinkLostError: the server stopped answering.
        :raises RefusedError: it does not want us any more.
        """
        if not self._scan_classes:
            while True:
                await self._session.rest(_LONGEST_REST_S)
        async with aclosing(self._acquisition.batches()) as batches:
            async for batch in batches:
                self._bad_items.take(batch)
                yield batch

    def _clock_is_off(self) -> bool:
        """Tell whether the server's clock is beyond its bound; once it is, until it is well inside again."""
        bound_s = self._settings.max_clock_skew_s * (_BACK_INSIDE if self._is_off else 1.0)
        self._is_off = abs(self.clock_skew_ns or 0) > bound_s * 1e9
        return self._is_off

    def _words_of_certificates(self) -> Words:
        """Which certificates end soon: once one has ended, the next connection is refused."""
        now_ns = self._clock.wall_ns()
        days = {
            whose: (end_ns - now_ns) // _DAY_NS
            for whose, end_ns in self._session.connection.certificates_end_ns.items()
        }
        return joined(_ending(whose, left) for whose, left in days.items() if left < WARN_DAYS)

    def _words_of_skew(self) -> Words:
        skew_s = (self.clock_skew_ns or 0) / 1e9
        zh, en = ("快", "ahead of") if skew_s > 0 else ("慢", "behind")
        return Words(f"服务器的时钟{zh} {abs(skew_s):.1f} s", f"the server's clock is {abs(skew_s):.1f} s {en} ours")


def _ending(whose: str, days: int) -> Words:
    """That a certificate ends in so many days; `whose` as the connection names them."""
    zh, en = (f"{days} 天后到期", f"ends in {days} days") if days >= 0 else ("已过期", "has ended")
    return Words(f"{_WHOSE[whose]}证书{zh}", f"{whose} certificate {en}")


def open_driver(device_id: str, settings: Mapping[str, object], addresses: Sequence[Address], clock: Clock) -> Driver:
    """Make a driver for one attempt, not entered.

    :raises MisconfiguredError: settings or an address can never work.
    """
    try:
        scan_classes = plan(addresses)
    except WrongValueError as error:
        raise MisconfiguredError(f"{device_id}: {error}", f"{device_id}: {error.zh}") from error
    return OpcUaDriver(device_id, read_settings(settings), scan_classes, BadItems(addresses, status_words), clock)
