"""Plays a scenario file: series go through Latest, evaluate and Board; the transitions that come out are lines.

A file holds `[[tags]]` with a `series` (one word for each scan, the last one is repeated by `_`):

    12.5  a good value        12.5?  an uncertain one        12.5!  the device answers that it is bad
    !     bad without value   _      nothing was read

A tag may have an `eu`.  `[[alarms]]` are the rules with their definitions, `[[commands]]` what people do (after the scan
at `at`), `restart_at` the scans before which the process is killed and started again.  `expect` lists every transition, in order:

    <scan> <id>#<occurrence>.<transition> <trigger> -> <state>     (`!` before the id: not annunciated)
    <scan> <id>#<occurrence> refused: <words of the English answer>

`[[classes]]` (`id`, `re_alarm_s`, `raise_priority_s`, `comment_required`, `shelvable`) change alarm classes; a scan is a
second, so a shelf of `for_s = 3` ends three scans after its command.  `clock_steps = [[4, 3600]]` moves the wall clock
before a scan, and the board is told.

`[[suppressions]]` are as in rules.toml (`id`, `alarms`, `when` or `parent`, `off_delay_s`, `maximum_s`), with the `kind` of
generated ones (`eclipse`, `device`); `[modes]` names conditions; `start_grace_s` (15) is how long a restart waits.

An alarm of any kind of `rules.toml` is written with the keys of its table; `[modes]` has the conditions by name.

`unknown` lists the alarms that cannot be judged as `<first scan>-<last scan> <id>`.
"""

import math
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from monitor.alarms.board import Board
from monitor.alarms.classes import BUILT_IN, AlarmClassRules, Philosophy
from monitor.alarms.commands import (
    Acknowledge,
    Command,
    CommandRefusedError,
    EndSuppression,
    RemoveFromService,
    Reset,
    Shelve,
)
from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.design_suppression import DesignSuppression
from monitor.alarms.lifecycle import Suppression
from monitor.alarms.transition import Alarm, Transition
from monitor.plant.alarms import LIMIT_KINDS
from monitor.plant.rules import READERS
from monitor.scan.suppressions import Suppressing
from rules.catalog import BadQuality, Bypassed, Delays, DiscreteState, Limit, NoUpdate, Rule
from rules.columns.latest import Latest
from rules.columns.quality import Quality
from rules.columns.tags import Tag, TagTable
from rules.compile import compile_rules
from rules.evaluate import evaluate
from rules.language.conditions import ConditionColumns, parse_condition
from rules.memory import Memory, seed
from tests.rules.plants import SECOND, START_WALL_NS, batch, tag
from tests.scenarios.rules_toml import read_rule

START_MONO_NS = 1000 * SECOND
KEYS = {
    "title", "tags", "alarms", "classes", "commands", "restart_at", "clock_steps", "expect", "unknown", "suppressions",
    "modes", "start_grace_s",
}  # fmt: skip


def load(path: Path) -> dict[str, Any]:
    scenario = tomllib.loads(path.read_text(encoding="utf-8"))
    assert set(scenario) <= KEYS, f"{path.name}: unknown keys {set(scenario) - KEYS}"
    return scenario


def tag_of(item: dict[str, Any]) -> Tag:
    made = tag(item["id"], discrete=item.get("discrete", False))
    return replace(made, eu=item.get("eu", made.eu))


def rule_of(alarm: dict[str, Any], table: TagTable, modes: dict[str, str]) -> Rule:
    delays = Delays(
        on_delay_ns=round(alarm.get("on_delay_s", 0) * SECOND), off_delay_ns=round(alarm.get("off_delay_s", 0) * SECOND)
    )
    name, kind = alarm["id"], alarm["kind"]
    if kind == "bypass":
        return Bypassed(id=name, bits=tuple((bit, state) for bit, state in alarm["bits"].items()), delays=delays)
    if kind == "state":
        return DiscreteState(id=name, tag=alarm["tag"], abnormal_state=alarm["set_point"], delays=delays)
    if kind == "no_update":
        return NoUpdate(id=name, tag=alarm["tag"], after_ns=round(alarm["set_point"] * SECOND), delays=delays)
    if kind == "bad":
        return BadQuality(id=name, tag=alarm["tag"], delays=delays)
    if kind in READERS and (kind not in LIMIT_KINDS or "set_point" not in alarm or "set_points" in alarm):
        return read_rule(alarm, delays, table, modes)
    return Limit(
        id=name,
        tag=alarm["tag"],
        kind=kind,
        set_point=alarm["set_point"],
        dead_band=alarm.get("dead_band", 0.0),
        delays=delays,
    )


