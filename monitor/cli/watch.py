"""`redline watch`: what the service would see of a device, line by line: changed values, and its link."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

from drivers import registry
from drivers.poll import poll
from drivers.port import LinkStatus
from monitor.clock import SystemClock
from monitor.plant.plant import Device
from rules.columns.quality import Quality
from rules.columns.readings import ReadingBatch


def run_watch(
    devices: Sequence[Device], seconds: float, language: str = "zh", say: Callable[[str], None] = print
) -> int:
    """Read devices as the service does for so many seconds (0: until stopped); 0 when any value came, else 1."""
    registry.load(device.kind for device in devices)
    watchers = [Watcher(device, say, language) for device in devices]
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_watch(watchers, seconds))
    return 0 if any(watcher.readings for watcher in watchers) else 1


class Watcher:
    """Takes what one device gives and says what changed."""

    def __init__(self, device: Device, say: Callable[[str], None], language: str = "zh") -> None:
        self.device = device
        self.readings = 0
        """Values that came, changed or not."""
        self._say = say
        self._language = language
        self._name = {address.row: address.tag for address in device.addresses}
        self._seen: dict[int, tuple[str, int, int]] = {}
        self._link = ("", "")

    def put(self, batch: ReadingBatch) -> None:
        """Say every row whose value, quality or status is another than last time."""
        at = _time(batch.received_wall_ns)
        texts = dict(batch.texts)
        self.readings += len(batch)
        columns = (batch.row.tolist(), batch.value.tolist(), batch.quality.tolist(), batch.status.tolist())
        for row, value, quality, status in zip(*columns, strict=True):
            shown = texts.get(row) or ("-" if value != value else f"{value:g}")
            if self._seen.get(row) == (shown, quality, status):
                continue
            self._seen[row] = (shown, quality, status)
            word = "" if quality == Quality.GOOD else f"  {Quality(quality).name.lower()} 0x{status:08X}"
            self._say(f"{at}  {self._name[row]}  {shown}{word}")

    def link(self, status: LinkStatus) -> None:
        """Say the state of the link when it changes, with the last error where it is not up."""
        state = str(status.state)
        error = status.last_error_zh if self._language == "zh" else status.last_error
        now = (state, "" if state == "up" else error)
        if now == self._link or state == "connecting":
            return
        self._link = now
        self._say(f"{_time(status.since_wall_ns)}  {status.device}: {state}{f': {now[1]}' if now[1] else ''}")


async def _watch(watchers: Sequence[Watcher], seconds: float) -> None:
    clock = SystemClock()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds or None), asyncio.TaskGroup() as tasks:
            for watcher in watchers:
                device = watcher.device
                factory = partial(
                    registry.open_driver, device.kind, device.id, device.settings, device.addresses, clock
                )
                tasks.create_task(poll(device.id, factory, watcher, clock), name=f"watch {device.id}")


def _time(wall_ns: int) -> str:
    moment = datetime.fromtimestamp(wall_ns / 1e9, UTC)
    return moment.strftime("%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"
