"""What the commands about accounts share: the plant, its stopped journal, and the row that says what was done."""

import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from drivers import registry
from monitor.alarms.record import Entry
from monitor.clock import SystemClock
from monitor.notify.people import Account
from monitor.plant.folder import read_plant
from monitor.plant.mistakes import PlantRefusedError
from monitor.plant.plant import Plant
from monitor.settings import Settings
from monitor.store.errors import JournalRefusedError
from monitor.store.journal import JournalStore, open_journal

Folder = Annotated[Path, typer.Argument(help="plant folder")]
State = Annotated[Path | None, typer.Option(help="state folder (REDLINE_STATE_DIR)")]
CLOCK: Final = SystemClock()


def read(folder: Path) -> Plant:
    """The plant of a folder; ends the command with every mistake."""
    try:
        return read_plant(folder, registry).plant
    except PlantRefusedError as refused:
        refuse("\n".join(mistake.text("en") for mistake in refused.mistakes))


def with_journal(plant: Plant, state: Path | None, work: Callable[[JournalStore], Awaitable[None]]) -> None:
    """Do something with the journal of a stopped plant; ends the command when it cannot be opened."""
    settings = Settings() if state is None else Settings(state_dir=state)

    async def run() -> None:
        async with open_journal(settings.state_dir, plant.id, settings, CLOCK) as journal:
            await work(journal)

    try:
        asyncio.run(run())
    except JournalRefusedError as refused:
        refuse(refused.message_en)


def said(account: Account, action: str, zh: str, en: str, **values: object) -> Entry:
    """The journal row of a change; who sits at the command line is told by the machine's user, not by a log-in."""
    user = getpass.getuser()
    return Entry(
        kind="account",
        wall_ns=CLOCK.wall_ns(),
        message_zh=f"账号 {account.username} {zh}（命令行，系统用户 {user}）",
        message_en=f"Account {account.username} {en} (command line, system user {user})",
        values={
            "action": action,
            "username": account.username,
            "role": account.role,
            "person": account.person,
            "system_user": user,
            **values,
        },
    )


def refuse(words: str) -> NoReturn:
    """Say why on standard error and end with 1."""
    print(words, file=sys.stderr)
    raise typer.Exit(1)
