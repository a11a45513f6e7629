"""What a replay came to, as text for people and as one JSON object for programs."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from monitor.alarms.annunciations import columns
from monitor.alarms.chatter import Standing
from monitor.alarms.figures import Figures, figures
from monitor.alarms.transition import Transition
from monitor.plant.plant import Plant
from monitor.replay.outcome import Outcome
from monitor.replay.player import differences

_WORDS: Final = {
    "zh": {
        "span": "{from_} 至 {to}，{hours:.2f} 小时；{sweeps} 次扫描，{readings} 个读数，其中 {evaluated} 次有变化",
        "speed": "回放 {seconds:.2f} s，实时的 {speed:.0f} 倍，每秒 {rate:.0f} 个读数",
        "alarms": "报警 {count} 次",
        "more": "……另有 {count} 次，用 --limit 查看",
        "rules": "规则：发生次数、成立时间、无法判断时间",
        "rule": "  {id}  {count} 次  成立 {true:.0f} s  无法判断 {unknown:.0f} s",
        "figures": "指标（对照 {source}）",
        "figure": "  {name} {value} {unit}  目标 {target:g}  {verdict}",
        "short": "  数据不足 30 天，只供参考",
        "differences": "与新规则的差别 {count} 处",
        "same": "与新规则没有差别",
        "only now": "只在现行规则",
        "only new": "只在新规则",
    },
    "en": {
        "span": "{from_} to {to}, {hours:.2f} h; {sweeps} sweeps, {readings} readings, {evaluated} with changes",
        "speed": "played in {seconds:.2f} s, {speed:.0f} times real time, {rate:.0f} readings a second",
        "alarms": "{count} annunciations",
        "more": "... and {count} more, see --limit",
        "rules": "Rules: occurrences, time TRUE, time UNKNOWN",
        "rule": "  {id}  {count}  TRUE {true:.0f} s  UNKNOWN {unknown:.0f} s",
        "figures": "Figures (against {source})",
        "figure": "  {name} {value} {unit}  target {target:g}  {verdict}",
        "short": "  less than 30 days of data: an indication only",
        "differences": "{count} differences to the new rules",
        "same": "no difference to the new rules",
        "only now": "only now",
        "only new": "only new",
    },
}


def figures_of(outcome: Outcome, plant: Plant) -> Figures:
    """The ISA-18.2 figures of the whole recording, all positions together."""
    standing: dict[str, Transition] = {}
    for step in outcome.transitions:
        if step.alarm.condition_true:
            standing[step.id] = step
        else:
            standing.pop(step.id, None)
    still = tuple(
        Standing(id=step.id, occurrence=step.alarm.occurrence, raised_wall_ns=step.alarm.raised_wall_ns or 0)
        for step in standing.values()
    )
    return figures(columns(outcome.steps()), still, outcome.from_wall_ns, outcome.to_wall_ns + 1, plant.performance)


def text(
    outcome: Outcome, plant: Plant, new: Outcome | None, *, language: str, seconds: float, limit: int
) -> Iterator[str]:
    """Lines for people; `seconds` is how long the playing took, `limit` how many alarms are listed."""
    words = _WORDS[language]
    zone = ZoneInfo(plant.timezone)
    yield words["span"].format(
        from_=_time(outcome.from_wall_ns, zone),
        to=_time(outcome.to_wall_ns, zone),
        hours=(outcome.to_wall_ns - outcome.from_wall_ns) / 3.6e12,
        sweeps=outcome.sweeps,
        readings=outcome.readings,
        evaluated=outcome.evaluated,
    )
    yield words["speed"].format(
        seconds=seconds, speed=speed(outcome, seconds), rate=outcome.readings / max(seconds, 1e-9)
    )
    yield ""
    told = [step for step in outcome.transitions if step.annunciated and step.trigger.value != "returned"]
    yield words["alarms"].format(count=len(told))
    for step in told[:limit]:
        yield f"  {_line(step, zone, language)}"
    if len(told) > limit:
        yield words["more"].format(count=len(told) - limit)
    yield ""
    yield words["rules"]
    for row in rules_of(outcome):
        yield words["rule"].format(id=row["id"], count=row["occurrences"], true=row["true_s"], unknown=row["unknown_s"])
    yield ""
    found = figures_of(outcome, plant)
    yield words["figures"].format(source="ISA-18.2 / IEC 62682")
    if not found.enough:
        yield words["short"]
    for judged in found.judged:
        yield words["figure"].format(
            name=judged.figure,
            value="-" if judged.value is None else f"{judged.value:.2f}",
            unit=judged.unit,
            target=judged.target.acceptable,
            verdict=judged.verdict,
        )
    if new is not None:
        yield ""
        yield from _difference_lines(differences(outcome.transitions, new.transitions), words, zone, language, limit)


def as_json(outcome: Outcome, plant: Plant, new: Outcome | None, seconds: float) -> dict[str, Any]:
    """The same for programs; times in nanoseconds since 1970, UTC."""
    found = figures_of(outcome, plant)
    report: dict[str, Any] = {
        "from_ns": outcome.from_wall_ns,
        "to_ns": outcome.to_wall_ns,
        "sweeps": outcome.sweeps,
        "readings": outcome.readings,
        "evaluated": outcome.evaluated,
        "seconds": seconds,
        "x_realtime": speed(outcome, seconds),
        "alarms": [_object(step) for step in outcome.transitions],
        "rules": rules_of(outcome),
        "figures": {judged.figure: judged.value for judged in found.judged},
    }
    if new is not None:
        found_differences = differences(outcome.transitions, new.transitions)
        report["differences"] = [
            {"only": side.removeprefix("only "), **_object(step)} for side, step in found_differences
        ]
    return report


def rules_of(outcome: Outcome) -> list[dict[str, Any]]:
    """Rules that were ever TRUE or UNKNOWN, the most frequent first."""
    ids = outcome.raised.keys() | outcome.true_ns.keys() | outcome.unknown_ns.keys()
    rows = [
        {
            "id": rule_id,
            "occurrences": outcome.raised[rule_id],
            "true_s": outcome.true_ns[rule_id] / 1e9,
            "unknown_s": outcome.unknown_ns[rule_id] / 1e9,
        }
        for rule_id in ids
    ]
    shown = [row for row in rows if row["occurrences"] or row["true_s"] or row["unknown_s"]]
    return sorted(shown, key=lambda row: (-row["occurrences"], -row["true_s"], row["id"]))


def speed(outcome: Outcome, seconds: float) -> float:
    """How many times faster than real time it was played."""
    return (outcome.to_wall_ns - outcome.from_wall_ns) / 1e9 / max(seconds, 1e-9)


def _difference_lines(
    found: Sequence[tuple[str, Transition]], words: dict[str, str], zone: ZoneInfo, language: str, limit: int
) -> Iterator[str]:
    yield words["differences"].format(count=len(found)) if found else words["same"]
    for side, step in found[:limit]:
        yield f"  {words[side]}  {_line(step, zone, language)}"
    if len(found) > limit:
        yield words["more"].format(count=len(found) - limit)


def _line(step: Transition, zone: ZoneInfo, language: str) -> str:
    message = step.alarm.message_zh if language == "zh" else step.alarm.message_en
    return f"{_time(step.decided_wall_ns, zone)}  {step.alarm.priority}  {step.id}  {message}"


def _object(step: Transition) -> dict[str, Any]:
    return {
        "at_ns": step.decided_wall_ns,
        "id": step.id,
        "occurrence": step.occurrence,
        "trigger": step.trigger.value,
        "priority": step.alarm.priority,
        "annunciated": step.annunciated,
        "value": step.alarm.value,
        "limit": step.alarm.limit,
        "message": {"zh": step.alarm.message_zh, "en": step.alarm.message_en},
    }


def _time(wall_ns: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(wall_ns / 1e9, zone).strftime("%Y-%m-%d %H:%M:%S")
