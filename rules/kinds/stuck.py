"""Stuck while it must move: a level that stays flat although a transfer runs (Buncefield 2005: flat for three hours)."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from rules import windows
from rules.columns.tags import Tag, TagTable
from rules.errors import RuleError
from rules.geometry import M3_PER_S, METRES, Vessel, Vessels
from rules.kinds.explain import explained, reading
from rules.kinds.mistakes import vessel_errors, window_errors
from rules.kinds.premises import Premises, good_of, missing, tag_of
from rules.language.conditions import Condition
from rules.port import Explanation, Figure, Judged, Moment, Rule, State, column, frozen
from rules.verdicts import Verdict

READINGS: Final = 6
"""A window is no shorter than this many scan class periods: few readings may be equal by chance."""
_NS: Final = 1_000_000_000
_TRUE: Final = np.uint8(Verdict.TRUE)
_FALSE: Final = np.uint8(Verdict.FALSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck(Rule):
    """The value moves no further than `flat_within` over the window although it must move by `minimum_change` or more.

    By how much it must move: as given; or, with flows, their integral over the surface of the vessel; or, with a
    neighbour, what that one moved.
    """

    tag: str
    window_ns: int
    flat_within: float
    minimum_change: float
    condition: Condition | None = None
    """It must move while this holds; None: always (flows or neighbour say whether it must)."""
    inflows: tuple[str, ...] = ()
    outflows: tuple[str, ...] = ()
    vessel: Vessel | None = None
    neighbour: str | None = None
    neighbour_vessel: Vessel | None = None
    minimum_coverage: float = 0.75


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StuckGroup:
    """All Stuck rules."""

    position: npt.NDArray[np.intp]
    premises: Premises
    flat_within: npt.NDArray[np.float64]
    minimum_change: npt.NDArray[np.float64]
    vessels: Vessels
    neighbour_vessels: Vessels
    by_flow: npt.NDArray[np.bool_]
    by_neighbour: npt.NDArray[np.bool_]
    driver_rule: npt.NDArray[np.intp]
    """With `driver_row` and `driver_factor`: one for every flow (m3/s of one unit, outflows negative) and neighbour (1)."""
    driver_row: npt.NDArray[np.int32]
    driver_factor: npt.NDArray[np.float64]
    eu: tuple[str, ...]
    timeless: ClassVar[bool] = False

    def inputs(self) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int32]]:
        """Each rule reads its tag, its flows or neighbour, and what its condition reads."""
        place, row = self.premises.conditions.inputs()
        return (
            np.concatenate([np.arange(self.position.size), self.driver_rule, place]),
            np.concatenate([self.premises.row, self.driver_row, row]),
        )

    def fresh(self, mono_ns: int) -> State:
        """No samples."""
        unknown = {name: np.full(self.position.size, np.nan) for name in ("movement", "expected", "share")}
        return frozen(**self.premises.fresh(mono_ns), **unknown)

    def judge(self, moment: Moment, active: npt.NDArray[np.bool_], state: State) -> Judged:
        """TRUE: flat although it had to move.  While active only a movement makes it FALSE: no transfer proves no gauge."""
        drivers, usable = self._drivers(moment)
        watched, after = self.premises.watch(moment, state, drivers, usable, exempt=active)
        movement, expected, share = self._solved(after, state, watched.new, watched.gone)
        covered = watched.heard & (share >= self.premises.minimum_coverage)
        not_asked = (watched.premise == _FALSE) | watched.broken | (covered & (expected < self.minimum_change))
        flat = covered & (movement <= self.flat_within) & (expected >= self.minimum_change)
        condition = np.full(self.position.size, np.uint8(Verdict.UNKNOWN))
        condition[(watched.heard & (movement > self.flat_within)) | (not_asked & ~active)] = _FALSE
        condition[flat & (watched.premise != _FALSE)] = _TRUE
        return Judged(
            condition=condition,
            value=movement,
            limit=np.where(np.isnan(expected), self.minimum_change, expected),
            row=self.premises.row,
            state=frozen(**{**after, "movement": movement, "expected": expected, "share": share}),
            due_ns=watched.due_ns,
        )

    def _drivers(self, moment: Moment) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
        """Net inflow in m3/s, or the value of the neighbour; and where everything that is sampled is good."""
        usable = good_of(moment, self.premises.row)
        if not self.driver_rule.size:
            return np.zeros(usable.size), usable
        good = good_of(moment, self.driver_row)
        flow = np.where(good, moment.value[self.driver_row], 0.0) * self.driver_factor
        bad = np.bincount(self.driver_rule[~good], minlength=usable.size) > 0
        net = np.bincount(self.driver_rule, flow, usable.size).astype(np.float64)
        return net, usable & ~bad

    def _solved(
        self, after: State, state: State, new: npt.NDArray[np.intp], gone: npt.NDArray[np.bool_]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Movement, expected change and coverage; solved again only where a sample is new."""
        solved = state["movement"], state["expected"], state["share"]
        if not new.size and not bool(gone.any()):
            return solved
        movement, expected, share = (of.copy() for of in solved)
        for of in (movement, expected, share):
            of[gone] = np.nan
        if new.size:
            samples, use, share[new] = self.premises.window(after, new)
            movement[new] = _range_but_one(samples[1], use)
            expected[new] = self._expected(samples, after["beside"][new], use, new)
        return movement, expected, share

    def _expected(
        self,
        samples: windows.Samples,
        beside: npt.NDArray[np.float64],
        use: npt.NDArray[np.bool_],
        places: npt.NDArray[np.intp],
    ) -> npt.NDArray[np.float64]:
        """By how much the value must have moved over the window."""
        times, values = samples
        both = use[:, :-1] & use[:, 1:]
        seconds = np.where(both, times[:, 1:] - times[:, :-1], 0) / _NS
        pumped = (np.where(both, (beside[:, 1:] + beside[:, :-1]) / 2, 0.0) * seconds).sum(axis=1)
        oldest = beside[np.arange(places.size), use.argmax(axis=1)]
        ends = self.neighbour_vessels.volume(np.column_stack((oldest, beside[:, -1])), places)
        volume = np.abs(np.where(self.by_flow[places], pumped, ends[:, 1] - ends[:, 0]))
        given = ~self.by_flow[places] & ~self.by_neighbour[places]
        return np.where(given, self.minimum_change[places], volume / self.vessels.area(values[:, -1], places))

    def explain(self, place: int, moment: Moment, active: bool, state: State) -> Explanation:
        """How far it moved, how far it had to, and whether it had to at all."""
        judged = self.judge(moment, np.full(self.position.size, active), state)
        moved, limit, eu = float(judged.value[place]), float(judged.limit[place]), self.eu[place]
        window_s, flat = self.premises.window_ns[place] / _NS, self.flat_within[place]
        zh, en = reading(moment, int(self.premises.row[place]))
        asked_zh, asked_en = self.premises.asked(place, moment, judged.state)
        if math.isnan(moved) or judged.condition[place] == Verdict.UNKNOWN:
            share = self.premises.coverage(judged.state, place, moment.mono_ns)
            gap = missing(share, float(self.premises.minimum_coverage[place]), window_s)
            zh, en = f"{zh}；{gap[0]}", f"{en}; {gap[1]}"
        if not math.isnan(moved):
            zh += f"；{window_s:g} s 内变化 {moved:.4g} {eu}（不超过 {flat:g} 视为不动），应变化 {limit:.4g} {eu}"
            en += f"; moved {moved:.4g} {eu} in {window_s:g} s (up to {flat:g} is flat), must move {limit:.4g} {eu}"
        if active and judged.condition[place] == Verdict.UNKNOWN:
            zh, en = f"{zh}；报警中，须见其变化才恢复", f"{en}; active, returns only when it moves"
        figures = (
            Figure(zh="变化", en="moved", value=moved, eu=eu),
            Figure(zh="应变化", en="must move", value=limit, eu=eu),
        )
        inputs = tuple(
            dict.fromkeys(moment.tag_ids[row] for at, row in zip(*self.inputs(), strict=True) if at == place)
        )
        words = f"{zh}；条件：{asked_zh}", f"{en}; condition: {asked_en}"
        return explained(int(judged.condition[place]), words, figures, inputs)


