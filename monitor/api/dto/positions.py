"""`/positions`: operator positions and their horns."""

from monitor.api.dto.base import Dto, Text


class Horn(Dto):
    """The horn of one operator position; `alarms` are those it sounds for."""

    position: str
    sounding: bool
    alarms: list[str]
    silenced_by: str | None
    silenced_at: str | None


class Position(Dto):
    """One operator position: what it owns, who sits there, its horn.  A plant without any has one, `all`."""

    id: str
    name: Text
    hazard_sources: list[str]
    process_units: list[str]
    accounts: list[str]
    roles: list[str]
    mine: bool
    horn: Horn