def definition_of(alarm: dict[str, Any]) -> AlarmDefinition:
    return AlarmDefinition(
        id=alarm["id"],
        kind=alarm["kind"],
        alarm_class=alarm.get("class", "process"),
        priority=alarm.get("priority", 2),
        tag=alarm.get("tag"),
        set_point=alarm.get("set_point"),
        latch=alarm.get("latch", False),
    )


def suppression_of(item: dict[str, Any]) -> DesignSuppression:
    return DesignSuppression(
        id=item["id"],
        kind=item.get("kind", "condition" if "when" in item else "parent"),
        when=item.get("when", ""),
        remembers=" for " in item.get("when", ""),
        parent=item.get("parent"),
        alarms=tuple(item["alarms"]),
        reason_zh=item.get("reason", "按设计"),
        reason_en=item.get("reason", "by design"),
        off_delay_ns=round(item.get("off_delay_s", 0) * SECOND),
        maximum_ns=round(item["maximum_s"] * SECOND) if "maximum_s" in item else None,
    )


def philosophy_of(scenario: dict[str, Any]) -> Philosophy:
    classes = dict(BUILT_IN)
    for item in scenario.get("classes", []):
        classes[item["id"]] = AlarmClassRules(
            id=item["id"],
            shelvable=item.get("shelvable", True),
            comment_required=item.get("comment_required", False),
            re_alarm_after_ns=item["re_alarm_s"] * SECOND if "re_alarm_s" in item else None,
            raise_priority_after_ns=item["raise_priority_s"] * SECOND if "raise_priority_s" in item else None,
        )
    return Philosophy(classes=classes)


def command_of(asked: dict[str, Any], wall_ns: int) -> Command:
    who = {"id": asked["id"], "person": asked["person"], "person_name": asked["person"]}
    occurrence, comment = asked.get("occurrence"), asked.get("comment", "")
    if asked["do"] in ("unshelve", "return"):
        kind = Suppression.SHELVED if asked["do"] == "unshelve" else Suppression.OUT_OF_SERVICE
        return EndSuppression(**who, suppression=kind, occurrence=occurrence, comment=comment)
    assert occurrence is not None
    if asked["do"] == "shelve":
        return Shelve(**who, occurrence=occurrence, comment=comment, duration_ns=asked["for_s"] * SECOND)
    if asked["do"] == "remove":
        return RemoveFromService(
            **who,
            occurrence=occurrence,
            comment=comment,
            until_wall_ns=wall_ns + asked["for_s"] * SECOND,
            authorised_by=asked["authorised_by"],
            interim=asked["interim"],
        )
    kinds: dict[str, type[Acknowledge] | type[Reset]] = {"acknowledge": Acknowledge, "reset": Reset}
    return kinds[asked["do"]](**who, occurrence=occurrence, comment=comment)


def reading(word: str) -> tuple[float, int] | None:
    """(value, quality) of one word of a series; None where nothing was read."""
    if word == "_":
        return None
    grade = {"!": Quality.BAD, "?": Quality.UNCERTAIN}.get(word[-1], Quality.GOOD)
    number = word.rstrip("!?")
    return (float(number) if number else math.nan), grade


