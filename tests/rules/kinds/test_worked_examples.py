"""The tables of docs/rules are played: what they say of each row is what the rules say."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from drivers.ne43 import Bands
from rules.catalog import Delays, Limit, Rule
from rules.columns.latest import Latest
from rules.columns.tags import TagTable
from rules.compile import compile_rules
from rules.evaluate import evaluate
from rules.kinds.comparisons import Deviation
from rules.kinds.counts import ChatteringInput
from rules.kinds.mismatches import Mismatch, limit_switches
from rules.kinds.modes import InMode, ModeLimit
from rules.kinds.setpoints import TagLimit
from rules.kinds.signals import OutOfBand
from rules.memory import Memory
from tests.drivers.modbus.device import TagAddress
from tests.rules.plants import SECOND, START_WALL_NS, batch, table, tag

DOCS = Path(__file__).resolve().parents[3] / "docs" / "rules"
WORDS = ["FALSE", "TRUE", "UNKNOWN"]


def rows_of(page: str, first_header: str) -> list[list[str]]:
    """The cells of the table whose header line begins so, without its header."""
    lines = (DOCS / f"{page}.md").read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {first_header} |"))
    body: list[list[str]] = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        body.append([cell.strip() for cell in line.strip("|").split("|")])
    assert body
    return body


def reading(cell: str) -> tuple[float, int]:
    """(value, quality) of a cell: a number, a number that is `uncertain`, or `bad`."""
    number = re.match(r"-?[0-9.]+", cell)
    return (float(number[0]), int(cell.endswith("uncertain"))) if number else (float("nan"), 2)


class Play:
    """Rules over sweeps a second apart."""

    def __init__(self, plant: TagTable, *rules: Rule) -> None:
        self.plant, self.latest = plant, Latest(plant)
        self.rule_set = compile_rules(rules, plant)
        self.memory = Memory.fresh(self.rule_set, SECOND)

    def at(self, second: int, *readings: tuple[float, int]) -> tuple[list[str], list[str]]:
        """(conditions, verdicts) once every tag was read."""
        now = (1000 + second) * SECOND
        values, qualities = zip(*readings, strict=True)
        self.latest.apply(batch(range(len(readings)), values, mono_ns=now, quality=qualities))
        verdicts, self.memory = evaluate(self.rule_set, self.latest.freeze(now, START_WALL_NS + now), self.memory, now)
        return [WORDS[item] for item in verdicts.condition], [WORDS[item] for item in verdicts.verdict]


def seconds(table_: list[list[str]], last: int) -> Iterator[tuple[int, list[str], bool]]:
    """(second, row that holds, it begins now)."""
    begins = {int(row[0]): row for row in table_}
    for second in range(min(begins), last + 1):
        row = begins[max(at for at in begins if at <= second)]
        yield second, row, second in begins


def test_a_set_point_from_a_tag() -> None:
    rule = TagLimit(
        id="x",
        tag="LT-101A",
        kind="H",
        set_point_tag="LC-101.SP",
        set_point_minimum=5.0,
        set_point_maximum=10.5,
        fallback=10.0,
        dead_band=0.2,
    )
    play = Play(table(tag("LT-101A", high=12.0), tag("LC-101.SP", high=12.0)), rule)
    for second, level, set_point, _, condition in rows_of("setpoints", "second"):
        conditions, verdicts = play.at(int(second), reading(level), reading(set_point))
        assert conditions == [condition.split(";")[0].split(",")[0]], second
        if "the alarm" in condition:
            assert verdicts == ["TRUE"]


def test_a_set_point_by_mode() -> None:
    rule = ModeLimit(
        id="x",
        tag="LT-101A",
        kind="H",
        set_point=10.0,
        in_modes=(InMode(mode="T-101.filling", set_point=9.0),),
        modes=(("T-101.filling", "tag('XV-101I.OPEN') == 1"),),
    )
    plant = table(tag("LT-101A", high=12.0), tag("XV-101I.OPEN", discrete=True))
    for level, valve, _, condition in rows_of("setpoints", "LT-101A"):
        conditions, _ = Play(plant, rule).at(0, reading(level), reading(valve))
        assert conditions == [condition.split(":")[0]], (level, valve)


def test_a_deviation_from_a_median() -> None:
    rule = Deviation(id="x", tag="LT-101A", against=("B", "C", "D"), limit=0.3, dead_band=0.1)
    plant = table(*(tag(name, high=12.0) for name in ("LT-101A", "B", "C", "D")))
    for row in rows_of("comparisons", "LT-101A"):
        conditions, _ = Play(plant, rule).at(0, *(reading(cell) for cell in row[:4]))
        assert conditions == [re.split("[ :]", row[5])[0]], row


def test_a_valve_that_hangs_between_its_ends() -> None:
    rule = Mismatch(id="x", wrong=limit_switches("OPEN", "CLOSED"), delays=Delays(on_delay_ns=20 * SECOND))
    play = Play(table(tag("OPEN", discrete=True), tag("CLOSED", discrete=True)), rule)
    raised: list[int] = []
    for second, row, begins in seconds(rows_of("comparisons", "second"), 60):
        conditions, verdicts = play.at(second, reading(row[1]), reading(row[2]))
        raised += [second] if verdicts == ["TRUE"] else []
        if begins:
            assert conditions == [row[3].split(" ")[0]]
    assert raised == [60]
    assert rows_of("comparisons", "second")[-1][4].startswith("raised")


def test_a_switch_that_chatters() -> None:
    lines = (DOCS / "counts.md").read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("| second | 0 |"))
    at, states, counts, said = (
        [cell.strip() for cell in lines[start + offset].strip("|").split("|")][1:] for offset in (0, 2, 3, 4)
    )
    changes = [[second, state] for second, state in zip(at, states, strict=True)]
    plant = table(tag("LSHH-101", discrete=True, period_ns=SECOND // 5))
    play = Play(plant, ChatteringInput(id="x", tag="LSHH-101"))
    for second, row, _ in seconds(changes, 71):
        conditions, _ = play.at(second, reading(row[1]))
        if str(second) in at:
            place = at.index(str(second))
            assert conditions == [said[place]], second
            events = play.memory.states[0]["event_mono_ns"][0]
            assert int((events >= (1000 + second - 60) * SECOND).sum()) == int(counts[place])


@pytest.mark.parametrize("row", rows_of("signals", "count"), ids=lambda row: row[0])
def test_a_current_loop(row: list[str]) -> None:
    count, current, value, told, out_of_band, high = row
    level = int(count) / 27648 * 12
    assert f"{4 + int(count) / 27648 * 16:.2f} mA" == current
    loop = TagAddress(tag="LT-101B", row=0, address="hr:80", low=0.0, high=12.0, signal="4-20mA")
    read = Bands.of([loop]).judge(np.array([level]), np.zeros(1, np.uint8), np.zeros(1, np.uint32))
    assert value == ("none" if np.isnan(read[0][0]) else f"{level:.2f} m")
    assert told.startswith(["GOOD", "UNCERTAIN", "BAD"][read[1][0]])
    assert ("`" not in told and read[2][0] == 0) or f"0x{read[2][0]:08X}" in told
    plant = table(tag("LT-101B", high=12.0))
    rules = (OutOfBand(id="o", tag="LT-101B"), Limit(id="h", tag="LT-101B", kind="HH", set_point=10.8))
    rule_set, now, latest = compile_rules(rules, plant), 10 * SECOND, Latest(plant)
    latest.apply(batch([0], read[0].tolist(), mono_ns=now, quality=read[1].tolist(), status=read[2].tolist()))
    verdicts, _ = evaluate(rule_set, latest.freeze(now, START_WALL_NS), Memory.fresh(rule_set, SECOND), now)
    assert [WORDS[item] for item in verdicts.condition] == [out_of_band, high.split(":")[0]]
