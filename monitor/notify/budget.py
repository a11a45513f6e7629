"""How many messages a rate-limited channel may still send, and which rows the next one carries.  Pure."""

from collections import deque
from collections.abc import Sequence
from typing import Final

from monitor.notify.row import OutboxRow

WINDOW_NS: Final = 60_000_000_000
URGENT_PER_DIGEST: Final = 10
"""Priority 1 alarms in one message when even they are more than the minute allows: each is still named in words."""


class Budget:
    """A sliding 60 s window with a share that only priority 1 may use and a share for digests.

    Of 18 a minute, the last 6 are for priority 1; of the other 12, 3 are for digests at least 20 s apart, so that a flood
    of lesser alarms waits 20 s for its digest, not for the whole minute.
    """

    def __init__(self, messages_per_minute: int) -> None:
        self._total = max(1, messages_per_minute)
        self._urgent_share = self._total // 3
        self._digests = max(1, self._total // 5)
        self._spent: deque[int] = deque()
        self._last_digest_ns: int | None = None

    def spend(self, mono_ns: int, *, digest: bool) -> None:
        """One message was answered (or given up) at this moment, which is not before it arrived there."""
        self._spent.append(mono_ns)
        if digest:
            self._last_digest_ns = mono_ns

    def urgent_room(self, mono_ns: int) -> int:
        """Messages left for priority 1."""
        while self._spent and self._spent[0] <= mono_ns - WINDOW_NS:
            self._spent.popleft()
        return self._total - len(self._spent)

    def single_room(self, mono_ns: int) -> int:
        """Messages left for lesser alarms that go out one by one."""
        return max(0, self.urgent_room(mono_ns) - self._urgent_share - self._digests)

    def digest_allowed(self, mono_ns: int) -> bool:
        """Whether a digest of lesser alarms may go out now."""
        if self.urgent_room(mono_ns) <= self._urgent_share:
            return False
        return self._last_digest_ns is None or mono_ns - self._last_digest_ns >= WINDOW_NS // self._digests


def choose(rows: Sequence[OutboxRow], budget: Budget, mono_ns: int, most: int) -> tuple[OutboxRow, ...]:
    """The rows of the next message (rows in priority, then age); empty when the budget wants to wait.

    Rows of one occurrence go together.  `most` bounds the occurrences of one message.
    """
    groups: dict[tuple[str, int], list[OutboxRow]] = {}
    for row in rows:
        groups.setdefault((row.id, row.occurrence), []).append(row)
    urgent = [group for group in groups.values() if min(row.priority for row in group) == 1]
    lesser = [group for group in groups.values() if min(row.priority for row in group) > 1]
    if urgent and (room := budget.urgent_room(mono_ns)):
        return _flat(urgent[:1] if len(urgent) <= room else urgent[: min(most, URGENT_PER_DIGEST)])
    if urgent or not lesser:
        return ()
    if len(lesser) <= budget.single_room(mono_ns):
        return _flat(lesser[:1])
    return _flat(lesser[:most]) if budget.digest_allowed(mono_ns) else ()


def _flat(groups: Sequence[Sequence[OutboxRow]]) -> tuple[OutboxRow, ...]:
    return tuple(row for group in groups for row in group)
