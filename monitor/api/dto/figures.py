"""`/figures`: how alarms are performing (ISA-18.2, EEMUA 191)."""

from typing import Literal

from monitor.api.dto.base import Dto, Text


class NuisanceAlarm(Dto):
    """One alarm that says too much or nothing any more."""

    id: str
    position: str
    subject: Text
    priority: int
    count: int
    """Chattering: bursts; fleeting: times; stale: times."""
    worst: float
    """Chattering: most annunciations inside the criterion's time; fleeting: shortest s; stale: longest s."""
    first_at: str
    last_at: str
    standing: bool
    """It stands now."""


class NuisanceCriteria(Dto):
    """When an alarm counts as what; `[alarm_performance]` in plant.toml."""

    chattering_count: int
    chattering_within_s: float
    fleeting_within_s: float
    fleeting_alone_s: float
    stale_after_s: float


class Nuisance(Dto):
    """Chattering, fleeting and stale alarms of a period, the worst first."""

    begin: str
    end: str
    criteria: NuisanceCriteria
    chattering: list[NuisanceAlarm]
    fleeting: list[NuisanceAlarm]
    stale: list[NuisanceAlarm]


class Distribution(Dto):
    """Not only an average: averages hide floods.  None where nothing was counted."""

    count: int
    mean: float | None
    p50: float | None
    p90: float | None
    p99: float | None
    maximum: float | None


class TopAlarm(Dto):
    """One of the alarms that come most often."""

    id: str
    subject: Text
    count: int
    share: float
    """Of all annunciations of the position, 0 to 1."""


class JudgedFigure(Dto):
    """One figure against its target."""

    figure: str
    value: float | None
    unit: str
    acceptable: float | None
    """"Very likely acceptable" up to here."""
    manageable: float | None
    """"Maximum manageable" up to here."""
    verdict: Literal["acceptable", "manageable", "beyond", "no_data"]
    source: str
    """Where the target stands."""
    certainty: Literal["found", "configured"]


class Figures(Dto):
    """How the alarms of one operator position performed in a period; only new annunciations are counted."""

    position: str
    days: float
    enough: bool
    """At least 30 days, which the standard asks for as data basis."""
    annunciations: int
    per_10_min: Distribution
    """Over the whole 10-minute intervals of the period."""
    per_hour: Distribution
    hourly: list[int]
    """Annunciations of each hour from `begin` on."""
    peak_10_min: int
    """Most in any 10 minutes, wherever they begin."""
    peak_at: str | None
    floods: int
    flood_s: float
    flood_fraction: float
    top: list[TopAlarm]
    priorities: dict[str, int]
    """"1" to "4" -> annunciations."""
    chattering: int
    fleeting: int
    stale: int
    """Alarms, not times."""
    acknowledge_s: Distribution
    """From the annunciation to the acknowledgement."""
    unacknowledged: int
    """Annunciations that nobody acknowledged inside the period."""
    shelved: int
    suppressed: int
    """By design."""
    out_of_service: int
    judged: list[JudgedFigure]


class FiguresReport(Dto):
    """Every operator position, or the one that was asked for."""

    begin: str
    end: str
    positions: list[Figures]
