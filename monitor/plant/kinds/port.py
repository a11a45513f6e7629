"""What the reader of a rule kind gets and gives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from monitor.interlocks.register import Interlock
from monitor.plant.record import Record
from monitor.plant.site import Site
from monitor.plant.tags import TagRow
from rules.catalog import Delays, Rule
from rules.columns.tags import TagTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a rule may refer to."""

    site: Site
    tags: Mapping[str, TagRow]
    table: TagTable
    """The same tags, as the rules see them."""
    interlocks: Mapping[str, Interlock]
    modes: Mapping[str, str]
    """Mode id -> its condition, as text (`[[modes]]`)."""
    set_points: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """(tag, kind) of the limits of alarms.csv -> set-point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRule:
    """A rule and what its alarm shows beside the texts."""

    rule: Rule
    tag: str | None = None
    """The tag the alarm belongs to: its description, device, hazard source, unit and equipment go with it."""
    set_point: float | None = None
    dead_band: float = 0.0
    eu: str = ""
    latch_default: bool | None = None
    """What `latch` means where the table does not give it; None: what the class says."""
    interlock: str | None = None
    """The interlock the alarm is about: its names, hazard source and unit go with the alarm, before those of the tag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindReader:
    """One word of the key `kind`: the keys it takes beside the common ones, and how it is read."""

    keys: tuple[str, ...]
    read: Callable[[Record, str, Delays, Surroundings], ReadRule | None]
    """(record, id, delays, surroundings); mistakes go to the record; None where nothing useful could be read."""
