"""All interlocks at one moment: readings and permits in, the three axes out.  Whole columns, no loop over interlocks."""

from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
import numpy.typing as npt

from monitor.interlocks.axes import SERVICE, Action, Cover, Seen, Service, Voting, action_of
from monitor.interlocks.columns import InterlockColumns, Members
from monitor.interlocks.memory import InterlockMemory, due_ns, remembered
from rules.columns.quality import Quality, is_usable
from rules.columns.snapshot import Snapshot
from rules.port import NEVER
from rules.predicates import Condition, any_of, decide, in_state
from rules.verdicts import Verdict

SERVICES: Final = tuple(Service)
ACTIONS: Final = tuple(Action)
VOTINGS: Final = tuple(Voting)
COVERS: Final = tuple(Cover)
"""Codes in columns are places in these."""
Codes = npt.NDArray[np.uint8]

_TRUE, _FALSE, _UNKNOWN = np.uint8(Verdict.TRUE), np.uint8(Verdict.FALSE), np.uint8(Verdict.UNKNOWN)
_NOT: Final = np.array([Verdict.TRUE, Verdict.FALSE, Verdict.UNKNOWN], np.uint8)
"""Verdict -> its opposite."""
_SERVICE_OF: Final = np.array(
    [[SERVICES.index(SERVICE[verdict, cover]) for cover in COVERS] for verdict in Verdict], np.uint8
)


def _action_codes() -> npt.NDArray[np.uint8]:
    codes = np.zeros((3, 3, 3, 2, 2, 2), np.uint8)
    for row in product(Verdict, Verdict, Verdict, (False, True), (False, True), (False, True)):
        codes[tuple(int(part) for part in row)] = ACTIONS.index(action_of(Seen(*row)))
    return codes


_ACTION_OF: Final = _action_codes()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judgement:
    """Every interlock at one moment (length n, read-only); codes are places in SERVICES, ACTIONS, VOTINGS."""

    service: Codes
    action: Codes
    voting: Codes
    bypassed: Condition
    demand: Condition
    tripped: Condition
    bits: Condition
    """Of every bypass bit, in the order of the columns."""
    inputs: Condition
    """Of every cause: does it demand the trip."""
    outputs: Condition
    """Of every effect: has it acted."""
    stuck: npt.NDArray[np.bool_]
    """Of every effect: it is read not to have acted although it tripped longer ago than its own required time."""
    due_ns: int | None
    """When a demand that nothing answered becomes late, if nothing is read."""


def judge(
    columns: InterlockColumns, snapshot: Snapshot, cover: Codes, memory: InterlockMemory
) -> tuple[Judgement, InterlockMemory]:
    """Judge every interlock; `cover` (n) is what the permits say of each (places in COVERS)."""
    inputs = _inputs(columns, snapshot)
    bits = in_state(snapshot.value[columns.bits.row], snapshot.quality[columns.bits.row], columns.bit_state)
    bypassed = _any(columns.bits, bits, len(columns))
    demand = _votes(columns, inputs)
    outputs = in_state(snapshot.value[columns.outputs.row], snapshot.quality[columns.outputs.row], columns.output_state)
    unmoved = _any(columns.outputs, _NOT[outputs], len(columns))
    tripped = _tripped(columns, snapshot, unmoved)
    seen, never_seen = (demand, tripped, bypassed), _never_seen(columns, snapshot, demand, tripped, memory)
    after, late, settling = remembered(columns, seen, never_seen, memory, snapshot.mono_ns)
    # cause and effect are not read at one moment: a trip is spurious only when no cause came after it either
    caused = after.caused | settling
    # what was demanded is demanded until it is read to be over
    demanded = np.where((demand == _UNKNOWN) & (after.demand_mono_ns != NEVER), _TRUE, demand)
    met = np.where((bypassed == _UNKNOWN) & after.withheld, _TRUE, bypassed)
    moves_until_ns, is_stuck = _moving(columns, outputs, tripped, after, snapshot.mono_ns)
    stuck = _sum(columns.outputs, is_stuck, len(columns)) > 0
    judgement = Judgement(
        service=_frozen(_SERVICE_OF[bypassed, cover]),
        action=_frozen(_ACTION_OF[demanded, tripped, met, *(flag.astype(np.intp) for flag in (late, caused, stuck))]),
        voting=_frozen(_voting(columns, snapshot, bits)),
        bypassed=_frozen(bypassed),
        demand=_frozen(demand),
        tripped=_frozen(tripped),
        bits=_frozen(bits),
        inputs=_frozen(inputs),
        outputs=_frozen(outputs),
        stuck=is_stuck,
        due_ns=due_ns(columns, after, late, settling, moves_until_ns),
    )
    return judgement, after


def _inputs(columns: InterlockColumns, snapshot: Snapshot) -> Condition:
    value, quality = snapshot.value[columns.inputs.row], snapshot.quality[columns.inputs.row]
    discrete = columns.input_sign == 0.0
    mirrored = value * columns.input_sign
    beyond = np.where(discrete, value == columns.input_point, mirrored >= columns.input_point)
    within = np.where(discrete, value == 1.0 - columns.input_point, mirrored < columns.input_point)
    return decide(beyond, within, quality)


