"""The two frozen values that leave the board: an alarm as it stands, and one step it took."""

from dataclasses import dataclass
from operator import attrgetter
from typing import Any, Final

from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.lifecycle import State, Suppression, Trigger

STRONGEST_FIRST: Final = (Suppression.OUT_OF_SERVICE, Suppression.BY_DESIGN, Suppression.SHELVED)


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionRecord:
    """Why, by whom and until when one alarm is suppressed; `until_wall_ns` None means until revoked."""

    suppression: Suppression
    reason: str
    person: str
    since_wall_ns: int
    until_wall_ns: int | None
    person_name: str = ""
    authorised_by: str = ""
    """The second person, for out of service: id, and the name as it was then."""
    authorised_name: str = ""
    interim: str = ""
    """What watches in the alarm's place while it is out of service."""
    source: str = ""
    """Id of the plant's suppression (`[[suppressions]]`, eclipsing, a device) behind one by design; several may stand."""
    condition: str = ""
    """What has to hold for it, as the plant folder says it."""
    reason_en: str = ""
    """English of a reason that comes from the plant folder; empty where a person wrote it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One row of the board: everything that survives a restart.  Key: plant, id, occurrence."""

    id: str
    state: State
    occurrence: int
    """0 before the first one ever."""
    transition: int
    """Number of the last transition inside this occurrence, from 1; 0 before the first."""
    priority: int
    """Priority now; may be higher (a smaller number) than the definition's."""
    condition_true: bool
    """The last decided condition; UNKNOWN leaves it as it was."""
    unknown: bool
    """The condition cannot be judged now."""
    value: float | None
    limit: float | None
    quality: int
    source_time_ns: int | None
    received_wall_ns: int | None
    raised_wall_ns: int | None
    changed_wall_ns: int | None
    acknowledged_by: str | None
    acknowledged_name: str | None
    acknowledged_wall_ns: int | None
    comment: str
    suppressions: tuple[SuppressionRecord, ...]
    message_key: str
    message_zh: str
    message_en: str
    detail: tuple[str, ...]
    """Names the message lists (blind points)."""
    definition_hash: str
    told: bool = True
    """This occurrence was annunciated at least once (True also where a row of an earlier version does not say it)."""

    @property
    def shown_state(self) -> str:
        """What screens and messages call it: the strongest suppression while one stands, else its state."""
        if not self.suppressions:
            return self.state.value
        standing = {record.suppression for record in self.suppressions}
        return next(suppression.value for suppression in STRONGEST_FIRST if suppression in standing)


_VALUES: Final = attrgetter(*Alarm.__slots__)
_PUT: Final = {name: Alarm.__dict__[name].__set__ for name in Alarm.__slots__}
_PUTS: Final = tuple(_PUT.values())


def altered(alarm: Alarm, **changes: Any) -> Alarm:
    """The row with other values in the fields named; what `dataclasses.replace` does, in a third of its time.

    In a flood this is most of the work of the board, so the fields are copied without the detour over `__init__`.

    :raises KeyError: a row has no such field.
    """
    made = object.__new__(Alarm)
    for put, value in zip(_PUTS, _VALUES(alarm), strict=True):
        put(made, value)
    for name, value in changes.items():
        _PUT[name](made, value)
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One step of one alarm, as the journal keeps it for ever.  Key: plant, id, occurrence, transition."""

    definition: AlarmDefinition
    alarm: Alarm
    """The alarm after the step."""
    trigger: Trigger
    before: State
    after: State
    occurrence: int
    """Of this step; REACTIVATED carries the occurrence it closes."""
    transition: int
    annunciated: bool
    """False under suppression: journaled, but no outbox row and in no figure."""
    decided_wall_ns: int
    person: str | None = None
    person_name: str | None = None
    comment: str = ""
    suppression: SuppressionRecord | None = None
    """The suppression that this step began or ended."""

    @property
    def id(self) -> str:
        """The alarm's id."""
        return self.definition.id

    @property
    def key(self) -> tuple[str, int, int]:
        """(id, occurrence, transition): what no journal may hold twice."""
        return self.definition.id, self.occurrence, self.transition


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmEvent:
    """One journaled transition on its way to screens and retained states."""

    seq: int
    """Its journal row."""
    transition: Transition
    journaled_wall_ns: int
