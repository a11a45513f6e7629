"""Plays a scenario file: series go through Latest, evaluate and Board; the transitions that come out are lines.

A file holds `[[tags]]` with a `series` (one word for each scan, the last one is repeated by `_`):

    12.5  a good value        12.5?  an uncertain one        12.5!  the device answers that it is bad
    !     bad without value   _      nothing was read

`[[alarms]]` are the rules with their definitions, `[[commands]]` what people do (after the scan at `at`), `restart_at`
the scans before which the process is killed and started again.  `expect` lists every transition, in order:

    <scan> <id>#<occurrence>.<transition> <trigger> -> <state>     (`!` before the id: not annunciated)
    <scan> <id>#<occurrence> refused: <words of the English answer>

`unknown` lists the alarms that cannot be judged as `<first scan>-<last scan> <id>`.
"""

import math
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.alarms.board import Board
from monitor.alarms.commands import Acknowledge, Command, CommandRefusedError, Reset
from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.transition import Alarm, Transition
from rules.catalog import BadQuality, Bypassed, Delays, DiscreteState, Limit, NoUpdate, Rule
from rules.columns.latest import Latest
from rules.columns.quality import Quality
from rules.columns.tags import TagTable
from rules.compile import compile_rules
from rules.evaluate import evaluate
from rules.memory import Memory, seed
from tests.rules.plants import SECOND, START_WALL_NS, batch, tag

START_MONO_NS = 1000 * SECOND
KINDS: dict[str, type[Acknowledge] | type[Reset]] = {"acknowledge": Acknowledge, "reset": Reset}
KEYS = {"title", "tags", "alarms", "commands", "restart_at", "expect", "unknown"}


def load(path: Path) -> dict[str, Any]:
    scenario = tomllib.loads(path.read_text(encoding="utf-8"))
    assert set(scenario) <= KEYS, f"{path.name}: unknown keys {set(scenario) - KEYS}"
    return scenario


def rule_of(alarm: dict[str, Any]) -> Rule:
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
        self.table = TagTable([tag(item["id"], discrete=item.get("discrete", False)) for item in self.scenario["tags"]])
        self.rule_set = compile_rules([rule_of(alarm) for alarm in self.scenario["alarms"]], self.table)
        self.definitions = [definition_of(alarm) for alarm in self.scenario["alarms"]]
        self.latest, self.board = Latest(self.table), Board(self.definitions)
        self.memory = Memory.fresh(self.rule_set, START_MONO_NS)

    def run(self) -> "Play":
        lengths = {len(words) for words in self.series.values()}
        assert len(lengths) == 1, f"series differ in length: {lengths}"
        for scan in range(lengths.pop()):
            if scan in self.scenario.get("restart_at", []):
                self.restart(scan)
            self.scan(scan)
            for command in self.scenario.get("commands", []):
                if command["at"] == scan:
                    self.obey(scan, command)
        return self

    def restart(self, scan: int) -> None:
        """What `kill -9` leaves: the stored rows.  Nothing else crosses."""
        self.latest, self.board = Latest(self.table), Board(self.definitions)
        self.note(scan, self.board.restore(tuple(self.stored.values()), self.wall(scan)))
        active = {alarm.id: alarm.condition_true for alarm in self.board.alarms()}
        self.memory = seed(self.rule_set, active, self.mono(scan))

    def scan(self, scan: int) -> None:
        read = {name: reading(words[scan]) for name, words in self.series.items()}
        seen = [(self.table.row_of[name], *item) for name, item in read.items() if item is not None]
        if seen:
            rows, values, grades = (list(column) for column in zip(*seen, strict=True))
            self.latest.apply(batch(rows, values, mono_ns=self.mono(scan), quality=grades))
        frozen = self.latest.freeze(self.mono(scan), self.wall(scan))
        verdicts, self.memory = evaluate(self.rule_set, frozen, self.memory, self.mono(scan))
        self.note(scan, self.board.apply(verdicts, self.wall(scan)))
        for alarm in self.board.alarms():
            if alarm.unknown:
                self.unknown.setdefault(alarm.id, []).append(scan)

    def obey(self, scan: int, asked: dict[str, Any]) -> None:
        kind = KINDS[asked["do"]]
        command: Command = kind(
            id=asked["id"], occurrence=asked["occurrence"], person=asked["person"], person_name=asked["person"]
        )
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

    @staticmethod
    def wall(scan: int) -> int:
        return START_WALL_NS + scan * SECOND
