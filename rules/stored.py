"""The memory of a rule set as bytes: versioned, by rule id and fingerprint, never by position.

A part is one array of bytes: one part for the running on-delays, one for each kind that remembers anything.  Inside:
compressed, one line of JSON that tells format, version, rules and columns, then the columns as little-endian numbers.
"""

import functools
import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from rules.catalog import KINDS, RuleSet
from rules.fingerprints import fingerprints
from rules.memory import Memory
from rules.port import NEVER

FORMAT: Final = 1
"""Of the bytes of a part."""
DELAYS: Final = "delays"
"""Name of the part of the running on-delays; the others are named by their kind."""
DELAYS_VERSION: Final = 1
LONGEST_NS: Final = 2**61
"""73 years: no age that was really stored is longer, and sums of two do not overflow."""
_KINDS_OF_NUMBERS: Final = "biuf"
_COMPRESSION: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPart:
    """One part of a stored memory."""

    name: str
    wall_ns: int
    """Wall time of the evaluation that left it."""
    body: bytes


class Part(NamedTuple):
    """A part that could be read."""

    version: int
    ids: list[str]
    prints: list[str]
    arrays: dict[str, npt.NDArray[Any]]


class UnreadableError(ValueError):
    """A part that is left out as a whole; the text says why."""


def delays_part(rule_set: RuleSet, memory: Memory, wall_ns: int) -> StoredPart:
    """The running on-delays: what was counted so far.

    Off-delays are not stored: the time of an outage is UNKNOWN, and UNKNOWN takes an off-delay back to its beginning.
    """
    at = np.flatnonzero((memory.holds.elapsed_ns > 0) & ~memory.holds.active)
    arrays = {"elapsed_ns": memory.holds.elapsed_ns[at]}
    return _part((rule_set, DELAYS, DELAYS_VERSION), at, fingerprints(rule_set, at.tolist()), arrays, wall_ns)


def state_part(rule_set: RuleSet, memory: Memory, place: int, wall_ns: int) -> StoredPart | None:
    """What the rules of group `place` remember; None where the kind remembers nothing.

    :raises ValueError: the state is not as the port wants it (numbers, first axis the rule).
    """
    kind, group = rule_set.groups[place]
    state = memory.states[place]
    if not state:
        return None
    arrays = {name: _stored_column(name, column, memory.holds.mono_ns) for name, column in state.items()}
    if any(column.dtype.kind not in _KINDS_OF_NUMBERS for column in arrays.values()) or any(
        column.shape[:1] != group.position.shape for column in arrays.values()
    ):
        raise ValueError(f"the state of {kind.__name__} holds something else than one row of numbers for each rule")
    prints = _group_prints(rule_set, place)
    return _part((rule_set, kind.__name__, KINDS[kind].version), group.position, prints, arrays, wall_ns)


@functools.lru_cache(maxsize=64)  # asked for every ten seconds, of each kind that remembers something
def _group_prints(rule_set: RuleSet, place: int) -> tuple[bytes | None, ...]:
    return fingerprints(rule_set, rule_set.groups[place][1].position.tolist())


def _part(
    of: tuple[RuleSet, str, int],
    position: npt.NDArray[np.intp],
    prints: Sequence[bytes | None],
    arrays: Mapping[str, npt.NDArray[Any]],
    wall_ns: int,
) -> StoredPart:
    """`of`: the set, and name and version of the part."""
    rule_set, name, version = of
    known = np.array([print_ is not None for print_ in prints], np.bool_)
    position = position[known]
    little = {key: np.ascontiguousarray(_little_endian(column[known])) for key, column in arrays.items()}
    head = {
        "format": FORMAT,
        "version": version,
        "ids": [rule_set.ids[at] for at in position.tolist()],
        "prints": [print_.hex() for print_ in prints if print_ is not None],
        "arrays": [[key, column.dtype.str, list(column.shape)] for key, column in little.items()],
    }
    pieces = (
        json.dumps(head, separators=(",", ":")).encode(),
        b"\n",
        *(column.tobytes() for column in little.values()),
    )
    return StoredPart(name=name, wall_ns=wall_ns, body=zlib.compress(b"".join(pieces), _COMPRESSION))


def _little_endian(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return column.astype(column.dtype.newbyteorder("<"), copy=False)


def _stored_column(name: str, column: npt.NDArray[Any], mono_ns: int) -> npt.NDArray[Any]:
    """Moments of mono time as ages: mono time means nothing to the next process."""
    if not name.endswith("_mono_ns"):
        return column
    return np.where(column == NEVER, NEVER, mono_ns - column)


def read_part(part: StoredPart) -> Part:
    """:raises UnreadableError: the bytes are not what this version writes."""
    try:
        text, _, data = zlib.decompress(part.body).partition(b"\n")
        head = json.loads(text)
        if head["format"] != FORMAT:
            raise UnreadableError(f"it has format {head['format']}, this version reads {FORMAT}")
        ids, prints = list(map(str, head["ids"])), list(map(str, head["prints"]))
        arrays = dict(_arrays(head["arrays"], data, len(ids)))
        if len(prints) != len(ids) or len(set(ids)) != len(ids):
            raise UnreadableError("its rules and fingerprints do not match")
        return Part(int(head["version"]), ids, prints, arrays)
    except (zlib.error, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        if isinstance(error, UnreadableError):
            raise
        raise UnreadableError(f"it is damaged ({error})") from error


def _arrays(told: Iterable[Sequence[Any]], data: bytes, rules: int) -> Iterable[tuple[str, npt.NDArray[Any]]]:
    start = 0
    for name, kind, shape in told:
        dtype = np.dtype(str(kind))
        if dtype.kind not in _KINDS_OF_NUMBERS or not shape or shape[0] != rules or min(shape) < 0:
            raise UnreadableError(f"its column {name} is not one row of numbers for each rule")
        count = int(np.prod(shape, dtype=np.int64))
        yield str(name), np.frombuffer(data, dtype, count, start).reshape(shape).astype(dtype.newbyteorder("="))
        start += count * dtype.itemsize
    if start != len(data):
        raise UnreadableError("it is longer than what it tells")
