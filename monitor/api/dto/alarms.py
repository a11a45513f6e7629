"""`/alarms`: alarms as they stand, and why."""

from typing import Literal

from pydantic import Field

from monitor.api.dto.base import Dto, Text
from monitor.api.dto.suppressions import SuppressionDto


class Alarm(Dto):
    """One alarm as it stands (design section 10)."""

    id: str
    occurrence: int
    transition: int
    tag: str | None
    device: str | None
    interlock: str | None
    equipment: str | None
    process_unit: str | None
    hazard_source: str | None
    kind: str
    alarm_class: str = Field(alias="class")
    state: str
    """A state, or the strongest suppression while one stands."""
    underlying_state: str
    suppressions: list[SuppressionDto]
    unknown: bool
    priority: int
    definition_priority: int
    value: float | None
    limit: float | None
    eu: str
    raised_at: str | None
    changed_at: str | None
    source_time: str | None
    received_at: str | None
    subject: Text
    message: Text
    detail: list[str]
    acknowledged_by: str | None
    acknowledged_name: str | None
    acknowledged_at: str | None
    comment: str
    position: str | None = None
    """Operator position that owns it; None: nobody's own, shown at every position."""
    shelvable: bool = False
    comment_required: bool = False
    """Acknowledge and reset need a comment."""


class AlarmDetail(Alarm):
    """One alarm with its guidance from the master alarm database."""

    cause: Text
    consequence: Text
    response: Text
    time_to_respond_s: float | None
    set_point: float | None
    dead_band: float
    on_delay_s: float
    off_delay_s: float
    latch: bool
    longest_shelve_s: float = 0.0
    """0: not shelvable."""
    highly_managed: bool = False
    authorised_by_name: bool = False
    """Who authorises a removal from service is only named; else that person enters a password."""
    re_alarm_after_s: float | None = None


class ExplanationFigure(Dto):
    """One number of an explanation."""

    name: Text
    value: float | None
    """None where there is no number."""
    eu: str


class Explanation(Dto):
    """Why an alarm is what it is now, as of the scan at `at`."""

    id: str
    rule: bool
    """False: judged by the service itself (links, blindness, channels, system)."""
    at: str
    verdict: Literal["true", "false", "unknown"]
    """After the delays; `unknown` never clears an alarm."""
    condition: Literal["true", "false", "unknown"]
    """Before the delays."""
    text: Text
    delay: Text
    """What delays, unknown readings and a restart make of the condition; empty when nothing."""
    figures: list[ExplanationFigure]
    inputs: list[str]
    """Tags that decided it."""
    awaiting: list[str]
    """Tags that must be read good once after a restart before `false` is believed."""