def _any(members: Members, conditions: Condition, count: int) -> Condition:
    """Kleene or of what each interlock has; UNKNOWN where it has nothing."""
    found = np.full(count, _UNKNOWN, np.uint8)
    if len(members):
        found[members.having] = any_of(conditions, members.first)[0]
    return found


def _sum(members: Members, chosen: npt.NDArray[np.bool_], count: int) -> npt.NDArray[np.int64]:
    return np.bincount(members.owner[chosen], minlength=count).astype(np.int64)


def _votes(columns: InterlockColumns, inputs: Condition) -> Condition:
    """m-out-of-n in three values: enough TRUE, or enough can no longer be TRUE, else UNKNOWN."""
    count = len(columns)
    true = _sum(columns.inputs, inputs == _TRUE, count)
    possible = true + _sum(columns.inputs, inputs == _UNKNOWN, count)
    votes = np.full(count, _UNKNOWN, np.uint8)
    votes[possible < columns.needed] = _FALSE
    votes[true >= columns.needed] = _TRUE
    # an interlock without inputs cannot be judged
    having = np.zeros(count, np.bool_)
    having[columns.inputs.having] = True
    votes[~having] = _UNKNOWN
    return votes


def _tripped(columns: InterlockColumns, snapshot: Snapshot, unmoved: Condition) -> Condition:
    """What the trip tag says; without one, whether all its effects have acted: not any of them is unmoved."""
    count = len(columns)
    trips = in_state(snapshot.value[columns.trip.row], snapshot.quality[columns.trip.row], columns.trip_state)
    tripped = _any(columns.trip, trips, count)
    has_tag = np.zeros(count, np.bool_)
    has_tag[columns.trip.having] = True
    return tripped if has_tag.all() else np.where(has_tag, tripped, _NOT[unmoved])


def _moving(
    columns: InterlockColumns, outputs: Condition, tripped: Condition, memory: InterlockMemory, now_ns: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """(until when effects that have not acted yet may still move, which effects may no longer)."""
    owner = columns.outputs.owner
    still = (outputs == _FALSE) & (tripped[owner] == _TRUE)
    over_ns = memory.trip_mono_ns[owner] + columns.output_within_ns + columns.settle_ns[owner] + 1
    return over_ns[still & (now_ns < over_ns)], still & (now_ns >= over_ns)


def _never_seen(
    columns: InterlockColumns, snapshot: Snapshot, demand: Condition, tripped: Condition, memory: InterlockMemory
) -> npt.NDArray[np.bool_]:
    """Where demand or trip cannot be judged and something of it was never read; asked of demands of the last run only."""
    count = len(columns)
    if not memory.unread.any():
        return np.zeros(count, np.bool_)

    def of(members: Members) -> npt.NDArray[np.bool_]:
        never: npt.NDArray[np.bool_] = _sum(members, snapshot.quality[members.row] == Quality.NEVER_SEEN, count) > 0
        return never

    has_tag = np.zeros(count, np.bool_)
    has_tag[columns.trip.having] = True
    trip = np.where(has_tag, of(columns.trip), of(columns.outputs))
    found: npt.NDArray[np.bool_] = ((demand == _UNKNOWN) & of(columns.inputs)) | ((tripped == _UNKNOWN) & trip)
    return found


def _voting(columns: InterlockColumns, snapshot: Snapshot, bits: Condition) -> Codes:
    count, inputs = len(columns), columns.inputs
    whole = np.full(count, _FALSE, np.uint8)
    of_all = columns.bit_input < 0
    np.maximum.at(whole, columns.bits.owner[of_all], _rank(bits[of_all]))
    taken = whole[inputs.owner]
    single = ~of_all
    np.maximum.at(taken, columns.bit_input[single], _rank(bits[single]))
    quality = snapshot.quality[inputs.row]
    readable = is_usable(quality) & np.isfinite(snapshot.value[inputs.row])
    # a silent device says nothing of its instruments: they are unknown, not lost
    silent = quality > np.uint8(Quality.BAD)
    sure = _sum(inputs, readable & (taken == 0), count)
    possible = sure + _sum(inputs, (readable & (taken == 1)) | (silent & (taken < 2)), count)
    total = _sum(inputs, np.ones(len(inputs), np.bool_), count)
    voting = np.full(count, VOTINGS.index(Voting.UNKNOWN), np.uint8)
    voting[(sure >= columns.needed) & (possible < total)] = VOTINGS.index(Voting.DEGRADED)
    voting[sure == total] = VOTINGS.index(Voting.FULL)
    voting[possible < columns.needed] = VOTINGS.index(Voting.LOST)
    voting[total == 0] = VOTINGS.index(Voting.UNKNOWN)
    return voting


def _rank(bits: Condition) -> npt.NDArray[np.uint8]:
    """FALSE 0, UNKNOWN 1, TRUE 2: how surely an input is taken out."""
    return np.array([0, 2, 1], np.uint8)[bits]


def _frozen(codes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    codes.flags.writeable = False
    return codes
