"""Roles as data: who may do what.  Every act carries the person's name, whatever the role."""

from collections.abc import Mapping
from typing import Final, Literal

Permission = Literal[
    "plant.read",
    "journal.read",
    "alarm.acknowledge",
    "alarm.reset",
    "alarm.shelve",
    "alarm.out_of_service",
    "alarm.authorise",
    "permit.request",
    "permit.approve",
    "account.manage",
]

READ: Final[frozenset[Permission]] = frozenset({"plant.read", "journal.read"})
OPERATE: Final[frozenset[Permission]] = READ | {
    "alarm.acknowledge",
    "alarm.reset",
    "alarm.shelve",
    "permit.request",
}
LEAD: Final[frozenset[Permission]] = OPERATE | {"alarm.out_of_service", "alarm.authorise", "permit.approve"}
"""`alarm.out_of_service`: take an alarm out of service, and return it; `alarm.authorise`: be the second person for that."""

ROLES: Final[Mapping[str, frozenset[Permission]]] = {
    "viewer": READ,
    "operator": OPERATE,
    "shift_leader": LEAD,
    "engineer": LEAD,
    "safety": READ | {"alarm.acknowledge", "alarm.authorise", "permit.approve"},
    # the leader on duty is in the plant at night too
    "manager": READ | {"alarm.acknowledge", "alarm.authorise", "permit.approve"},
    # the first account of a new plant is an admin: somebody must be able to answer on the first day
    "admin": LEAD | {"account.manage"},
}
"""Role -> permissions; an account with a role that is not here may do nothing."""


def permissions_of(role: str) -> frozenset[Permission]:
    """Permissions of a role; none for an unknown one."""
    return ROLES.get(role, frozenset())
