"""Giving a command to the board on behalf of a caller: who may, what is answered, what when the disk does not answer."""

import asyncio
from collections.abc import Sequence

from monitor.alarms.commands import Command, CommandRefusedError
from monitor.alarms.transition import Alarm
from monitor.api import dto
from monitor.api.caller import Caller
from monitor.api.context import Context
from monitor.api.problems import ProblemError, not_found


def unconfirmed() -> ProblemError:
    """503: what became of the command is not known."""
    return ProblemError(
        503,
        "unconfirmed",
        "没有得到确认：请先查看该报警的当前状态，再决定是否重试。",
        "Not confirmed: look at the alarm as it stands before trying again.",
    )


def elsewhere(owner: str) -> ProblemError:
    """403: the alarm belongs to another operator position."""
    return ProblemError(
        403,
        "position",
        f"该报警属于岗位 {owner}，请由该岗位操作员或值班长处理。",
        f"The alarm belongs to operator position {owner}: its operator or the shift leader answers it.",
    )


def refuse_elsewhere(here: Context, caller: Caller, alarm_id: str) -> None:
    """Let the caller command this alarm or say who may.

    :raises ProblemError: 404 without such an alarm, 403 when it belongs to a position where the caller does not sit.
    """
    definition = here.presenter.definition_of.get(alarm_id)
    if definition is None:
        raise not_found("没有这个报警。", "There is no such alarm.")
    positions = here.presenter.positions
    if not positions.may_answer(caller.account.username, caller.account.role, definition):
        raise elsewhere(positions.owner_of(definition) or "")


async def obey(here: Context, caller: Caller, command: Command) -> dto.Alarm:
    """Have one command carried out; answered after it is on disk.

    :raises ProblemError: 404, 403, or 503 when nothing was confirmed in time.
    :raises CommandRefusedError: the board refuses.
    """
    refuse_elsewhere(here, caller, command.id)
    try:
        async with asyncio.timeout(here.options.command_timeout_s):
            alarm = await here.board.obey(command)
    except TimeoutError as error:
        raise unconfirmed() from error
    return here.presenter.alarm(alarm)


async def obey_all(here: Context, commands: Sequence[Command]) -> Sequence[Alarm | CommandRefusedError]:
    """Have several commands carried out in one commit.

    :raises ProblemError: 503 when nothing was confirmed in time.
    """
    try:
        async with asyncio.timeout(here.options.command_timeout_s):
            return await here.board.obey_all(commands)
    except TimeoutError as error:
        raise unconfirmed() from error


def plain_text(text: str) -> str:
    """A comment on one line: control characters and direction marks would falsify how it reads later."""
    return "".join(character if character.isprintable() else " " for character in text).strip()
