"""Roles as data: who may do what.  Every act carries the person's name, whatever the role."""

from collections.abc import Mapping
from typing import Final, Literal

Permission = Literal["plant.read", "journal.read", "alarm.acknowledge", "alarm.reset", "account.manage"]

READ: Final[frozenset[Permission]] = frozenset({"plant.read", "journal.read"})
OPERATE: Final[frozenset[Permission]] = READ | {"alarm.acknowledge", "alarm.reset"}

ROLES: Final[Mapping[str, frozenset[Permission]]] = {
    "viewer": READ,
    "operator": OPERATE,
    "shift_leader": OPERATE,
    "engineer": OPERATE,
    "safety": READ | {"alarm.acknowledge"},
    "manager": READ | {"alarm.acknowledge"},
    # the first account of a new plant is an admin: somebody must be able to answer on the first day
    "admin": OPERATE | {"account.manage"},
}
"""Role -> permissions; an account with a role that is not here may do nothing."""


def permissions_of(role: str) -> frozenset[Permission]:
    """Permissions of a role; none for an unknown one."""
    return ROLES.get(role, frozenset())
