"""What people say to do with alarms, one or several at once."""

from pydantic import Field

from monitor.api.dto.alarms import Alarm
from monitor.api.dto.base import Dto, Text
from monitor.api.parameters import Moment


class AlarmCommand(Dto):
    """Body of acknowledge and reset; `occurrence` is what the person saw."""

    occurrence: int = Field(ge=1)
    comment: str = Field(default="", max_length=500)


class Shelving(Dto):
    """Body of shelve; `occurrence` is what the person saw, 0 for an alarm that was never raised."""

    occurrence: int = Field(ge=0)
    reason: str = Field(min_length=1, max_length=500)
    duration_s: float = Field(gt=0, le=604_800, allow_inf_nan=False)


class Removal(Dto):
    """Body of remove-from-service; another person than the one who asks authorises it."""

    occurrence: int = Field(ge=0)
    reason: str = Field(min_length=1, max_length=500)
    until: Moment
    authorised_by: str = Field(min_length=1, max_length=64)
    """User name of who authorises it; id of a person where the class says `authorised_by_name`."""
    password: str = Field(default="", max_length=256)
    """Of that account, entered by that person; not needed where the class says `authorised_by_name`."""
    interim: str = Field(min_length=1, max_length=500)
    """What watches in its place meanwhile."""


class Ending(Dto):
    """Body of unshelve and return-to-service; `occurrence` may be left out: ending hides nothing."""

    occurrence: int | None = Field(default=None, ge=0)
    comment: str = Field(default="", max_length=500)


class SeenAlarm(Dto):
    """One occurrence that a person saw."""

    id: str = Field(min_length=1, max_length=64)
    occurrence: int = Field(ge=1)


class GroupCommand(Dto):
    """Body of the group acknowledgement."""

    alarms: list[SeenAlarm] = Field(min_length=1, max_length=500)
    comment: str = Field(default="", max_length=500)


class GroupAnswer(Dto):
    """What became of one alarm of a group: acknowledged, or why not."""

    id: str
    occurrence: int
    acknowledged: bool
    reason: Text | None
    alarm: Alarm | None
