"""What every rule kind provides: the engine knows kinds through this and nothing else.

A kind is three things in one module: a frozen dataclass derived from `Rule` (what the plant folder says), a `Kind` that
finds its mistakes and compiles it, and a `Group` (all rules of the kind as columns) that judges them together.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Literal, Protocol, Self, TypeVar, runtime_checkable

import numpy as np
import numpy.typing as npt

from rules.columns.snapshot import Snapshot
from rules.columns.tags import TagTable
from rules.errors import RuleError

State = Mapping[str, npt.NDArray[Any]]
"""What a group remembers: named arrays whose first axis is the rule (its place in the group); read-only.

Arrays named `*_mono_ns` are moments of mono time (NEVER where there is none), `*_wall_ns` of wall time; the engine moves
the former when it restores a stored memory.  All else is taken over as it is, rule by rule, so one rule's row may depend
on nothing but this rule.
"""
NEVER: int = -(2**63)
"""In `*_mono_ns` arrays: no such moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """On-delay counts while TRUE, off-delay while FALSE (design: three-valued logic)."""

    on_delay_ns: int = 0
    off_delay_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule as the plant folder says it.  `id` is the id of the alarm (or condition) that it judges."""

    id: str
    delays: Delays = Delays()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moment:
    """What a group may look at: the columns of one snapshot (length n), or of a block of them (shape t, n).

    Index as `moment.value[..., rows]`, so that a group without memory can be judged for a block of time at once.
    """

    mono_ns: int
    """Now; of a block: the last sweep."""
    wall_ns: int
    start_mono_ns: int
    """When the memory began."""
    tag_ids: tuple[str, ...]
    value: npt.NDArray[np.float64]
    quality: npt.NDArray[np.uint8]
    status: npt.NDArray[np.uint32]
    source_time_ns: npt.NDArray[np.int64]
    received_mono_ns: npt.NDArray[np.int64]

    @classmethod
    def of(cls, snapshot: Snapshot, tag_ids: tuple[str, ...], start_mono_ns: int, mono_ns: int) -> "Moment":
        """The snapshot as groups see it, at `mono_ns`."""
        return cls(
            mono_ns=mono_ns,
            wall_ns=snapshot.wall_ns,
            start_mono_ns=start_mono_ns,
            tag_ids=tag_ids,
            value=snapshot.value,
            quality=snapshot.quality,
            status=snapshot.status,
            source_time_ns=snapshot.source_time_ns,
            received_mono_ns=snapshot.received_mono_ns,
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """What a group says of its m rules; columns of length m (of a block: shape t, m)."""

    condition: npt.NDArray[np.uint8]
    """uint8 of Verdict, before the delays."""
    value: npt.NDArray[np.float64]
    """What was judged, in the unit of the alarm; NaN where there is no number."""
    limit: npt.NDArray[np.float64]
    """What it was compared with; NaN where there is none."""
    row: npt.NDArray[np.int32]
    """The tag that decided: its quality and its times go with the alarm."""
    state: State
    due_ns: int | None = None
    """First mono time after now at which a condition may change although nothing is read."""
    detail: tuple[tuple[int, tuple[str, ...]], ...] = ()
    """(place in the group, names) of TRUE rules that carry a list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One number of an explanation: what it is, how much, in which unit."""

    zh: str
    en: str
    value: float
    eu: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a rule is TRUE, FALSE or UNKNOWN now, in words and numbers."""

    condition: int
    """Verdict of the condition, before the delays."""
    zh: str
    en: str
    figures: tuple[Figure, ...] = ()
    inputs: tuple[str, ...] = field(default=())
    """Tags that decided it."""


class Group(Protocol):
    """All rules of one kind as parallel columns of length m; frozen, all columns read-only."""

    @property
    def position(self) -> npt.NDArray[np.intp]:
        """Of each rule in the rule set, ascending."""

    @property
    def timeless(self) -> bool:
        """True where a condition follows from the moment (and `active`) alone: a block may be judged at once."""

    def inputs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """(place in the group, row): one pair for every tag that a rule reads."""

    def fresh(self, mono_ns: int) -> State:
        """Nothing was seen yet."""

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """Judge all rules; `active` (m): the last decided verdict, for dead bands, which act on return only.

        Pure: neither the moment nor the state is changed.  Twice at one moment gives the same, and the same state.
        """

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """Why rule `place` is what it is, from the state that the last judgement left."""


