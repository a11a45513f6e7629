"""What is remembered of one interlock, as the journal's database keeps it over a restart.  Pure.

A row holds ages, the clocks of the moment it was made, and by what the machine's start is known: while the machine runs on, its
monotonic clock goes on through a restart of the service, whatever somebody does to the wall clock.  After a restart of the
machine the wall clock is all there is, and never takes anything back: what was counted stays counted.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, NamedTuple

from monitor.interlocks.columns import InterlockColumns
from monitor.interlocks.feedback import Answer, Demand, Sight
from monitor.interlocks.memory import InterlockMemory
from monitor.interlocks.register import Interlock
from rules.columns.tags import TagTable
from rules.fingerprints import digest, tag_meaning
from rules.port import NEVER

FORMAT: Final = 1
LONGEST_NS: Final = 2**61
"""73 years: no age that was really stored is longer."""


class Instant(NamedTuple):
    """One moment on both clocks of a machine."""

    mono_ns: int
    wall_ns: int
    boot: str
    """By what this start of the machine is known; empty where the machine does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredInterlock:
    """One row; `body` None: nothing is remembered any more, the row goes."""

    id: str
    wall_ns: int
    body: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What goes on over a restart: the open demand, the trip that stands, and what the effects did."""

    demand_age_ns: int | None
    withheld: bool
    trip_age_ns: int | None
    caused: bool
    demanded_by: tuple[str, ...]
    asked: Demand | None
    """Its `mono_ns` is an age too."""


class UnreadableError(ValueError):
    """A row that is left out; the text says why."""


def fingerprint(interlock: Interlock, table: TagTable) -> str:
    """What the memory of an interlock depends on: causes, voting, effects with their times, bits, trip tag, and their tags."""
    causes = [(cause.tag, cause.sense, cause.trip_point) for cause in interlock.inputs]
    parts = (causes, interlock.needed, interlock.outputs, interlock.bypass_bits, interlock.trip_tag)
    tags = sorted(
        {
            *(cause.tag for cause in interlock.inputs),
            *(effect.tag for effect in interlock.outputs),
            *(bit.tag for bit in interlock.bypass_bits),
            *([interlock.trip_tag] if interlock.trip_tag else []),
        }
    )
    meaning = "|".join(tag_meaning(table.tags[table.row_of[tag]]) for tag in tags)
    return (digest(f"{parts!r}|{meaning}") or b"").hex()


def remembered_of(
    memory: InterlockMemory, place: int, demanded_by: Sequence[str], asked: Demand | None, now: Instant
) -> Remembered | None:
    """What must go on of one interlock; None where nothing is open and nothing stands."""
    demand_age_ns = _age(int(memory.demand_mono_ns[place]), now)
    trip_age_ns = _age(int(memory.trip_mono_ns[place]), now)
    if demand_age_ns is None and trip_age_ns is None and asked is None:
        return None
    return Remembered(
        demand_age_ns=demand_age_ns,
        withheld=bool(memory.withheld[place]),
        trip_age_ns=trip_age_ns,
        caused=bool(memory.caused[place]),
        demanded_by=tuple(demanded_by),
        asked=asked,
    )


def _age(mono_ns: int, now: Instant) -> int | None:
    return None if mono_ns == NEVER else max(now.mono_ns - mono_ns, 0)


def encode(what: Remembered, print_: str, now: Instant) -> bytes:
    """The body of a row."""
    asked = what.asked
    body: dict[str, Any] = {
        "format": FORMAT,
        "print": print_,
        "at": list(now),
        "demand_age_ns": what.demand_age_ns,
        "withheld": what.withheld,
        "trip_age_ns": what.trip_age_ns,
        "caused": what.caused,
        "demanded_by": list(what.demanded_by),
        "asked": None
        if asked is None
        else {
            "age_ns": now.mono_ns - asked.mono_ns,
            "source_ns": asked.source_ns,
            "sights": [asdict(sight) for sight in asked.sights],
            "told": [answer.value for answer in asked.told],
        },
    }
    return json.dumps(body, separators=(",", ":")).encode()


def decode(body: bytes, print_: str, effects: int, now: Instant) -> Remembered:
    """What a row says now: its ages with the time that passed since; of an interlock with `effects` effects.

    :raises UnreadableError: it is of another definition, of another version, or damaged.
    """
    try:
        told = json.loads(body)
        if told["format"] != FORMAT:
            raise UnreadableError(f"it has format {told['format']}, this version reads {FORMAT}")
        if told["print"] != print_:
            raise UnreadableError("the interlock is defined anew")
        mono_ns, wall_ns, boot = told["at"]
        passed_ns = passed_since(Instant(int(mono_ns), int(wall_ns), str(boot)), now)
        return Remembered(
            demand_age_ns=_later(told["demand_age_ns"], passed_ns),
            withheld=bool(told["withheld"]),
            trip_age_ns=_later(told["trip_age_ns"], passed_ns),
            caused=bool(told["caused"]),
            demanded_by=tuple(map(str, told["demanded_by"])),
            asked=None if told["asked"] is None else _asked(told["asked"], effects, passed_ns, now),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        if isinstance(error, UnreadableError):
            raise
        raise UnreadableError(f"it is damaged ({error})") from error


def passed_since(before: Instant, now: Instant) -> int:
    """Nanoseconds between two moments, also over a restart: by the monotonic clock while the machine ran on, else by the wall
    clock, and then never less than nothing.
    """
    if before.boot and before.boot == now.boot and now.mono_ns >= before.mono_ns:
        return min(now.mono_ns - before.mono_ns, LONGEST_NS)
    return min(max(now.wall_ns - before.wall_ns, 0), LONGEST_NS)


def _later(age_ns: Any, passed_ns: int) -> int | None:
    if age_ns is None:
        return None
    if type(age_ns) is not int or not 0 <= age_ns <= LONGEST_NS:
        raise UnreadableError(f"it has an age of {age_ns}")
    return age_ns + passed_ns


def _asked(told: Mapping[str, Any], effects: int, passed_ns: int, now: Instant) -> Demand:
    sights = tuple(
        Sight(
            after_ns=_later(each["after_ns"], 0),
            at_most=bool(each["at_most"]),
            by_source_time=bool(each["by_source_time"]),
            blind=bool(each["blind"]),
        )
        for each in told["sights"]
    )
    answers = tuple(map(Answer, told["told"]))
    age_ns = _later(told["age_ns"], passed_ns)
    if len(sights) != effects or age_ns is None or len(answers) not in (0, effects):
        raise UnreadableError("its effects are not those of the interlock")
    source_ns = told["source_ns"]
    return Demand(
        mono_ns=now.mono_ns - age_ns,
        source_ns=None if source_ns is None else int(source_ns),
        sights=sights,
        told=answers,
    )


def taken(
    columns: InterlockColumns, found: Mapping[int, Remembered], now: Instant, starting_until_mono_ns: int
) -> InterlockMemory:
    """The memory to begin with: what was found, by place; all else fresh.

    A demand that stands open is not late while what ends or answers it was never read, and the service starts.
    """
    fresh = InterlockMemory.fresh(len(columns))
    demand_ns, trip_ns = fresh.demand_mono_ns.copy(), fresh.trip_mono_ns.copy()
    withheld, caused, unread = fresh.withheld.copy(), fresh.caused.copy(), fresh.unread.copy()
    for place, each in found.items():
        demand_ns[place] = NEVER if each.demand_age_ns is None else now.mono_ns - each.demand_age_ns
        trip_ns[place] = NEVER if each.trip_age_ns is None else now.mono_ns - each.trip_age_ns
        withheld[place], caused[place] = each.withheld, each.caused
        unread[place] = each.demand_age_ns is not None
    return InterlockMemory(
        demand_mono_ns=demand_ns,
        withheld=withheld,
        demanded_mono_ns=fresh.demanded_mono_ns,
        trip_mono_ns=trip_ns,
        caused=caused,
        known=fresh.known,
        unread=unread,
        starting_until_mono_ns=starting_until_mono_ns,
    )
