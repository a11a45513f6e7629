"""Why a rule is what it is now: its condition, what the delays make of it, and what is still waited for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from rules.catalog import RuleSet
from rules.columns.snapshot import Snapshot
from rules.evaluate import explain
from rules.memory import Memory
from rules.port import Figure
from rules.verdicts import Verdict

_NS: Final = 1e9
Words = tuple[str, str]
"""(zh, en)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleExplanation:
    """All that decides a rule at one moment, in words and numbers."""

    verdict: int
    """Verdict after the delays."""
    condition: int
    """Verdict before the delays; UNKNOWN where FALSE is not believed yet."""
    zh: str
    en: str
    """Of the condition."""
    delay_zh: str = ""
    delay_en: str = ""
    """What delays, UNKNOWN and a restart make of it; empty where verdict and condition are one."""
    figures: tuple[Figure, ...] = ()
    inputs: tuple[str, ...] = ()
    awaiting: tuple[str, ...] = ()
    """Inputs that must be read good once after a restart before FALSE is believed."""


def explain_rule(rule_set: RuleSet, rule_id: str, snapshot: Snapshot, memory: Memory, mono_ns: int) -> RuleExplanation:
    """Explain one rule at `mono_ns`, from the snapshot and the memory that its last evaluation left.

    :raises KeyError: no rule has this id.
    """
    told = explain(rule_set, rule_id, snapshot, memory, mono_ns)
    position = rule_set.ids.index(rule_id)
    awaiting = _awaited(rule_set, position, memory)
    parts = [*_delay(rule_set, position, memory, mono_ns), *_waiting(awaiting)]
    figures = [figure for _, more in parts for figure in more]
    return RuleExplanation(
        verdict=int(memory.holds.verdict[position]),
        condition=int(memory.holds.condition[position]),
        zh=told.zh,
        en=told.en,
        delay_zh="；".join(words[0] for words, _ in parts),
        delay_en="; ".join(words[1] for words, _ in parts),
        figures=(*told.figures, *figures),
        inputs=told.inputs,
        awaiting=awaiting,
    )


def _delay(
    rule_set: RuleSet, position: int, memory: Memory, mono_ns: int
) -> Iterator[tuple[Words, tuple[Figure, ...]]]:
    """What the delay of this rule does now."""
    holds = memory.holds
    active, condition = bool(holds.active[position]), int(holds.condition[position])
    if condition == active:
        return
    delay_s = int((rule_set.off_delay_ns if active else rule_set.on_delay_ns)[position]) / _NS
    counted_ns = int(holds.elapsed_ns[position])
    if condition != Verdict.UNKNOWN:
        counted_ns += max(0, mono_ns - holds.mono_ns)
    counted_s = min(counted_ns / _NS, delay_s)
    if condition == Verdict.UNKNOWN:
        if active:
            yield ("无法判断期间报警保持", "it stands while this is UNKNOWN: only FALSE clears"), ()
        elif counted_ns:
            yield (
                (
                    f"报警延时 {delay_s:g} s 已计 {counted_s:.1f} s，无法判断期间不计时",
                    f"on-delay {delay_s:g} s: {counted_s:.1f} s counted, it stands still while this is UNKNOWN",
                ),
                _figures(counted_s, delay_s),
            )
        return
    name = ("恢复延时", "off-delay") if active else ("报警延时", "on-delay")
    yield (
        (
            f"{name[0]} {delay_s:g} s 正在计时，已计 {counted_s:.1f} s，还差 {delay_s - counted_s:.1f} s",
            f"{name[1]} {delay_s:g} s runs: {counted_s:.1f} s counted, {delay_s - counted_s:.1f} s left",
        ),
        _figures(counted_s, delay_s),
    )


def _figures(counted_s: float, delay_s: float) -> tuple[Figure, ...]:
    return (
        Figure(zh="延时", en="delay", value=delay_s, eu="s"),
        Figure(zh="已计", en="counted", value=counted_s, eu="s"),
        Figure(zh="还差", en="left", value=delay_s - counted_s, eu="s"),
    )


def _awaited(rule_set: RuleSet, position: int, memory: Memory) -> tuple[str, ...]:
    """Inputs of a rule taken over after a restart that were not read good since."""
    if not memory.awaiting[position]:
        return ()
    start, end = np.searchsorted(rule_set.input_rule, [position, position + 1]).tolist()
    rows = rule_set.input_row[start:end].tolist()
    return tuple(dict.fromkeys(rule_set.tag_ids[row] for row in rows if not memory.inputs_seen_good[row]))


def _waiting(awaiting: tuple[str, ...]) -> Iterator[tuple[Words, tuple[Figure, ...]]]:
    if awaiting:
        yield (
            (
                f"重启后尚未读到 {'、'.join(awaiting)} 的好值，在此之前不相信“不成立”",
                f"since the restart {', '.join(awaiting)} was not read good; until then no FALSE is believed",
            ),
            (),
        )