BandEnd = Literal["nothing", "silence", "slot"]
"""nothing else; slot: a later one is read (`look_ns`); silence: the last read is too old (`silent_ns`, `watched`), and neither
value nor quality ends it."""
FOREVER: Final = 2**62
"""In `Band`: no such time."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Band:
    """What readings may do without changing any condition or state (the no-change band); columns of length m.

    Nothing changes while the quality stays, low <= value <= high, the last read is no older than `silent_ns` and was
    received before `look_ns`.  Where the quality is unusable the value does not matter.  Too narrow a band costs time, too
    wide is wrong.
    """

    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    silent_ns: npt.NDArray[np.int64] | None = None
    look_ns: npt.NDArray[np.int64] | None = None
    watched: npt.NDArray[np.bool_] | None = None
    """Any other received time may change something."""


@runtime_checkable
class PointGroup(Group, Protocol):
    """A group each of whose rules reads one tag: judged only where a reading leaves its band."""

    @property
    def row(self) -> npt.NDArray[np.int32]:
        """The tag of each rule (m)."""

    @property
    def ends(self) -> BandEnd:
        """What ends a band beside another value or quality; the arrays of its bands follow from it."""

    def at(self, places: npt.NDArray[np.intp]) -> Self:
        """The rules at these places only; the state that goes with them is taken the same way."""

    def band(self, moment: Moment, active: npt.NDArray[np.bool_], judged: Judged) -> Band:
        """Where nothing changes, seen from this moment; `judged` is what the group said at it.

        `active` makes a condition stay TRUE longer and nothing else, so that a band holds on when TRUE or FALSE is decided.
        """


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JointBand:
    """What the inputs of rules over several tags may do together without changing a condition, a detail or a state.

    Of every input: the quality stays, low <= value <= high (any value where the quality is unusable), received before
    `look_ns`; and the mono time is before `until_ns`.  Columns in the order of `inputs()`, `until_ns` of length m.  Too
    narrow costs time, too wide is wrong.  NaN as `low` is no band: the rule is judged at every evaluation.
    """

    low: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    look_ns: npt.NDArray[np.int64] | None = None
    until_ns: npt.NDArray[np.int64] | None = None


@runtime_checkable
class JointGroup(Group, Protocol):
    """A group whose rules have bands over all their inputs: a rule is judged only where one of its inputs left its band.

    Within a rule the order of `inputs()` is always the same, whatever rules stand beside it.
    """

    def at(self, places: npt.NDArray[np.intp]) -> Self:
        """The rules at these places (ascending) only; the state that goes with them is taken the same way."""

    def joint_band(self, moment: Moment, active: npt.NDArray[np.bool_], judged: Judged) -> JointBand:
        """Where nothing changes, seen from this moment while the decisions stay; `judged` is what the group said at it."""


R = TypeVar("R", bound=Rule, contravariant=True)


class Kind(Protocol[R]):
    """A rule kind: finds the mistakes of its rules and turns them into one group."""

    version: ClassVar[int]
    """Of the state of its group; a stored state of another version is not taken over."""
    settles: ClassVar[bool]
    """True: a rule over several tags is TRUE only after the longest scan class period of its inputs, which are not read
    at one moment."""

    def errors(self, rule: R, table: TagTable) -> Iterator[RuleError]:
        """Every mistake of one rule."""

    def set_errors(self, rules: Sequence[R], table: TagTable) -> Iterator[RuleError]:
        """Every mistake between rules of the kind (LL < L < H < HH)."""

    def group(self, rules: Sequence[tuple[int, R]], table: TagTable) -> Group:
        """All rules (position in the rule set, rule) as columns; they have no mistakes."""


@runtime_checkable
class QuickKind(Protocol[R]):
    """A kind with so many rules that their mistakes are looked for in columns first."""

    def flawless(self, rules: Sequence[R], table: TagTable) -> bool:
        """True where columns show that no rule has a mistake, alone or beside others; False: each is asked."""


S = TypeVar("S", bound=np.generic)


def column(values: Sequence[float] | Sequence[Sequence[float]] | npt.NDArray[Any], dtype: type[S]) -> npt.NDArray[S]:
    """A read-only column."""
    made = np.array(values, dtype)
    made.flags.writeable = False
    return made


def frozen(**arrays: npt.NDArray[Any]) -> State:
    """A state whose arrays can no longer be written."""
    for array in arrays.values():
        array.flags.writeable = False
    return arrays


NO_STATE: State = {}