class StuckKind:
    """Checks and compiles Stuck rules."""

    version: ClassVar[int] = 1
    settles: ClassVar[bool] = False

    def errors(self, rule: Stuck, table: TagTable) -> Iterator[RuleError]:
        """Unknown or discrete tags, widths and times that cannot be, nothing that makes it move or too much of it."""
        known = True
        for field, name in _names(rule):
            if name not in table.row_of:
                yield RuleError(rule.id, field, f"no tag {name!r}")
                known = False
            elif tag_of(table, name).discrete:
                yield RuleError(rule.id, field, f"needs an analog tag; {name} is discrete")
        if not known:
            return
        tags = [tag_of(table, name) for _, name in _names(rule)]
        yield from window_errors(rule.id, rule.window_ns, rule.minimum_coverage, READINGS, tags)
        yield from _width_errors(rule)
        yield from _driver_errors(rule, table)
        yield from vessel_errors(rule.id, rule.vessel, tags[0])

    def set_errors(self, rules: Sequence[Stuck], table: TagTable) -> Iterator[RuleError]:
        """None."""
        return iter(())

    def group(self, rules: Sequence[tuple[int, Stuck]], table: TagTable) -> StuckGroup:
        """The columns."""
        mine = [rule for _, rule in rules]
        drivers = [(place, *driver) for place, rule in enumerate(mine) for driver in _drivers(rule, table)]
        return StuckGroup(
            position=column([position for position, _ in rules], np.intp),
            premises=Premises.of(mine, [rule.condition for rule in mine], table, inverted=False),
            flat_within=column([rule.flat_within for rule in mine], np.float64),
            minimum_change=column([rule.minimum_change for rule in mine], np.float64),
            vessels=Vessels.of([rule.vessel for rule in mine], [_metres(table, rule.tag) for rule in mine]),
            neighbour_vessels=Vessels.of(
                [rule.neighbour_vessel for rule in mine], [_metres(table, rule.neighbour) for rule in mine]
            ),
            by_flow=column([bool(rule.inflows or rule.outflows) for rule in mine], np.bool_),
            by_neighbour=column([rule.neighbour is not None for rule in mine], np.bool_),
            driver_rule=column([place for place, _, _ in drivers], np.intp),
            driver_row=column([row for _, row, _ in drivers], np.int32),
            driver_factor=column([factor for _, _, factor in drivers], np.float64),
            eu=tuple(tag_of(table, rule.tag).eu for rule in mine),
        )


