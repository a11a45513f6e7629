"""Whether a device that answers is the right one and at work: a register that changes, a register that never does.  Pure."""

import math
from typing import Final

from drivers.modbus.addresses import parse
from drivers.modbus.points import Point
from drivers.modbus.settings import ModbusSettings
from drivers.words import Words
from rules.columns.quality import Quality

_NO_ROW: Final = -1
"""These points are the driver's own: they are no tags and leave it in no batch."""


class Liveness:
    """Judges heartbeat and sentinel of one device; `points` are read with every poll of every scan class."""

    __slots__ = ("_changed_ns", "_heartbeat", "_heartbeat_ns", "_last", "_sentinel", "points", "quality", "words")

    def __init__(self, settings: ModbusSettings) -> None:
        self._heartbeat = settings.heartbeat
        self._heartbeat_ns = round(settings.heartbeat_within_s * 1e9)
        self._sentinel = (settings.sentinel, float(settings.sentinel_value))
        self._last: float | None = None
        self._changed_ns = 0
        self.points = tuple(
            _point(name, address)
            for name, address in (("heartbeat", settings.heartbeat), ("sentinel", settings.sentinel))
            if address
        )
        self.quality = Quality.GOOD
        """The best that can be said of the device's values: GOOD, STALE when it stands still, BAD when it is another one."""
        self.words = Words()
        """What is wrong, for a person."""

    def judge(self, raw: list[float], mono_ns: int) -> None:
        """Take what the points held in a poll (NaN where they were refused), in the order of `points`."""
        found = dict(zip((point.tag for point in self.points), raw, strict=True))
        self.quality, self.words = Quality.GOOD, Words()
        if "sentinel" in found:
            self._look_for(found["sentinel"])
        if "heartbeat" in found and self.quality is Quality.GOOD:
            self._listen(found["heartbeat"], mono_ns)

    def _look_for(self, held: float) -> None:
        address, wanted = self._sentinel
        if held == wanted:
            return
        self.quality = Quality.BAD
        lost = math.isnan(held)
        zh, en = ("读不到", "cannot be read") if lost else (f"为 {held:g}", f"holds {held:g}")
        self.words = Words(
            f"哨兵 {address} {zh}，应为 {wanted:g}：是另一台设备，或寄存器表已变",
            f"sentinel {address} {en} instead of {wanted:g}: another device, or another register map",
        )

    def _listen(self, beat: float, mono_ns: int) -> None:
        if self._last is None or (beat != self._last and not math.isnan(beat)):
            self._last, self._changed_ns = beat, mono_ns
            return
        still_ns = mono_ns - self._changed_ns
        if still_ns > self._heartbeat_ns:
            self.quality = Quality.STALE
            still_s, within_s = still_ns / 1e9, self._heartbeat_ns / 1e9
            self.words = Words(
                f"心跳 {self._heartbeat} 已 {still_s:.1f} s 没有变化（应在 {within_s:g} s 内变化）：设备应答，程序停住了",
                f"heartbeat {self._heartbeat} has not changed for {still_s:.1f} s "
                f"(it must within {within_s:g} s): the device answers, its program stands still",
            )


def _point(name: str, address: str) -> Point:
    place = parse(address)
    is_bit = place.table.is_bits or place.bit is not None
    return Point(name, _NO_ROW, place, "bool" if is_bit else "uint16", "ABCD", 0.0, 1.0, 0.0)
