"""The vessel a rule is about, and the window it looks at."""

from collections.abc import Mapping
from typing import Final

from monitor.plant.kinds.members import TAG
from monitor.plant.kinds.port import Surroundings
from monitor.plant.record import Record
from monitor.plant.site import NS
from rules.columns.tags import Tag
from rules.geometry import METRES, Vessel

DEFAULT_COVERAGE: Final = 0.75
EQUIPMENT = ("设备", "equipment")


def vessel_of(record: Record, tag: Tag, surroundings: Surroundings) -> Vessel | None:
    """Geometry of the equipment that the table names, else of the one its tag belongs to.

    None where it has none, or where the tag is no level (not in a unit of length).
    """
    named = record.text("equipment", required=False) or tag.equipment
    equipment = surroundings.site.equipment.get(named)
    return equipment.vessel if equipment is not None and tag.eu in METRES else None


def window_ns_of(record: Record, default_s: float) -> int:
    """`window_s`; whether it is long enough for its tags the compiler says."""
    found = record.number("window_s", default=default_s, minimum=1, maximum=7 * 86_400)
    return int((default_s if found is None else found) * NS)


def coverage_of(record: Record) -> float:
    """`coverage`: share of the window that good readings must cover."""
    found = record.number("coverage", default=DEFAULT_COVERAGE, minimum=0.1, maximum=1)
    return DEFAULT_COVERAGE if found is None else found


def seconds_ns(record: Record, key: str, default_s: float, maximum_s: float = 86_400) -> int:
    """A time in seconds, as nanoseconds."""
    found = record.number(key, default=default_s, minimum=0, maximum=maximum_s)
    return int((default_s if found is None else found) * NS)


def names_of(record: Record, key: str, tags: Mapping[str, object]) -> tuple[str, ...]:
    """One tag as text or several as a list; unknown ones are reported and left out."""
    value = record.values.get(key)
    names = (value.strip(),) if isinstance(value, str) and value.strip() else () if value == "" else record.texts(key)
    return tuple(name for name in names if record.must_know(key, name, tags, TAG))
