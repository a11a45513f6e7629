"""Suppression by design on a board without a service, and a slow model of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st

from monitor.alarms.board import Board
from monitor.alarms.commands import CommandRefusedError, EndSuppression, Shelve
from monitor.alarms.design_suppression import DesignSuppression
from monitor.alarms.design_suppressions import Suppressions, shifted
from monitor.alarms.lifecycle import Suppression, Trigger
from monitor.alarms.transition import Alarm, Transition
from monitor.scan.suppressions import carried_out
from tests.monitor.alarms.verdicts import FALSE, TRUE, UNKNOWN, WALL, definition, verdicts

IDS = ("A.state", "B.HH", "B.H", "C.L", "D.bad", "E.link")


DEFINITIONS = tuple(definition(name, kind="state", priority=2) for name in IDS)


GRACE = 5


SECOND = 1_000_000_000


def suppression(name: str, alarms: Sequence[str], **fields: object) -> DesignSuppression:
    kind = "parent" if fields.get("parent") else "condition"
    plain = {"id": name, "kind": kind, "alarms": tuple(alarms), "reason_zh": "按设计", "reason_en": "by design"}
    return DesignSuppression(**{**plain, **fields})  # type: ignore[arg-type]  # fields by name


@dataclass
class Bench:
    """A board under suppressions, moved second by second; keeps what its disk would keep."""

    suppressions: Sequence[DesignSuppression]
    ids: Sequence[str] = IDS
    now_s: int = 1000
    wall_s: int = 0
    steps: list[Transition] = field(default_factory=list)
    stored: dict[str, Alarm] = field(default_factory=dict)
    told: dict[str, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.definitions = [definition(name, kind="state", priority=2) for name in self.ids]
        self.logic = Suppressions(self.suppressions, self.ids, GRACE * SECOND)
        self.board = Board(self.definitions)
        self.memory = self.logic.remember((), 0)

    @property
    def wall_ns(self) -> int:
        return WALL + (self.now_s + self.wall_s) * SECOND

    def scan(self, said: Sequence[int], own: Sequence[int], later: int = 1) -> list[str]:
        self.now_s += later
        given_now = verdicts(self.ids, said)
        changes, self.memory = self.logic.judge(
            np.array(own, np.uint8),
            given_now,
            self.board.alarms(),
            self.memory,
            (self.now_s * SECOND, self.wall_ns),
        )
        steps = carried_out(changes.begins, self.board, self.wall_ns)
        steps += self.board.apply(given_now, self.wall_ns)
        steps += carried_out(changes.ends, self.board, self.wall_ns)
        return self.note(steps)

    def note(self, steps: Sequence[Transition]) -> list[str]:
        for step in steps:
            before = bool(self.stored[step.id].suppressions) if step.id in self.stored else False
            assert not (step.annunciated and step.alarm.suppressions), "told although something keeps it silent"
            if step.annunciated and step.trigger in (Trigger.RAISED, Trigger.UNSUPPRESSED):
                self.told[step.id] = True
            elif step.alarm.suppressions or before or step.trigger is Trigger.RAISED:
                self.told[step.id] = False
        self.steps += steps
        self.stored |= {alarm.id: alarm for alarm in self.board.changed()}
        return [f"{'' if step.annunciated else '!'}{step.id} {step.trigger}" for step in steps]

    def restart(self) -> None:
        self.board = Board(self.definitions)
        self.note(self.board.restore(tuple(self.stored.values()), self.wall_ns))
        self.memory = self.logic.remember(self.board.alarms(), self.now_s * SECOND)

    def clock_stepped(self, seconds: int) -> None:
        self.wall_s += seconds
        self.board.clock_stepped(seconds * SECOND)
        self.memory = shifted(self.memory, seconds * SECOND)
        self.note(())

    def shelve(self, name: str, seconds: int) -> None:
        occurrence = next(alarm.occurrence for alarm in self.board.alarms() if alarm.id == name)
        command = Shelve(
            id=name,
            occurrence=occurrence,
            person="li",
            person_name="李",
            comment="校验",
            duration_ns=seconds * SECOND,
        )
        self.note((self.board.obey(command, self.wall_ns),))

    def unshelve(self, name: str) -> None:
        command = EndSuppression(id=name, suppression=Suppression.SHELVED, person="li", person_name="李")
        try:
            self.note((self.board.obey(command, self.wall_ns),))
        except CommandRefusedError:
            return

    def silent(self) -> set[tuple[str, str]]:
        """(suppression, alarm) as the board has it."""
        return {
            (record.source, alarm.id) for alarm in self.board.alarms() for record in alarm.suppressions if record.source
        }


@dataclass
class Slow:
    """One suppression, by words alone."""

    item: DesignSuppression
    stands: bool = False
    since: int = 0
    lost: int | None = None
    barred: bool = False
    held: bool = False
    """Since a restart nothing was known."""
    truth: int = UNKNOWN


class Model:
    """All of them: loops, recursion, no arrays."""

    def __init__(self, suppressions: Sequence[DesignSuppression], start: int) -> None:
        self.all = [Slow(item, barred=item.maximum_ns is not None) for item in suppressions]
        self.start = start

    def restart(self, now: int) -> None:
        self.start = now
        for one in self.all:
            one.held, one.lost = one.stands, None
            one.barred = one.item.maximum_ns is not None and not one.stands

    def scan(self, said: dict[str, int], own: dict[str, int], shelved: set[str], now: int) -> None:
        done: set[str] = set()

        def settle(one: Slow) -> None:
            if one.item.id in done:
                return
            parent = one.item.parent
            truth = own[one.item.id] if parent is None else said[parent]
            for above in self.all:
                if parent in above.item.alarms:
                    settle(above)
            if truth == TRUE and parent is not None and one.item.kind != "device" and not self.speaks(parent, shelved):
                truth = FALSE
            self.step(one, truth, now)
            done.add(one.item.id)

        for one in self.all:
            settle(one)

    def speaks(self, parent: str, shelved: set[str]) -> bool:
        if parent in shelved:
            return False
        above = [one for one in self.all if parent in one.item.alarms and one.stands]
        return not above or any(one.item.parent is not None and one.truth == TRUE for one in above)

    def step(self, one: Slow, truth: int, now: int) -> None:
        one.truth = truth
        longest = one.item.maximum_ns
        if not one.stands:
            if truth == TRUE and not one.barred:
                one.stands, one.since, one.lost = True, now, None
            if truth == FALSE:
                one.barred = False
        elif longest is not None and now - one.since >= longest // SECOND:
            one.stands, one.held, one.barred = False, False, truth != FALSE
        elif truth == TRUE:
            one.lost, one.held = None, False
        elif not (one.held and truth == UNKNOWN and now - self.start < GRACE):
            one.lost = now if one.lost is None else one.lost
            if now - one.lost >= one.item.off_delay_ns // SECOND:
                one.stands, one.held = False, False


SAID = st.sampled_from((FALSE, TRUE, TRUE, UNKNOWN))


@st.composite
def plants(draw: st.DrawFn) -> list[DesignSuppression]:
    """Suppressions without a circle: a parent stands before its children in IDS."""
    made = []
    for at in range(draw(st.integers(1, 5))):
        parent = draw(st.sampled_from((None, *IDS[:-1])))
        children = IDS[IDS.index(parent) + 1 :] if parent else IDS
        longest = draw(st.sampled_from((None, None, 3, 7)))
        made.append(
            suppression(
                f"S{at}",
                draw(st.lists(st.sampled_from(children), min_size=1, max_size=3, unique=True)),
                parent=parent,
                off_delay_ns=draw(st.sampled_from((0, 0, 2))) * SECOND,
                maximum_ns=None if longest is None else longest * SECOND,
            )
        )
    return made


SCANS = st.lists(
    st.fixed_dictionaries(
        {
            "said": st.tuples(*[SAID] * len(IDS)),
            "own": st.tuples(*[SAID] * 5),
            "later": st.sampled_from((1, 1, 1, 3)),
            "act": st.sampled_from((None, None, None, "restart", "shelve", "unshelve", "clock")),
            "whom": st.sampled_from(IDS),
        }
    ),
    max_size=25,
)
