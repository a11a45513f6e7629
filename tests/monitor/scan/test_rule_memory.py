"""What the rules remember is stored when it is due, and a scanner that starts again goes on with it."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from sqlalchemy.exc import OperationalError

from monitor.scan import rule_memory
from monitor.scan.rule_memory import RuleMemoryKeeper
from rules.catalog import Delays, Limit, Rule
from rules.compile import compile_rules
from rules.memory import Memory
from rules.stored import StoredPart
from tests.monitor.scan.support import Bench, ManualClock
from tests.rules.conftest import remembering as remembering
from tests.rules.histories import PLANT, Run
from tests.rules.plants import SECOND, START_WALL_NS, snapshot
from tests.rules.remembering import Rose

pytestmark = pytest.mark.usefixtures("remembering")
LEVEL = Limit(id="LT-1.H", tag="LT-1", kind="H", set_point=50.0, delays=Delays(on_delay_ns=30 * SECOND))
RISE = Rose(id="PT-1.rose", tag="PT-1", by=1.0, window_ns=8 * SECOND, hold_ns=60 * SECOND)


@dataclass
class Shelf:
    """Keeps parts by name; `refuses` like a database that is locked."""

    parts: dict[str, StoredPart] = field(default_factory=dict)
    written: list[list[str]] = field(default_factory=list)
    refuses: bool = False

    async def put_rule_memory(self, parts: Sequence[StoredPart], gone: Collection[str] = ()) -> None:
        if self.refuses:
            raise OperationalError("INSERT", {}, Exception("database is locked"))
        self.written.append([part.name for part in parts])
        self.parts |= {part.name: part for part in parts}
        for name in gone:
            self.parts.pop(name, None)


class Kept:
    """A run whose memory a keeper stores; time is told by the test."""

    def __init__(self, *rules: Rule, found: Collection[str] = ()) -> None:
        rule_set = compile_rules(rules, PLANT)
        self.clock = ManualClock(mono=1000 * SECOND)
        self.run = Run(rule_set, Memory.fresh(rule_set, self.clock.mono))
        self.shelf = Shelf()
        self.keeper = RuleMemoryKeeper(rule_set, lambda: self.run.memory, self.shelf, self.clock, found)

    async def second(self, level: float = 10.0, pressure: float = 1.0, quality: int = 0) -> list[str]:
        """One second later: a sweep, and what was stored after it."""
        self.clock.pass_s(1)
        readings = {"LT-1": (level, quality), "PT-1": (pressure, quality)}
        self.run.sweep(snapshot(PLANT, self.clock.mono, readings))
        before = len(self.shelf.written)
        await self.keeper.keep()
        return [name for names in self.shelf.written[before:] for name in names]


async def test_a_running_delay_is_stored_each_second_and_its_end_once() -> None:
    kept = Kept(LEVEL)
    assert await kept.second() == []
    assert await kept.second(60.0) == []  # nothing is counted yet
    assert [await kept.second(60.0) for _ in range(3)] == [["delays"]] * 3
    assert await kept.second(60.0, quality=1) == ["delays"]
    assert await kept.second(10.0, quality=1) == ["delays"]
    assert await kept.second(10.0, quality=1) == []  # held by UNKNOWN: nothing new
    assert await kept.second() == ["delays"]
    assert await kept.second() == []


async def test_what_is_stored_tells_when_it_was_so() -> None:
    kept = Kept(LEVEL)
    await kept.second(60.0)
    await kept.second(60.0)
    assert kept.shelf.parts["delays"].wall_ns == kept.clock.wall
    kept.clock.pass_s(0.7)
    kept.run.sweep(snapshot(PLANT, kept.clock.mono, {"LT-1": (60.0, 0)}))
    swept_ns = kept.clock.wall
    kept.clock.pass_s(0.2)
    await kept.keeper.keep()
    assert kept.shelf.parts["delays"].wall_ns == swept_ns


async def test_samples_are_stored_every_ten_seconds_and_flags_within_one() -> None:
    kept = Kept(RISE)
    assert await kept.second() == ["Rose"]
    assert [await kept.second(pressure=1.0 + 0.01 * n) for n in range(9)] == [[]] * 9
    assert await kept.second() == ["Rose"]
    assert await kept.second() == []
    assert await kept.second(pressure=9.0) == ["Rose"]  # it rose: a latch
    assert await kept.second(pressure=9.0) == []


async def test_a_kind_that_remembers_much_is_stored_less_often(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept(RISE)
    await kept.second()
    size = len(kept.shelf.parts["Rose"].body)
    monkeypatch.setattr(rule_memory, "BYTES_PER_S", size / 15)
    stored = [bool(await kept.second()) for _ in range(60)]
    # the first was stored at the usual pace
    assert 3 <= sum(stored) <= 5


async def test_at_the_stop_everything_is_stored_that_is_not_on_disk_yet() -> None:
    kept = Kept(LEVEL, RISE)
    await kept.second()
    await kept.second(60.0)
    await kept.second(60.0, pressure=1.5)
    kept.shelf.written.clear()
    kept.clock.pass_s(0.1)
    kept.run.sweep(snapshot(PLANT, kept.clock.mono, {"LT-1": (60.0, 0), "PT-1": (1.6, 0)}))
    await kept.keeper.keep(everything=True)
    assert kept.shelf.written == [["delays", "Rose"]]


async def test_parts_of_kinds_that_are_gone_are_forgotten() -> None:
    kept = Kept(LEVEL, found=["delays", "Rose"])
    kept.shelf.parts = {name: StoredPart(name=name, wall_ns=START_WALL_NS, body=b"old") for name in ("delays", "Rose")}
    await kept.second()
    assert kept.shelf.parts.keys() == {"delays"}
    assert kept.shelf.parts["delays"].body != b"old"
    assert await kept.second() == []


async def test_a_database_that_refuses_is_told_once_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    kept = Kept(LEVEL, RISE)
    kept.shelf.refuses = True
    await kept.second(60.0)
    await kept.second(60.0)
    await kept.second(60.0)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    kept.shelf.refuses = False
    assert await kept.second(60.0) == ["delays", "Rose"]


async def test_a_kind_whose_state_is_no_numbers_does_not_keep_the_others_from_disk(
    caplog: pytest.LogCaptureFixture,
) -> None:
    kept = Kept(LEVEL, RISE)
    for _ in range(3):
        await kept.second(60.0)
    kept.shelf.written.clear()
    names = np.array(["no number"])
    kept.run.memory = replace(kept.run.memory, states=({}, {**kept.run.memory.states[1], "rose": names}))
    kept.clock.pass_s(20)
    await kept.keeper.keep(everything=True)
    assert "Rose" in caplog.text
    caplog.clear()
    await kept.keeper.keep(everything=True)
    assert caplog.text == ""


async def test_a_scanner_that_starts_again_goes_on_with_a_running_delay() -> None:
    bench, shelf = Bench(), Shelf()
    keeper = RuleMemoryKeeper(bench.scanner.rule_set, lambda: bench.scanner.memory, shelf, bench.clock)
    bench.read_all(pressure=15.0)  # PT-2.H: 2 s on-delay
    await bench.scanner.scan()
    bench.clock.pass_s(1.5)
    bench.read_all(pressure=15.0)
    await bench.scanner.scan()
    await keeper.keep()

    after = Bench()
    after.clock.wall = bench.clock.wall + 3600 * SECOND
    after.clock.mono = 7 * SECOND
    restored = after.scanner.restore((), bench.disk.seq, tuple(shelf.parts.values()))
    assert restored.rules == ("PT-2.H",)
    await after.scanner.scan()
    after.clock.pass_s(1)
    after.read_all(pressure=15.0)
    await after.scanner.scan()
    assert ("PT-2.H", "raised") not in after.triggers()
    after.clock.pass_s(0.5)
    await after.scanner.scan()
    assert ("PT-2.H", "raised") in after.triggers()
