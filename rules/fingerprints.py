"""By what a rule is known again: its id, and a fingerprint of all that its memory depends on."""

import hashlib
from collections.abc import Iterable, Iterator

import numpy as np

from rules.catalog import RuleSet
from rules.columns.tags import Tag

_BYTES = 16


def fingerprints(rule_set: RuleSet, positions: Iterable[int] | None = None) -> tuple[bytes | None, ...]:
    """16 bytes for each rule at `positions` (all); None where a rule cannot be written down and is never known again.

    In it: the kind, every field of the rule, and of each tag it reads what gives its numbers a meaning (device, unit,
    range, period).  Texts of a tag may change without harm; a new range makes old samples mean something else.
    """
    chosen = list(range(len(rule_set)) if positions is None else positions)
    of_tag: dict[int, str] = {}
    made = []
    for at, rows in zip(chosen, _rows(rule_set, chosen), strict=True):
        for row in rows:
            if row not in of_tag:
                of_tag[row] = tag_meaning(rule_set.tags[row])
        rule = rule_set.rules[at]
        # a row number must not matter: the order is that of the texts
        tags = "|".join(sorted({of_tag[row] for row in rows}))
        made.append(digest(f"{type(rule).__qualname__}|{rule!r}|{tags}"))
    return tuple(made)


def _rows(rule_set: RuleSet, positions: list[int]) -> Iterator[list[int]]:
    """The rows that each rule reads."""
    starts = np.searchsorted(rule_set.input_rule, positions, "left").tolist()
    ends = np.searchsorted(rule_set.input_rule, positions, "right").tolist()
    for start, end in zip(starts, ends, strict=True):
        yield rule_set.input_row[start:end].tolist()


def tag_meaning(tag: Tag) -> str:
    """What gives the numbers of a tag their meaning, as one text."""
    meaning = (tag.id, tag.device, tag.eu, tag.low, tag.high, tag.discrete, tag.normal_state)
    return repr((*meaning, tag.scan_period_ns, tag.resolution))


def digest(text: str) -> bytes | None:
    """16 bytes for a text; None for one that no other start would write again."""
    if " at 0x" in text:  # an object that shows its address instead of its content: another one at each start
        return None
    return hashlib.sha256(text.encode()).digest()[:_BYTES]