def _range_but_one(values: npt.NDArray[np.float64], use: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Highest minus lowest of each row without the one sample that makes it widest: a wild reading is no movement.

    NaN under three samples.
    """
    ordered = np.sort(np.where(use, values, np.nan), axis=1)  # NaN stands last
    count, rows = use.sum(axis=1), np.arange(values.shape[0])
    top, second = ordered[rows, np.maximum(count - 1, 0)], ordered[rows, np.maximum(count - 2, 0)]
    narrowest = np.minimum(second - ordered[:, 0], top - ordered[:, 1])
    return np.where(count >= 3, narrowest, np.nan)


def _names(rule: Stuck) -> Iterator[tuple[str, str]]:
    yield "tag", rule.tag
    yield from (("inflow", name) for name in rule.inflows)
    yield from (("outflow", name) for name in rule.outflows)
    if rule.neighbour is not None:
        yield "neighbour", rule.neighbour


def _metres(table: TagTable, name: str | None) -> float:
    return METRES.get(tag_of(table, name).eu, 1.0) if name is not None else 1.0


def _drivers(rule: Stuck, table: TagTable) -> Iterator[tuple[int, float]]:
    for names, sign in ((rule.inflows, 1.0), (rule.outflows, -1.0)):
        yield from ((table.row_of[name], sign * M3_PER_S.get(tag_of(table, name).eu, 1.0)) for name in names)
    if rule.neighbour is not None:
        yield table.row_of[rule.neighbour], 1.0


def _width_errors(rule: Stuck) -> Iterator[RuleError]:
    if not (math.isfinite(rule.flat_within) and rule.flat_within >= 0):
        yield RuleError(rule.id, "flat_within", f"{rule.flat_within:g} is not a width; it is 0 or more")
    elif not (math.isfinite(rule.minimum_change) and rule.minimum_change > rule.flat_within):
        why = f"{rule.minimum_change:g} must be above flat_within {rule.flat_within:g}: else standing still is enough"
        yield RuleError(rule.id, "minimum_change", why)


def _driver_errors(rule: Stuck, table: TagTable) -> Iterator[RuleError]:
    flows = (*rule.inflows, *rule.outflows)
    if flows and rule.neighbour is not None:
        yield RuleError(rule.id, "neighbour", "either flows or a neighbour say how far it must move, not both")
    if not flows and rule.neighbour is None and rule.condition is None:
        yield RuleError(rule.id, "while", "nothing says when it must move: give while, flows or a neighbour")
    if flows and rule.vessel is None:
        yield RuleError(rule.id, "equipment", "flows need the geometry of the vessel")
    for field, name in (*(("inflow", name) for name in rule.inflows), *(("outflow", name) for name in rule.outflows)):
        if tag_of(table, name).eu not in M3_PER_S:
            yield RuleError(
                rule.id, field, f"a flow is in {', '.join(M3_PER_S)}; {name} is in {tag_of(table, name).eu}"
            )
    if rule.neighbour is not None:
        tag: Tag = tag_of(table, rule.neighbour)
        yield from vessel_errors(rule.id, rule.neighbour_vessel, tag)
        if (rule.vessel is None) != (rule.neighbour_vessel is None):
            yield RuleError(rule.id, "neighbour", "the geometry of both tanks is needed, or of none")
