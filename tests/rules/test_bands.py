"""One pass over many tags: what it skips by chunk, and what the bands of thousands of points keep, against plain loops."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import bands as bands_of_tags
from rules.bands import Bands, RowBand
from rules.catalog import Limit, NoUpdate, Rule
from rules.compile import compile_rules
from rules.evaluate import evaluate
from rules.kinds.rates import RateOfChange
from rules.memory import Memory
from rules.port import FOREVER, Moment
from tests.rules.plants import SECOND, snapshot, table, tag
from tests.rules.test_oracle import History, agree, rule_lists, scans

PLANT = table(*(tag(f"T{number:02}") for number in range(11)))


def moment(value: list[float], quality: list[int], received_ns: list[int], now_ns: int) -> Moment:
    readings = {name: one for name, *one in zip(PLANT.ids, value, quality, received_ns, strict=True)}
    seen = snapshot(PLANT, now_ns, {name: (one[0], int(one[1]), int(one[2])) for name, one in readings.items()})
    return Moment.of(seen, PLANT.ids, 0, now_ns)


count = len(PLANT)
ages = st.lists(st.integers(0, 12), min_size=count, max_size=count)
widths = st.lists(st.sampled_from([0.0, 1.0, math.inf, math.nan]), min_size=count, max_size=count)
steps = st.tuples(
    ages,
    st.lists(st.sampled_from([0.0, 1.0, -1.0, 5.0, math.nan]), min_size=count, max_size=count),
    st.lists(st.sampled_from([0, 0, 0, 1, 2]), min_size=count, max_size=count),
    st.sets(st.integers(0, count - 1)),
    st.lists(st.sampled_from([2, 5, 9, FOREVER]), min_size=count, max_size=count),
    st.lists(st.sampled_from([3, 14, 17, 25, FOREVER]), min_size=count, max_size=count),
    widths,
)


@settings(max_examples=50, deadline=None)
@given(history=st.lists(steps, min_size=1, max_size=8), chunk=st.integers(1, 12))
def test_rows_that_left_their_bands_are_those_that_a_plain_loop_finds(
    history: list[tuple[list[int], list[float], list[int], set[int], list[int], list[int], list[float]]], chunk: int
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(bands_of_tags, "CHUNK", chunk)
        patched.setattr(bands_of_tags, "NEIGHBOURS", 1 + chunk // 2)
        bands, now_ns = Bands.none(count, silent=True, look=True), 10
        for age, value, quality, renewed, silent_ns, look_ns, width in history:
            now_ns += 3
            received = [now_ns - old for old in age]
            at = moment(value, quality, received, now_ns)
            left = bands.left(at)
            assert bands.silent_ns is not None and bands.look_ns is not None
            still, moving, late = [], [], []
            for row in range(count):
                other, blind = quality[row] != bands.quality[row], quality[row] >= 2
                within = bands.low[row] <= value[row] <= bands.high[row] or blind
                if other or not (within or bands.still_low[row] <= value[row] <= bands.still_high[row]):
                    still.append(row)
                ends = received[row] >= bands.look_ns[row]
                if other or ends or not (within or bands.moving_low[row] <= value[row] <= bands.moving_high[row]):
                    moving.append(row)
                if received[row] + int(bands.silent_ns[row]) < now_ns:
                    late.append(row)
            assert left.still.tolist() == still
            assert left.moving.tolist() == moving
            watched = [row for row, then in zip(bands.watched.tolist(), bands.watched_received_ns.tolist(), strict=True)
                       if received[row] != then]  # fmt: skip
            assert left.silent.tolist() == sorted({*late, *watched})
            due = min(received[row] + int(bands.silent_ns[row]) for row in range(count)) + 1
            assert left.due_ns == min(due, FOREVER) == bands.due_ns(at)
            # as the engine does: whatever left gets a new band, and some others too
            rows = np.array(sorted({*still, *moving, *left.silent.tolist(), *renewed}), np.intp)
            some, ends = np.array(width)[rows], np.array(look_ns)[rows]
            here = np.where(np.isfinite(some), np.nan_to_num(np.array(value)[rows]), 0.0)
            band = RowBand(
                rows=rows, low=here - some, high=here + some, silent_ns=np.array(silent_ns)[rows],
                look_ns=np.maximum(ends, np.array(received)[rows] + 1), watched=np.array(silent_ns)[rows] == FOREVER,
            )  # fmt: skip
            wider = replace(band, low=band.low - 1.0, high=band.high + 1.0)
            one, other_band = (band, wider) if now_ns % 2 else (wider, band)
            bands.renew(one, other_band, band, at, np.zeros(0, np.intp))


@settings(max_examples=25, deadline=None)
@given(rules=rule_lists, history=scans, chunk=st.integers(1, 5))
def test_rules_agree_with_the_oracle_whatever_the_chunks(rules: list[Rule], history: History, chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(bands_of_tags, "CHUNK", chunk)
        patched.setattr(bands_of_tags, "NEIGHBOURS", 1 + chunk // 2)
        agree(rules, history, {1}, 7)


def test_a_silent_tag_among_thousands_is_told_at_its_moment_and_costs_no_other_rule_a_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bands_of_tags, "CHUNK", 1 << 14)  # there are two
    names = [f"P{number}" for number in range(18_000)]
    plant = table(*(tag(name) for name in names))
    rules: list[Rule] = [NoUpdate(id=f"n{name}", tag=name, after_ns=10 * SECOND) for name in names]
    rules += [Limit(id=f"h{name}", tag=name, kind="H", set_point=80.0) for name in names[::7]]
    rules += [
        RateOfChange(id=f"r{name}", tag=name, direction="rise", limit=60.0, window_ns=8 * SECOND) for name in names[::9]
    ]
    rule_set = compile_rules(rules, plant)
    memory, silent = Memory.fresh(rule_set, 0), 17_333
    received = dict.fromkeys(names, 0)
    for second in range(1, 16):
        now = second * SECOND
        received = {name: now if name != names[silent] or second < 3 else received[name] for name in names}
        seen = snapshot(plant, now, {name: (50.0, 0, at) for name, at in received.items()})
        verdicts, memory = evaluate(rule_set, seen, memory, now)
        assert verdicts.verdict[silent] == (1 if second > 12 else 0)
        if second == 3:
            assert memory.due_ns == 12 * SECOND + 1
        if second > 1:
            told = [position for position in verdicts.changed.tolist() if position < len(names)]
            assert told == ([silent] if second == 13 else [])
