"""Whether a value moves towards the limit of an alarm: its last step that was more than noise."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.kinds import KIND_WORDS
from monitor.interlocks.register import Protection
from rules.columns.quality import Quality
from rules.columns.snapshot import Snapshot
from rules.columns.tags import TagTable

EVERY_NS: Final = 10_000_000_000
"""A value is compared with what it was this long ago at least."""
STILL_NS: Final = 600_000_000_000
"""A value without a step for so long stands still: 20 mm in that time is a wide tank that fills by 12 cm an hour."""
LEAST_SHARE: Final = 0.001
"""Of the range: a smaller step is noise, also where the tag resolves more."""


class Approach:
    """Remembers one older value of each tag that a protection watches."""

    def __init__(
        self, protections: Sequence[Protection], definitions: Sequence[AlarmDefinition], table: TagTable
    ) -> None:
        by_id = {definition.id: definition for definition in definitions}
        self._watched: list[tuple[Protection, int, float, float]] = []
        for protection in protections:
            definition = by_id.get(protection.towards)
            if definition is None or definition.tag is None or definition.tag not in table.row_of:
                continue
            row = table.row_of[definition.tag]
            sign = -1.0 if KIND_WORDS[definition.kind].telling == "low" else 1.0
            tag = table.tags[row]
            least = max(tag.resolution, abs(tag.high - tag.low) * LEAST_SHARE)
            self._watched.append((protection, row, sign, least))
        self._before: dict[str, tuple[int, float]] = {}
        self._moves: dict[str, bool] = {}

    def moving(
        self, missing: Mapping[str, tuple[str, ...]], snapshot: Snapshot
    ) -> Iterator[tuple[Protection, tuple[str, ...]]]:
        """The protections with a layer out whose value moves towards its limit, with what is out."""
        for protection, row, sign, least in self._watched:
            value, now_ns = float(snapshot.value[row]), snapshot.mono_ns
            if snapshot.quality[row] != Quality.GOOD:
                self._before.pop(protection.id, None)
                self._moves[protection.id] = False
                continue
            then_ns, then = self._before.setdefault(protection.id, (now_ns, value))
            step, age_ns = sign * (value - then), now_ns - then_ns
            # a step that is not there yet goes on from where it began: slow is not still
            if age_ns >= STILL_NS or (age_ns >= EVERY_NS and abs(step) >= least):
                self._moves[protection.id] = step >= least
                self._before[protection.id] = (now_ns, value)
            if protection.id in missing and self._moves.get(protection.id, False):
                yield protection, missing[protection.id]
