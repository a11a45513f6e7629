"""What the master alarm database says of one alarm (`alarms.csv`, or generated)."""

from dataclasses import dataclass
from operator import attrgetter
from typing import Final

BUILT_IN_CLASSES: Final = ("life_safety", "interlock", "process", "equipment", "system")
AlarmClass = str
"""Id of a class: one of the built-in ones, or one of the plant's own (`[[alarm_classes]]`)."""
AlarmKind = str
"""One of the words of `monitor/alarms/kinds.py`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmDefinition:
    """One alarm as configured.  `generated` ones are not in `alarms.csv` (a row there may change their priority)."""

    id: str
    kind: AlarmKind
    alarm_class: AlarmClass
    priority: int
    """1 (highest) to 4."""
    tag: str | None = None
    device: str | None = None
    interlock: str | None = None
    hazard_source: str | None = None
    process_unit: str | None = None
    equipment: str | None = None
    set_point: float | None = None
    dead_band: float = 0.0
    eu: str = ""
    on_delay_ns: int = 0
    off_delay_ns: int = 0
    latch: bool = False
    generated: bool = False
    subject_zh: str = ""
    """What the alarm is about in words (the tag's description, the interlock's name), for messages."""
    subject_en: str = ""
    cause_zh: str = ""
    cause_en: str = ""
    consequence_zh: str = ""
    consequence_en: str = ""
    response_zh: str = ""
    response_en: str = ""
    time_to_respond_s: float | None = None

    def canonical(self) -> str:
        """Every field in a fixed order; its hash is the definition hash in journal rows."""
        return CANONICAL % _FIELDS(self)


_FIELDS: Final = attrgetter(*AlarmDefinition.__slots__)
CANONICAL: Final = "\x1f".join(f"{name}=%r" for name in AlarmDefinition.__slots__)
"""One template for all: a plant has ten thousand definitions, and each is hashed at every start."""
