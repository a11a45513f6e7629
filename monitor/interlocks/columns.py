"""The register as columns: what one scan needs to judge every interlock at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from monitor.interlocks.register import Interlock
from rules.columns.tags import TagTable
from rules.port import column
from rules.predicates import Condition
from rules.verdicts import Verdict

Rows = npt.NDArray[np.int32]
Places = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Members:
    """What belongs to interlocks, one after the other: member j belongs to interlock `owner[j]`.

    `first` holds the first member of each interlock that has any, `having` these interlocks; `start` (one longer than
    the register) where the members of each begin.
    """

    owner: Places
    start: Places
    first: Places
    having: Places
    row: Rows

    def __len__(self) -> int:
        return int(self.owner.size)

    def of(self, place: int) -> range:
        """The members of one interlock."""
        return range(int(self.start[place]), int(self.start[place + 1]))

    def true_of(self, place: int, conditions: Condition) -> list[int]:
        """The members of one interlock whose condition is TRUE."""
        mine = self.of(place)
        # a list at once: looking at single elements of an array is slow
        found = conditions[mine.start : mine.stop].tolist()
        return [member for member, verdict in zip(mine, found, strict=True) if verdict == Verdict.TRUE]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InterlockColumns:
    """All interlocks of a plant in register order (length n), read-only."""

    ids: tuple[str, ...]
    needed: npt.NDArray[np.int64]
    """m of m-out-of-n."""
    within_ns: npt.NDArray[np.int64]
    """Longest required time of any effect."""
    settle_ns: npt.NDArray[np.int64]
    """Longest scan class period of what belongs to it: causes and effects are not read at one moment."""
    inputs: Members
    input_sign: npt.NDArray[np.float64]
    """+1 high, -1 low, 0 a discrete state."""
    input_point: npt.NDArray[np.float64]
    """sign * trip point, or the state."""
    bits: Members
    bit_state: npt.NDArray[np.float64]
    bit_input: Places
    """The input a bit takes out, -1 where it takes out all of its interlock."""
    outputs: Members
    output_state: npt.NDArray[np.float64]
    output_within_ns: npt.NDArray[np.int64]
    """Required time of each effect."""
    answers: npt.NDArray[np.bool_]
    """It has a trip tag or a feedback: whether it acted can be seen at all."""
    trip: Members
    trip_state: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ids)


def compile_interlocks(interlocks: Sequence[Interlock], table: TagTable) -> InterlockColumns:
    """The columns of a register that passed the plant check.

    :raises KeyError: an interlock names a tag that the table does not have.
    """
    inputs = [list(item.inputs) for item in interlocks]
    bits = [list(item.bypass_bits) for item in interlocks]
    place_of = {
        (owner, cause.tag): place
        for place, (owner, cause) in enumerate((owner, cause) for owner, item in enumerate(inputs) for cause in item)
    }
    signs = {"high": 1.0, "low": -1.0, "state": 0.0}
    flat = [cause for item in inputs for cause in item]
    trips = [[item.trip_tag] if item.trip_tag else [] for item in interlocks]
    return InterlockColumns(
        ids=tuple(item.id for item in interlocks),
        needed=column([item.needed for item in interlocks], np.int64),
        within_ns=column(
            [round(max((output.within_s for output in item.outputs), default=0.0) * 1e9) for item in interlocks],
            np.int64,
        ),
        settle_ns=column([_longest_period_ns(item, table) for item in interlocks], np.int64),
        inputs=_members([[cause.tag for cause in item] for item in inputs], table),
        input_sign=column([signs[cause.sense] for cause in flat], np.float64),
        input_point=column([(signs[cause.sense] or 1.0) * cause.trip_point for cause in flat], np.float64),
        bits=_members([[bit.tag for bit in item] for item in bits], table),
        bit_state=column([bit.bypassed_when for item in bits for bit in item], np.float64),
        bit_input=column(
            [place_of[owner, bit.cause] if bit.cause else -1 for owner, item in enumerate(bits) for bit in item],
            np.intp,
        ),
        outputs=_members([[output.tag for output in item.outputs] for item in interlocks], table),
        output_state=column([output.acted_when for item in interlocks for output in item.outputs], np.float64),
        output_within_ns=column(
            [round(output.within_s * 1e9) for item in interlocks for output in item.outputs], np.int64
        ),
        answers=column([bool(item.outputs or item.trip_tag) for item in interlocks], np.bool_),
        trip=_members([[tag for tag in item if tag] for item in trips], table),
        trip_state=column([_tripped_state(table, tag) for item in trips for tag in item if tag], np.float64),
    )


def _longest_period_ns(interlock: Interlock, table: TagTable) -> int:
    tags = [
        *(cause.tag for cause in interlock.inputs),
        *(output.tag for output in interlock.outputs),
        *([interlock.trip_tag] if interlock.trip_tag else []),
    ]
    return max((int(table.scan_period_ns[table.row_of[tag]]) for tag in tags), default=0)


def _members(tags: Sequence[Sequence[str]], table: TagTable) -> Members:
    counts = [len(item) for item in tags]
    starts = list(accumulate(counts, initial=0))
    having = [place for place, count in enumerate(counts) if count]
    return Members(
        owner=column(np.repeat(np.arange(len(tags)), counts), np.intp),
        start=column(starts, np.intp),
        first=column([starts[place] for place in having], np.intp),
        having=column(having, np.intp),
        row=column([table.row_of[tag] for item in tags for tag in item], np.int32),
    )


def _tripped_state(table: TagTable, tag: str) -> float:
    normal = table.tags[table.row_of[tag]].normal_state
    return 1.0 if normal is None else 1.0 - normal
