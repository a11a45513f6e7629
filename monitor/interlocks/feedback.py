"""The feedback of every single effect to a demand: how long each took, against its own required time.  Pure.

A time runs from the cause that completed the vote to the feedback of the effect: by the source times of both where both
devices tell one, else by when they were read.  It belongs to the demand until the trip is reset.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from monitor.interlocks.register import Effect
from rules.verdicts import Verdict


class Answer(StrEnum):
    """What one effect did about the demand."""

    NOT_MOVED = "not_moved"
    """Its required time and a scan class period passed, and it is read not to have acted."""
    UNKNOWN = "unknown"
    """It could not be read when its time was over, or acted at a time that is known only to be before it was read again."""
    LATE = "late"
    WAITING = "waiting"
    """Its time still runs."""
    WITHIN = "within"


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """One effect and its answer to the demand that stands, or to the last one."""

    tag: str
    within_s: float
    """Required time."""
    answer: Answer | None = None
    """None: nothing was demanded since the start."""
    after_s: float | None = None
    """From the demand to the feedback; None where there was none."""
    at_most: bool = False
    """It acted while it could not be read: sooner than `after_s`, nobody knows how much."""
    by_source_time: bool = False
    """Both devices told when; else by when it was read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What was seen of one effect since the demand."""

    after_ns: int | None = None
    at_most: bool = False
    by_source_time: bool = False
    blind: bool = False
    """It could not be read at the last look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """A demand, and what its effects did."""

    mono_ns: int
    """When the cause that completed the vote was read."""
    source_ns: int | None
    """Its source time, where every cause that voted has one."""
    sights: tuple[Sight, ...]
    told: tuple[Answer, ...] = ()
    """What was told of the effects last."""


def answer_of(sight: Sight, verdict: int, within_ns: int, is_over: bool) -> Answer:
    """What an effect did; `verdict`: has it acted by now, `is_over`: its required time and a scan class period passed."""
    if sight.after_ns is not None:
        if sight.after_ns <= within_ns:
            return Answer.WITHIN
        return Answer.UNKNOWN if sight.at_most else Answer.LATE
    if not is_over:
        return Answer.WAITING
    return Answer.UNKNOWN if verdict == Verdict.UNKNOWN else Answer.NOT_MOVED


def feedback_of(effect: Effect, sight: Sight, answer: Answer) -> Feedback:
    """One effect as people see it."""
    return Feedback(
        tag=effect.tag,
        within_s=effect.within_s,
        answer=answer,
        after_s=None if sight.after_ns is None else sight.after_ns / 1e9,
        at_most=sight.at_most,
        by_source_time=sight.by_source_time,
    )


def summary(answers: Sequence[Answer]) -> Answer:
    """All effects in one word, the worst first; WAITING only where nothing is worse."""
    return next((answer for answer in Answer if answer in answers), Answer.WAITING)


def is_news(told: Sequence[Answer], answers: Sequence[Answer]) -> bool:
    """Whether the answers are to be told: the last effect answered, or another one did not in its time."""
    if tuple(told) == tuple(answers):
        return False
    before = told or [Answer.WAITING] * len(answers)
    failing = (Answer.NOT_MOVED, Answer.UNKNOWN)
    fails = any(now in failing and was is not now for was, now in zip(before, answers, strict=True))
    return fails or Answer.WAITING not in answers


def told_of(feedback: Sequence[Feedback]) -> list[Mapping[str, Any]]:
    """The effects as the journal keeps them."""
    return [
        {
            "tag": each.tag,
            "within_s": each.within_s,
            "answer": None if each.answer is None else each.answer.value,
            "after_s": each.after_s,
            "at_most": each.at_most,
            "by_source_time": each.by_source_time,
        }
        for each in feedback
    ]
