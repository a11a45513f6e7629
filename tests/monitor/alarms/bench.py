"""A board with a few alarms whose conditions a test sets, and what it says."""

from dataclasses import replace

from monitor.alarms.board import Board
from monitor.alarms.classes import BUILT_IN, HOUR_NS, AlarmClassRules, Philosophy, ShelvingLimits
from monitor.alarms.commands import Acknowledge, EndSuppression, RemoveFromService, Shelve, SuppressByDesign
from monitor.alarms.definition import AlarmDefinition
from monitor.alarms.lifecycle import State, Suppression
from monitor.alarms.transition import Transition
from tests.monitor.alarms.verdicts import FALSE, TRUE, UNKNOWN, WALL, definition, verdicts

HH, H = definition("LT-1.HH", priority=1), definition("LT-1.H", kind="H", priority=3)
LL, L = definition("LT-2.LL", kind="LL", priority=1), definition("LT-2.L", kind="L", priority=3)
GAS = definition("GD-1.HH", alarm_class="life_safety", latch=True)
BLIND = definition("HS.blind.P", kind="blind", alarm_class="system", tag=None)
ALL = (HH, H, LL, L, GAS, BLIND)
HOUR = HOUR_NS


class Bench:
    """A board whose conditions a test names; FALSE where it names none."""

    def __init__(
        self,
        definitions: tuple[AlarmDefinition, ...] = ALL,
        limits: ShelvingLimits | None = None,
        **classes: AlarmClassRules,
    ) -> None:
        self.definitions = definitions
        self.philosophy = Philosophy(classes={**BUILT_IN, **classes}, shelving=limits or ShelvingLimits())
        self.board = Board(definitions, self.philosophy)
        self.wall = WALL

    def scan(self, *true: str, later: int = 0, renew: str = "", unknown: tuple[str, ...] = ()) -> list[str]:
        self.wall += later
        said = [TRUE if item.id in true else UNKNOWN if item.id in unknown else FALSE for item in self.definitions]
        ids = [item.id for item in self.definitions]
        steps = self.board.apply(verdicts(ids, said, renew=[name == renew for name in ids]), self.wall)
        return [told(step) for step in steps]

    def restart(self, later: int = 0) -> None:
        stored = self.board.alarms()
        self.wall += later
        self.board = Board(self.definitions, self.philosophy)
        assert self.board.restore(stored, self.wall) == ()

    def shelve(self, name: str, occurrence: int = 0, duration: int = HOUR, reason: str = "校验") -> Transition:
        asked = Shelve(
            id=name, occurrence=occurrence, person="li", person_name="李", comment=reason, duration_ns=duration
        )
        return self.board.obey(asked, self.wall)

    def remove(self, name: str, occurrence: int = 0, **changes: object) -> Transition:
        asked = RemoveFromService(
            id=name,
            occurrence=occurrence,
            person="li",
            person_name="李",
            comment="拆检",
            until_wall_ns=self.wall + 24 * HOUR,
            authorised_by="wang",
            interim="人工检尺",
        )
        return self.board.obey(replace(asked, **changes), self.wall)  # type: ignore[arg-type]  # fields by name

    def design(self, name: str) -> Transition:
        return self.board.obey(SuppressByDesign(id=name, person="p-7", person_name="作业票", comment="清罐"), self.wall)

    def end(self, name: str, kind: Suppression = Suppression.SHELVED) -> Transition:
        return self.board.obey(EndSuppression(id=name, suppression=kind, person="li", person_name="李"), self.wall)

    def acknowledge(self, name: str, occurrence: int = 1, comment: str = "") -> Transition:
        asked = Acknowledge(id=name, occurrence=occurrence, person="li", person_name="李", comment=comment)
        return self.board.obey(asked, self.wall)

    def alarm(self, name: str) -> State:
        return next(alarm.state for alarm in self.board.alarms() if alarm.id == name)


def told(step: Transition) -> str:
    return f"{'' if step.annunciated else '!'}{step.id}#{step.occurrence}.{step.transition} {step.trigger} {step.after}"
