"""Any sequence of verdicts, commands, suppressions, time and restarts: the board must do what a model of a few lines does."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from monitor.alarms.board import Board
from monitor.alarms.commands import (
    Acknowledge,
    Command,
    CommandRefusedError,
    EndSuppression,
    RemoveFromService,
    Reset,
    Shelve,
    SuppressByDesign,
)
from monitor.alarms.lifecycle import BEGINS, QUIET, TRANSITIONS, State, Suppression, Trigger
from monitor.alarms.transition import Alarm, Transition
from tests.monitor.alarms.board_model import (
    CHANGED,
    COUNT,
    LATCHED,
    LONGEST,
    MILDER,
    MOST,
    NEVER,
    OTHER,
    PHILOSOPHY,
    PLAIN,
    Model,
    bare,
)
from tests.monitor.alarms.verdicts import FALSE, TRUE, UNKNOWN, WALL, verdicts


class BoardMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.definitions = (PLAIN, LATCHED, OTHER)
        self.board = Board(self.definitions, PHILOSOPHY)
        self.models = [Model(latch=item.latch, priority_defined=item.priority) for item in self.definitions]
        self.stored: dict[str, Alarm] = {}
        self.journal: list[Transition] = []
        self.wall = WALL
        self.stepped = False

    def commit(self, steps: tuple[Transition, ...]) -> None:
        self.journal += steps
        self.stored |= {alarm.id: alarm for alarm in self.board.changed()}
        for model, item in zip(self.models, self.definitions, strict=True):
            if any(step.id == item.id for step in steps):
                model.kept = dict(model.suppressed)

    @rule(
        said=st.tuples(*[st.sampled_from([FALSE, TRUE, UNKNOWN])] * COUNT),
        renew=st.tuples(*[st.booleans()] * COUNT),
        passed=st.sampled_from([0, 1, 1, 40, 120, 180]),
    )
    def scan(self, said: tuple[int, ...], renew: tuple[bool, ...], passed: int) -> None:
        self.wall += passed
        ids = [item.id for item in self.definitions]
        steps = self.board.apply(verdicts(ids, said, renew=renew, value=[13.0] * COUNT), self.wall)
        assert [(step.id, step.trigger, step.annunciated) for step in steps] == self.expected(ids, said, renew)
        assert all(step.decided_wall_ns == self.wall for step in steps)
        self.commit(steps)

    def expected(
        self, ids: list[str], said: tuple[int, ...], renew: tuple[bool, ...]
    ) -> list[tuple[str, Trigger, bool]]:
        expected: list[tuple[str, Trigger, bool]] = []
        worse = set()
        for place, model in enumerate(self.models):
            triggers = model.judge(said[place], renew[place], self.wall)
            expected += [(ids[place], trigger, not model.suppressed) for trigger in triggers]
            if Trigger.RAISED in triggers:
                worse |= {place} if renew[place] else set()
                worse |= {MILDER} if place == 0 else set()
        for place in sorted(worse):
            if Suppression.SHELVED in self.models[place].suppressed:
                trigger = self.models[place].end(Suppression.SHELVED, self.wall)
                expected.append((ids[place], trigger, trigger not in QUIET))
        for place, model in enumerate(self.models):
            expected += [(ids[place], trigger, trigger not in QUIET) for trigger in model.elapse(self.wall)]
        return expected

    def obey(self, asked: Command, allowed: bool) -> Transition | None:
        """Give a command; None when it is refused, as the model says."""
        before = self.board.alarms()
        try:
            step = self.board.obey(asked, self.wall)
        except CommandRefusedError as refusal:
            assert not allowed
            assert refusal.message_zh
            assert self.board.alarms() == before
            assert self.board.changed() == ()
            return None
        assert allowed
        assert step.person == "li"
        self.commit((step,))
        return step

    @rule(place=st.integers(0, COUNT - 1), back=st.integers(-1, 2), reset=st.booleans())
    def command(self, place: int, back: int, reset: bool) -> None:
        model, occurrence = self.models[place], self.models[place].occurrence - back
        kind = Reset if reset else Acknowledge
        asked = kind(id=self.definitions[place].id, occurrence=occurrence, person="li", person_name="李")
        allowed = model.reset(occurrence) if reset else model.acknowledge(occurrence, self.wall)
        step = self.obey(asked, allowed)
        assert step is None or step.after is model.state

    @rule(
        place=st.integers(0, COUNT - 1), back=st.sampled_from([0, 0, 0, 1]), duration=st.sampled_from([1, 60, 200, 201])
    )
    def shelve(self, place: int, back: int, duration: int) -> None:
        model = self.models[place]
        asked = Shelve(
            id=self.definitions[place].id,
            occurrence=model.occurrence - back,
            person="li",
            person_name="李",
            comment="修",
            duration_ns=duration,
        )
        others = sum(Suppression.SHELVED in other.suppressed for other in self.models if other is not model)
        step = self.obey(asked, back == 0 and duration <= LONGEST and others < MOST)
        if step is not None:
            model.begin(Suppression.SHELVED, self.wall, self.wall + duration)
            model.kept = dict(model.suppressed)
            assert (step.trigger, step.before) == (Trigger.SHELVED, step.after)

    @rule(place=st.integers(0, COUNT - 1), lasts=st.sampled_from([1, 100, None]), design=st.booleans())
    def suppress(self, place: int, lasts: int | None, design: bool) -> None:
        model, name = self.models[place], self.definitions[place].id
        until = None if lasts is None else self.wall + lasts
        kind = Suppression.BY_DESIGN if design else Suppression.OUT_OF_SERVICE
        asked: Command = SuppressByDesign(id=name, person="li", person_name="李", comment="票", until_wall_ns=until)
        if not design:
            asked = RemoveFromService(
                id=name,
                occurrence=model.occurrence,
                person="li",
                person_name="李",
                comment="拆",
                until_wall_ns=until or self.wall + 1000,
                authorised_by="wang",
                interim="人工",
            )
        step = self.obey(asked, True)
        assert step is not None
        assert step.trigger is BEGINS[kind]
        self.note(model, kind, (NEVER if design else self.wall + 1000) if until is None else until)

    @rule(place=st.integers(0, COUNT - 1), kind=st.sampled_from(list(Suppression)))
    def end_suppression(self, place: int, kind: Suppression) -> None:
        model = self.models[place]
        stands = kind in model.suppressed
        asked = EndSuppression(id=self.definitions[place].id, suppression=kind, person="li", person_name="李")
        step = self.obey(asked, stands)
        if step is not None:
            assert step.trigger is model.end(kind, self.wall)
            model.kept = dict(model.suppressed)

    def note(self, model: Model, kind: Suppression, until: int) -> None:
        model.begin(kind, self.wall, until)
        model.kept = dict(model.suppressed)

    @rule(step=st.sampled_from([-3600, -7, 7, 3600]))
    def the_wall_clock_steps(self, step: int) -> None:
        self.wall += step
        self.board.clock_stepped(step)
        for model in self.models:
            model.deadline += 0 if model.deadline == NEVER else step
            if Suppression.SHELVED in model.suppressed:
                since, until = model.suppressed[Suppression.SHELVED]
                model.suppressed[Suppression.SHELVED] = since + step, until + step
            model.kept = dict(model.suppressed)
        self.stepped = True
        self.stored |= {alarm.id: alarm for alarm in self.board.changed()}

    @rule()
    def kill_and_restart(self) -> None:
        self.board = Board(self.definitions, PHILOSOPHY)
        assert self.board.restore(tuple(self.stored.values()), self.wall) == ()
        assert self.board.changed() == ()
        for model in self.models:
            model.restart(self.wall)

    @rule(moved=st.sampled_from([-3600, -30, 30, 3600]))
    def kill_and_restart_with_another_clock(self, moved: int) -> None:
        self.wall += moved
        self.kill_and_restart()

    @rule()
    def restart_with_the_third_definition_changed(self) -> None:
        self.definitions = (PLAIN, LATCHED, CHANGED if self.definitions[2] == OTHER else OTHER)
        self.board = Board(self.definitions, PHILOSOPHY)
        steps = self.board.restore(tuple(self.stored.values()), self.wall)
        stood = self.models[2].close()
        assert [(step.id, step.trigger) for step in steps] == [(OTHER.id, Trigger.DEFINITION_CHANGED)] * stood
        for model in self.models:
            model.restart(self.wall)
        self.commit(steps)

    @rule()
    def restart_without_the_third_definition_and_back(self) -> None:
        without = Board(self.definitions[:2], PHILOSOPHY)
        steps = without.restore(tuple(self.stored.values()), self.wall)
        stood = self.models[2].close()
        assert [(step.id, step.trigger) for step in steps] == [(OTHER.id, Trigger.DEFINITION_REMOVED)] * stood
        self.journal += steps
        self.stored |= {alarm.id: alarm for alarm in without.changed()}
        self.kill_and_restart()

    @invariant()
    def the_board_is_the_model(self) -> None:
        for alarm, model in zip(self.board.alarms(), self.models, strict=True):
            assert (alarm.state, alarm.occurrence) == (model.state, model.occurrence)
            assert alarm.condition_true == model.on
            assert alarm.priority == model.priority or not model.on
            assert {item.suppression: item.until_wall_ns or NEVER for item in alarm.suppressions} == {
                kind: until for kind, (_, until) in model.suppressed.items()
            }

    @invariant()
    def the_next_deadline_is_the_earliest_of_the_model(self) -> None:
        ends = [until for model in self.models for _, until in model.suppressed.values()]
        waits = [model.deadline for model in self.models if model.on and not model.suppressed]
        earliest = min([*ends, *waits], default=NEVER)
        assert self.board.next_deadline_ns() == (None if earliest >= NEVER // 2 else earliest)

    @invariant()
    def the_stored_rows_are_the_fold_of_the_journal(self) -> None:
        fold = {step.id: step.alarm for step in self.journal}
        if not self.stepped:  # a step of the clock moves the ends of shelves; the entry `clock_step` says by how much
            assert fold == self.stored
        assert {name: bare(alarm) for name, alarm in fold.items()} == {
            name: bare(alarm) for name, alarm in self.stored.items()
        }

    @invariant()
    def the_journal_is_a_walk_through_the_table_without_a_key_twice(self) -> None:
        keys = [step.key for step in self.journal]
        assert len(keys) == len(set(keys))
        state: dict[str, State] = {}
        number: dict[str, tuple[int, int]] = {}
        for step in self.journal:
            assert step.before is state.get(step.id, State.NORMAL)
            assert step.after is TRANSITIONS[step.before, step.trigger]
            occurrence, transition = number.get(step.id, (0, 0))
            begins = step.trigger is Trigger.RAISED
            assert (step.occurrence, step.transition) == (
                (occurrence + 1, 1) if begins else (occurrence, transition + 1)
            )
            state[step.id], number[step.id] = step.after, (step.occurrence, step.transition)


BoardMachine.TestCase.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
TestBoardAgainstModel = BoardMachine.TestCase
