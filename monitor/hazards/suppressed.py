"""What is suppressed by design now, and why: as of the last committed scan, explained only when somebody asks."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitor.alarms.design_suppression import DesignSuppression, Standing
from rules.language.conditions import ConditionColumns
from rules.port import NO_STATE, Moment, State


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Suppressed:
    """Every suppression of the plant with what it is now; `all` and `now` are parallel."""

    all: tuple[DesignSuppression, ...] = ()
    now: tuple[Standing, ...] = ()
    conditions: ConditionColumns | None = None
    place: Mapping[int, int] = field(default_factory=dict)
    """Place of a suppression with a condition of its own -> its place in `conditions`."""
    moment: Moment | None = None
    state: State = field(default_factory=lambda: NO_STATE)

    def explain(self, at: int) -> tuple[str, str]:
        """Why the condition of suppression `at` is what it is now (zh, en); empty where another alarm decides."""
        place = self.place.get(at)
        if place is None or self.conditions is None or self.moment is None:
            return "", ""
        return self.conditions.explain(place, self.moment, self.state)
