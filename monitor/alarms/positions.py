"""Operator positions: which console owns an alarm, and who may answer it there.  Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from monitor.alarms.definition import AlarmDefinition

ROLE_NAMES: Final = ("viewer", "operator", "shift_leader", "engineer", "safety", "manager", "admin")
"""Roles that can sit at a position; what each may do stands in `monitor.api.roles`."""
BOUND_ROLES: Final = frozenset({"operator"})
"""Roles that answer only at their own positions; everybody above answers everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorPosition:
    """One console position with the areas it owns and the accounts (or roles) that sit there."""

    id: str
    name_zh: str
    name_en: str
    hazard_sources: tuple[str, ...] = ()
    process_units: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()


WHOLE_PLANT: Final = OperatorPosition(id="all", name_zh="全厂", name_en="Whole plant")
"""What a plant without `[[operator_positions]]` has: everybody sits there."""


class Positions:
    """Looks up owners and seats; a process unit goes before the hazard source around it."""

    __slots__ = ("_of_source", "_of_unit", "all", "ids")

    def __init__(self, positions: Sequence[OperatorPosition] = ()) -> None:
        self.all = tuple(positions) or (WHOLE_PLANT,)
        self.ids = tuple(position.id for position in self.all)
        self._of_unit = {unit: position.id for position in self.all for unit in position.process_units}
        self._of_source = {source: position.id for position in self.all for source in position.hazard_sources}

    def owner_of(self, definition: AlarmDefinition) -> str | None:
        """Position that owns an alarm; None when it belongs to no area: then it is shown and answered at all."""
        owner = self._of_unit.get(definition.process_unit or "")
        return owner or self._of_source.get(definition.hazard_source or "")

    def heard_at(self, definition: AlarmDefinition) -> tuple[str, ...]:
        """Positions where an alarm is annunciated: its owner, or all."""
        owner = self.owner_of(definition)
        return self.ids if owner is None else (owner,)

    def seats_of(self, username: str, role: str) -> tuple[str, ...]:
        """Positions at which an account sits, by its name or its role."""
        return tuple(
            position.id
            for position in self.all
            if position is WHOLE_PLANT or username in position.accounts or role in position.roles
        )

    def may_answer(self, username: str, role: str, definition: AlarmDefinition) -> bool:
        """Whether this account may give commands to this alarm."""
        owner = self.owner_of(definition)
        return owner is None or role not in BOUND_ROLES or owner in self.seats_of(username, role)

    def may_silence(self, username: str, role: str, position: str) -> bool:
        """Whether this account may silence the horn of this position."""
        return role not in BOUND_ROLES or position in self.seats_of(username, role)