@dataclass
class Play:
    """One run of one scenario."""

    scenario: dict[str, Any]
    lines: list[str] = field(default_factory=list)
    unknown: dict[str, list[int]] = field(default_factory=dict)
    stored: dict[str, Alarm] = field(default_factory=dict)
    """The board table: only what `changed` gave."""
    keys: list[tuple[str, int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.series = {item["id"]: item["series"].split() for item in self.scenario["tags"]}
        self.table = TagTable([tag_of(item) for item in self.scenario["tags"]])
        self.rule_set = compile_rules(
            [rule_of(alarm, self.table, self.scenario.get("modes", {})) for alarm in self.scenario["alarms"]],
            self.table,
        )
        self.definitions = [definition_of(alarm) for alarm in self.scenario["alarms"]]
        self.philosophy = philosophy_of(self.scenario)
        self.latest, self.board = Latest(self.table), Board(self.definitions, self.philosophy)
        self.moved_ns = 0
        self.memory = Memory.fresh(self.rule_set, START_MONO_NS)
        self.suppressing = self.fresh_suppressing()
        self.suppressing.restore((), START_MONO_NS)

    def fresh_suppressing(self) -> Suppressing:
        suppressions = [suppression_of(item) for item in self.scenario.get("suppressions", [])]
        modes = self.scenario.get("modes", {})
        parsed = [parse_condition(item.when, self.table, modes) for item in suppressions if item.when]
        conditions = ConditionColumns.of(parsed, self.table) if parsed else None
        grace_ns = round(self.scenario.get("start_grace_s", 15) * SECOND)
        return Suppressing(suppressions, conditions, self.rule_set.ids, self.table, grace_ns)

    def run(self) -> "Play":
        lengths = {len(words) for words in self.series.values()}
        assert len(lengths) == 1, f"series differ in length: {lengths}"
        for scan in range(lengths.pop()):
            for at, step_s in self.scenario.get("clock_steps", []):
                if at == scan:
                    self.moved_ns += step_s * SECOND
                    self.board.clock_stepped(step_s * SECOND)
                    self.suppressing.clock_stepped(step_s * SECOND)
            if scan in self.scenario.get("restart_at", []):
                self.restart(scan)
            self.scan(scan)
            for command in self.scenario.get("commands", []):
                if command["at"] == scan:
                    self.obey(scan, command)
        return self

    def restart(self, scan: int) -> None:
        """What `kill -9` leaves: the stored rows.  Nothing else crosses."""
        self.latest, self.board = Latest(self.table), Board(self.definitions, self.philosophy)
        self.note(scan, self.board.restore(tuple(self.stored.values()), self.wall(scan)))
        active = {alarm.id: alarm.condition_true for alarm in self.board.alarms()}
        self.memory = seed(self.rule_set, active, self.mono(scan))
        self.suppressing = self.fresh_suppressing()
        self.suppressing.restore(self.board.alarms(), self.mono(scan))

    def scan(self, scan: int) -> None:
        read = {name: reading(words[scan]) for name, words in self.series.items()}
        seen = [(self.table.row_of[name], *item) for name, item in read.items() if item is not None]
        if seen:
            rows, values, grades = (list(column) for column in zip(*seen, strict=True))
            self.latest.apply(batch(rows, values, mono_ns=self.mono(scan), quality=grades))
        frozen = self.latest.freeze(self.mono(scan), self.wall(scan))
        verdicts, self.memory = evaluate(self.rule_set, frozen, self.memory, self.mono(scan))
        self.note(scan, tuple(self.suppressing.apply(self.board, frozen, verdicts, self.wall(scan))))
        for alarm in self.board.alarms():
            if alarm.unknown:
                self.unknown.setdefault(alarm.id, []).append(scan)

    def obey(self, scan: int, asked: dict[str, Any]) -> None:
        command = command_of(asked, self.wall(scan))
        try:
            self.note(scan, (self.board.obey(command, self.wall(scan)),))
        except CommandRefusedError as refusal:
            self.lines.append(f"{scan} {command.id}#{command.occurrence} refused: {refusal.message_en}")

    def note(self, scan: int, steps: tuple[Transition, ...]) -> None:
        for step in steps:
            mark = "" if step.annunciated else "!"
            key = f"{step.id}#{step.occurrence}.{step.transition}"
            self.lines.append(f"{scan} {mark}{key} {step.trigger} -> {step.after}")
            self.keys.append(step.key)
        self.stored |= {alarm.id: alarm for alarm in self.board.changed()}

    def spans(self) -> list[str]:
        """When each alarm was unknown, as `first-last id`."""
        found = []
        for name, scans in self.unknown.items():
            first = last = scans[0]
            for scan in [*scans[1:], -1]:
                if scan != last + 1:
                    found.append(f"{first}-{last} {name}")
                    first = scan
                last = scan
        return sorted(found)

    @staticmethod
    def mono(scan: int) -> int:
        return START_MONO_NS + scan * SECOND

    def wall(self, scan: int) -> int:
        return START_WALL_NS + scan * SECOND + self.moved_ns
