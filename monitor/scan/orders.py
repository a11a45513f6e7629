"""What people asked since the last scan, carried out on the board and on the horns; the answers leave after the commit."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from monitor.alarms.board import Board
from monitor.alarms.commands import CommandRefusedError, Silence
from monitor.alarms.horn import Horns, HornState
from monitor.alarms.record import Entry
from monitor.alarms.transition import Transition
from monitor.interlocks.permit_commands import PermitCommand
from monitor.scan.barriers import Barriers
from monitor.scan.publisher import Outcome, Waiting


@dataclass(slots=True)
class CarriedOut:
    """What came of the commands of one scan."""

    transitions: list[Transition] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    answers: list[tuple[Waiting, Outcome]] = field(default_factory=list)


def carry_out(commands: Sequence[Waiting], board: Board, horns: Horns, barriers: Barriers, wall_ns: int) -> CarriedOut:
    """Carry out commands in the order they came.

    The horns have not heard yet what this scan decided: nobody can have silenced what never sounded.
    """
    done = CarriedOut()
    for waiting in commands:
        try:
            if isinstance(waiting.command, Silence):
                outcome: Outcome = _silence(waiting.command, horns, wall_ns, done)
            elif isinstance(waiting.command, PermitCommand):
                step, entry = barriers.obey(waiting.command, wall_ns)
                done.entries.append(entry)
                outcome = step.permit
            else:
                transition = board.obey(waiting.command, wall_ns)
                done.transitions.append(transition)
                outcome = transition.alarm
        except CommandRefusedError as refused:
            outcome = refused
        done.answers.append((waiting, outcome))
    return done


def _silence(command: Silence, horns: Horns, wall_ns: int, done: CarriedOut) -> HornState:
    sounding = [name for state in horns.states() if state.position == command.position for name in state.alarms]
    state = horns.silence(command, wall_ns)
    done.entries.append(
        Entry(
            kind="silence",
            wall_ns=wall_ns,
            message_zh=f"{command.person_name} 消音：岗位 {command.position}",
            message_en=f"{command.person_name} silenced the horn of position {command.position}",
            person=command.person,
            person_name=command.person_name,
            values={"position": command.position, "alarms": sounding},
        )
    )
    return state
