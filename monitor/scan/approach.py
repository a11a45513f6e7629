"""Whether a value moves towards the limit of an alarm: its last step that was more than noise."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

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


class _Watched(NamedTuple):
    """One alarm that a protection names."""

    alarm: str
    protection: str
    row: int
    sign: float
    """+1 where its limit lies above, -1 below."""
    least: float
    """A smaller step is noise."""


class Approach:
    """Remembers one older value of the tag of each alarm that a protection names."""

    def __init__(
        self, protections: Sequence[Protection], definitions: Sequence[AlarmDefinition], table: TagTable
    ) -> None:
        by_id = {definition.id: definition for definition in definitions}
        named = [(protection.id, by_id.get(alarm)) for protection in protections for alarm in protection.towards]
        self._watched = [
            _watched(protection, definition, table)
            for protection, definition in named
            if definition is not None and definition.tag is not None and definition.tag in table.row_of
        ]
        self._before: dict[_Watched, tuple[int, float]] = {}
        self._moves: set[_Watched] = set()

    def moving(
        self, missing: Mapping[str, tuple[str, ...]], snapshot: Snapshot
    ) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The alarms whose value moves towards their limit while a layer is out, with what is out."""
        for one in self._watched:
            self._look(one, snapshot)
            if one.protection in missing and one in self._moves:
                yield one.alarm, missing[one.protection]

    def _look(self, one: _Watched, snapshot: Snapshot) -> None:
        value, now_ns = float(snapshot.value[one.row]), snapshot.mono_ns
        if snapshot.quality[one.row] != Quality.GOOD:
            self._before.pop(one, None)
            self._moves.discard(one)
            return
        then_ns, then = self._before.setdefault(one, (now_ns, value))
        step, age_ns = one.sign * (value - then), now_ns - then_ns
        # a step that is not there yet goes on from where it began: slow is not still
        if age_ns >= STILL_NS or (age_ns >= EVERY_NS and abs(step) >= one.least):
            self._before[one] = (now_ns, value)
            (self._moves.add if step >= one.least else self._moves.discard)(one)


def _watched(protection: str, definition: AlarmDefinition, table: TagTable) -> _Watched:
    assert definition.tag is not None
    row = table.row_of[definition.tag]
    tag = table.tags[row]
    return _Watched(
        alarm=definition.id,
        protection=protection,
        row=row,
        sign=-1.0 if KIND_WORDS[definition.kind].telling == "low" else 1.0,
        least=max(tag.resolution, abs(tag.high - tag.low) * LEAST_SHARE),
    )
