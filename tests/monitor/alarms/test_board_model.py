"""Any sequence of verdicts, commands and restarts: the board must do what a model of a few lines does."""

from dataclasses import dataclass, replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from monitor.alarms.board import Board
from monitor.alarms.commands import Acknowledge, CommandRefusedError, Reset
from monitor.alarms.lifecycle import TRANSITIONS, State, Trigger
from monitor.alarms.transition import Alarm, Transition
from tests.monitor.alarms.verdicts import FALSE, TRUE, UNKNOWN, WALL, definition, verdicts

PLAIN, LATCHED, OTHER = definition("A.HH"), definition("B.HH", latch=True), definition("C.HH", priority=3)
CHANGED = replace(OTHER, set_point=11.0)
COUNT = 3


@dataclass
class Model:
    """One alarm as four facts; the names of the states follow from them."""

    latch: bool
    on: bool = False
    acknowledged: bool = True
    latched: bool = False
    occurrence: int = 0
    said: int = UNKNOWN

    @property
    def state(self) -> State:
        if self.on:
            return State.ACKNOWLEDGED if self.acknowledged else State.UNACKNOWLEDGED
        if self.latched:
            return State.LATCHED_ACKNOWLEDGED if self.acknowledged else State.LATCHED_UNACKNOWLEDGED
        return State.NORMAL if self.acknowledged else State.RETURNED_UNACKNOWLEDGED

    def judge(self, verdict: int, renew: bool) -> list[Trigger]:
        self.said = verdict
        if verdict == TRUE and (renew or not self.on):
            triggers = [] if self.state is State.NORMAL else [Trigger.REACTIVATED]
            self.on, self.acknowledged, self.latched = True, False, False
            self.occurrence += 1
            return [*triggers, Trigger.RAISED]
        if verdict == FALSE and self.on:
            self.on, self.latched = False, self.latch
            return [Trigger.RETURNED_LATCHED if self.latch else Trigger.RETURNED]
        return []

    def acknowledge(self, occurrence: int) -> bool:
        allowed = occurrence == self.occurrence and not self.acknowledged
        self.acknowledged = self.acknowledged or allowed
        return allowed

    def reset(self, occurrence: int) -> bool:
        allowed = occurrence == self.occurrence and self.latched and self.acknowledged and self.said == FALSE
        self.latched = self.latched and not allowed
        return allowed

    def close(self) -> bool:
        stood = self.state is not State.NORMAL
        self.on, self.acknowledged, self.latched = False, True, False
        return stood


class BoardMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.definitions = (PLAIN, LATCHED, OTHER)
        self.board = Board(self.definitions)
        self.models = [Model(latch=item.latch) for item in self.definitions]
        self.stored: dict[str, Alarm] = {}
        self.journal: list[Transition] = []
        self.wall = WALL

    def commit(self, steps: tuple[Transition, ...]) -> None:
        self.journal += steps
        self.stored |= {alarm.id: alarm for alarm in self.board.changed()}

    @rule(said=st.tuples(*[st.sampled_from([FALSE, TRUE, UNKNOWN])] * COUNT), renew=st.tuples(*[st.booleans()] * COUNT))
    def scan(self, said: tuple[int, ...], renew: tuple[bool, ...]) -> None:
        self.wall += 1
        ids = [item.id for item in self.definitions]
        steps = self.board.apply(verdicts(ids, said, renew=renew, value=[13.0] * COUNT), self.wall)
        expected = [
            (name, trigger)
            for name, model, verdict, again in zip(ids, self.models, said, renew, strict=True)
            for trigger in model.judge(verdict, again)
        ]
        assert [(step.id, step.trigger) for step in steps] == expected
        assert all(step.decided_wall_ns == self.wall for step in steps)
        self.commit(steps)

    @rule(place=st.integers(0, COUNT - 1), back=st.integers(-1, 2), reset=st.booleans())
    def command(self, place: int, back: int, reset: bool) -> None:
        model, occurrence = self.models[place], self.models[place].occurrence - back
        kind = Reset if reset else Acknowledge
        asked = kind(id=self.definitions[place].id, occurrence=occurrence, person="li", person_name="李")
        allowed = model.reset(occurrence) if reset else model.acknowledge(occurrence)
        before = self.board.alarms()
        try:
            step = self.board.obey(asked, self.wall)
        except CommandRefusedError as refusal:
            assert not allowed
            assert refusal.message_zh
            assert self.board.alarms() == before
            assert self.board.changed() == ()
        else:
            assert allowed
            assert (step.person, step.after) == ("li", model.state)
            self.commit((step,))

    @rule()
    def kill_and_restart(self) -> None:
        self.board = Board(self.definitions)
        assert self.board.restore(tuple(self.stored.values()), self.wall) == ()
        assert self.board.changed() == ()
        for model in self.models:
            model.said = UNKNOWN

    @rule()
    def restart_with_the_third_definition_changed(self) -> None:
        self.definitions = (PLAIN, LATCHED, CHANGED if self.definitions[2] == OTHER else OTHER)
        self.board = Board(self.definitions)
        steps = self.board.restore(tuple(self.stored.values()), self.wall)
        stood = self.models[2].close()
        assert [(step.id, step.trigger) for step in steps] == [(OTHER.id, Trigger.DEFINITION_CHANGED)] * stood
        for model in self.models:
            model.said = UNKNOWN
        self.commit(steps)

    @rule()
    def restart_without_the_third_definition_and_back(self) -> None:
        without = Board(self.definitions[:2])
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

    @invariant()
    def the_stored_rows_are_the_fold_of_the_journal(self) -> None:
        fold = {step.id: step.alarm for step in self.journal}
        assert fold == self.stored

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
