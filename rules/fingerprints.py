"""By what a rule is known again: its id, and a fingerprint of all that its memory depends on."""

import functools
import hashlib
from collections.abc import Iterator

import numpy as np

from rules.catalog import RuleSet
from rules.columns.tags import Tag

_BYTES = 16


@functools.lru_cache(maxsize=4)  # asked for at the start and at every storing of the same set
def fingerprints(rule_set: RuleSet) -> tuple[bytes | None, ...]:
    """16 bytes for each rule, in the order of the set; None where a rule cannot be written down and is never known again.

    In it: the kind, every field of the rule, and of each tag it reads what gives its numbers a meaning (device, unit,
    range, period).  Texts of a tag may change without harm; a new range makes old samples mean something else.
    """
    of_tag = [_tag(tag) for tag in rule_set.tags]
    return tuple(
        _digest(f"{type(rule).__qualname__}|{rule!r}|{'|'.join(of_tag[row] for row in rows)}")
        for rule, rows in zip(rule_set.rules, _rows(rule_set), strict=True)
    )


def _rows(rule_set: RuleSet) -> Iterator[list[int]]:
    """The rows that each rule reads, ascending by tag id: a row number must not matter."""
    ends = np.searchsorted(rule_set.input_rule, np.arange(1, len(rule_set) + 1)).tolist()
    rows, start = rule_set.input_row.tolist(), 0
    for end in ends:
        yield sorted(set(rows[start:end]), key=lambda row: rule_set.tag_ids[row])
        start = end


def _tag(tag: Tag) -> str:
    meaning = (tag.id, tag.device, tag.eu, tag.low, tag.high, tag.discrete, tag.normal_state)
    return repr((*meaning, tag.scan_period_ns, tag.resolution))


def _digest(text: str) -> bytes | None:
    if " at 0x" in text:  # an object that shows its address instead of its content: another one at each start
        return None
    return hashlib.sha256(text.encode()).digest()[:_BYTES]
