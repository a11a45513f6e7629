"""Alarm classes: what may be done with the alarms of a class, and what follows when nobody does anything (ISA-18.2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from monitor.alarms.definition import BUILT_IN_CLASSES
from monitor.alarms.positions import OperatorPosition

HOUR_NS: Final = 3_600_000_000_000
LONGEST_SHELVE_NS: Final = 8 * HOUR_NS
"""One shift, unless the class says otherwise."""
CAREFUL: Final = frozenset({"life_safety", "interlock"})
"""What kills people and what stops it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmClassRules:
    """The rules of one class."""

    id: str
    shelvable: bool = True
    suppressible: bool = True
    """The plant may suppress its alarms by design (conditions, eclipsing, parents)."""
    longest_shelve_ns: int = LONGEST_SHELVE_NS
    comment_required: bool = False
    """Acknowledge and reset need words, not only a name."""
    re_alarm_after_ns: int | None = None
    """An acknowledged alarm that still stands is annunciated again after this."""
    raise_priority_after_ns: int | None = None
    """An unacknowledged alarm rises one priority after this, and again, up to 1."""
    highly_managed: bool = False
    """Never shelved, never suppressed by design; every command needs a comment."""
    authorised_by_name: bool = False
    """Who authorises a removal from service is only named; else the second person logs in for it."""
    latch_default: bool = False
    """What an empty cell `latch` in alarms.csv means."""

    @property
    def may_be_shelved(self) -> bool:
        """Whether the class lets its alarms be shelved at all."""
        return self.shelvable and not self.highly_managed

    @property
    def may_be_suppressed(self) -> bool:
        """Whether logic of the plant may keep its alarms silent: never what kills people, stops it or is highly managed."""
        return self.suppressible and not self.highly_managed

    @property
    def needs_comment(self) -> bool:
        """Whether acknowledge and reset need a comment."""
        return self.comment_required or self.highly_managed


def _built_in(class_id: str) -> AlarmClassRules:
    careful = class_id in CAREFUL
    return AlarmClassRules(id=class_id, shelvable=not careful, suppressible=not careful)


BUILT_IN: Final[Mapping[str, AlarmClassRules]] = MappingProxyType(
    {class_id: _built_in(class_id) for class_id in BUILT_IN_CLASSES}
)
"""The five classes as they are when plant.toml says nothing: what kills people and what stops it are neither shelved nor
suppressed by design."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShelvingLimits:
    """How much may be shelved at once in the whole plant."""

    most_at_once: int = 30
    most_risk: float = 60.0
    """Sum of the weights of all shelved alarms."""
    weights: tuple[float, float, float, float] = (10.0, 5.0, 2.0, 1.0)
    """Risk of one shelved alarm of priority 1 to 4."""

    def weight(self, priority: int) -> float:
        """Risk of one shelved alarm of this priority."""
        return self.weights[min(max(priority, 1), 4) - 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Philosophy:
    """The plant's alarm philosophy as far as it is rules: classes, limits of shelving, operator positions."""

    classes: Mapping[str, AlarmClassRules] = field(default_factory=lambda: BUILT_IN)
    shelving: ShelvingLimits = field(default_factory=ShelvingLimits)
    positions: tuple[OperatorPosition, ...] = ()

    def rules_of(self, alarm_class: str) -> AlarmClassRules:
        """Rules of a class; one that is unknown (a definition that is gone) is neither shelved nor suppressed."""
        return self.classes.get(alarm_class) or AlarmClassRules(id=alarm_class, shelvable=False, suppressible=False)
