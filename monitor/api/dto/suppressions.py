"""What keeps an alarm from being told: shelved, out of service, by design."""

from typing import Literal

from monitor.api.dto.base import Dto, Text


class SuppressionDto(Dto):
    """One suppression of one alarm."""

    suppression: Literal["shelved", "by_design", "out_of_service"]
    reason: str
    person: str
    since: str
    until: str | None
    """When it ends by itself; None: when somebody ends it."""
    person_name: str = ""
    authorised_by: str = ""
    """The second person, for out of service: id, and the name as it was then."""
    authorised_name: str = ""
    interim: str = ""
    """What stands in for the alarm while it is out of service (GB/T 41261: interim alarm)."""
    source: str = ""
    """By design: id of the plant's suppression behind it (`GET /suppressions`); several may stand."""
    condition: str = ""
    """By design: what has to hold."""
    reason_en: str = ""
    """English of a reason that comes from the plant folder."""


class SuppressedAlarm(Dto):
    """One alarm that a suppression of the plant keeps silent, or would."""

    id: str
    subject: Text
    kind: str
    priority: int
    underlying_state: str
    is_true: bool
    """Its condition holds although nobody is told."""
    unknown: bool
    value: float | None
    limit: float | None
    eu: str


class DesignSuppression(Dto):
    """One suppression by design as it is now, as of the last committed scan."""

    id: str
    kind: Literal["condition", "parent", "eclipse", "device"]
    condition: str
    """What has to hold, as the plant folder says it."""
    parent: str | None
    """The alarm that has to be TRUE, for all but `condition`."""
    reason: Text
    stands: bool
    verdict: Literal["true", "false", "unknown"]
    """Of the condition now; a parent that is silent itself counts as `false`."""
    since: str | None
    until: str | None
    """When it ends at the latest; None: when its condition ends."""
    ending: bool
    """The condition is no longer TRUE, and the release delay runs."""
    barred: bool
    """It stood for its longest time (or that is not known): it waits for its condition to be false once."""
    explanation: Text
    """Why the condition is what it is, in words and numbers."""
    true_below: int
    """Alarms whose condition holds beneath it."""
    alarms: list[SuppressedAlarm]
