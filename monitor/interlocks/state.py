"""What the readings say of every interlock now: in service, bypassed or unknown; tripped, not tripped or unknown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from monitor.interlocks.register import Interlock
from rules.columns.snapshot import Snapshot
from rules.columns.tags import TagTable
from rules.predicates import Condition, any_of, in_state
from rules.verdicts import Verdict

Service = Literal["in_service", "bypassed", "unknown"]

_SERVICE: dict[int, Service] = {Verdict.FALSE: "in_service", Verdict.TRUE: "bypassed", Verdict.UNKNOWN: "unknown"}
_TRIPPED: dict[int, bool | None] = {Verdict.FALSE: False, Verdict.TRUE: True, Verdict.UNKNOWN: None}


@dataclass(frozen=True, slots=True, kw_only=True)
class InterlockState:
    """One interlock as far as it is known."""

    id: str
    service: Service
    """An interlock without a readable bypass bit is unknown, not in service."""
    tripped: bool | None
    """None: no trip tag, or it cannot be judged."""
    bypassed_by: tuple[str, ...]
    """Tags of the bits that stand in their bypassed state."""


def judge(interlocks: Sequence[Interlock], table: TagTable, snapshot: Snapshot) -> tuple[InterlockState, ...]:
    """The state of every interlock, in the order given.

    :raises KeyError: an interlock names a tag that the table does not have (the plant check refuses such a plant).
    """
    return tuple(_judge(interlock, table, snapshot) for interlock in interlocks)


def _judge(interlock: Interlock, table: TagTable, snapshot: Snapshot) -> InterlockState:
    service: Service = "unknown"
    bypassed_by: tuple[str, ...] = ()
    if interlock.bypass_bits:
        bits = _conditions([(bit.tag, bit.bypassed_when) for bit in interlock.bypass_bits], table, snapshot)
        service = _SERVICE[int(any_of(bits, np.zeros(1, np.intp))[0][0])]
        pairs = zip(interlock.bypass_bits, bits.tolist(), strict=True)
        bypassed_by = tuple(bit.tag for bit, verdict in pairs if verdict == Verdict.TRUE)
    return InterlockState(
        id=interlock.id, service=service, tripped=_tripped(interlock, table, snapshot), bypassed_by=bypassed_by
    )


def _tripped(interlock: Interlock, table: TagTable, snapshot: Snapshot) -> bool | None:
    if interlock.trip_tag is None:
        return None
    tag = table.tags[table.row_of[interlock.trip_tag]]
    if not tag.discrete:
        return None
    tripped_state = 1 if tag.normal_state is None else 1 - tag.normal_state
    return _TRIPPED[int(_conditions([(interlock.trip_tag, tripped_state)], table, snapshot)[0])]


def _conditions(bits: Sequence[tuple[str, int]], table: TagTable, snapshot: Snapshot) -> Condition:
    rows = np.array([table.row_of[tag] for tag, _ in bits], np.intp)
    states = np.array([state for _, state in bits], np.float64)
    return in_state(snapshot.value[rows], snapshot.quality[rows], states)
