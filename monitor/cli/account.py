"""`redline account ...`: accounts of one state folder, while the service is stopped."""

import asyncio
import getpass
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from drivers import registry
from monitor.accounts import made
from monitor.api.passwords import hash_password, new_password
from monitor.api.roles import ROLES
from monitor.clock import SystemClock
from monitor.plant.folder import read_plant
from monitor.plant.mistakes import PlantRefusedError
from monitor.plant.plant import Plant
from monitor.settings import Settings
from monitor.store.errors import AccountExistsError, JournalRefusedError
from monitor.store.journal import JournalStore, open_journal

app = typer.Typer(
    help="Accounts of one plant: add, list, set a password, disable (service stopped).", no_args_is_help=True
)

Folder = Annotated[Path, typer.Argument(help="plant folder")]
State = Annotated[Path | None, typer.Option(help="state folder (REDLINE_STATE_DIR)")]


@app.command()
def add(
    plant: Folder,
    username: str,
    role: Annotated[str, typer.Option(help=f"one of {', '.join(ROLES)}")] = "operator",
    person: Annotated[str | None, typer.Option(help="person id of plant.toml; none for a program")] = None,
    state: State = None,
) -> None:
    """Add an account; its password is asked for, or made and shown when the input is not a terminal."""
    found = _plant(plant)
    if role not in ROLES:
        _refuse(f"role {role!r} is unknown: one of {', '.join(ROLES)}")
    if person is not None and person not in {item.id for item in found.persons}:
        _refuse(f"there is no person {person!r} in plant.toml")
    password = _new_password()

    async def work(journal: JournalStore) -> None:
        try:
            await journal.create_account(await made(username, role, password, person))
        except AccountExistsError:
            _refuse(f"account {username} exists already; use `redline account password`")

    _with_journal(found, state, work)


@app.command()
def password(plant: Folder, username: str, state: State = None) -> None:
    """Set a new password."""
    word = _new_password()

    async def work(journal: JournalStore) -> None:
        account = await journal.account(username)
        if account is None:
            _refuse(f"there is no account {username}")
        else:
            await journal.update_account(replace(account, password_hash=hash_password(word)))

    _with_journal(_plant(plant), state, work)


@app.command()
def disable(plant: Folder, username: str, state: State = None) -> None:
    """Disable an account: it can no longer log in; the journal keeps its name."""

    async def work(journal: JournalStore) -> None:
        account = await journal.account(username)
        if account is None:
            _refuse(f"there is no account {username}")
        else:
            await journal.update_account(replace(account, disabled=True))

    _with_journal(_plant(plant), state, work)


@app.command("list")
def list_accounts(plant: Folder, state: State = None) -> None:
    """List the accounts."""

    async def work(journal: JournalStore) -> None:
        for account in await journal.accounts():
            print(
                f"{account.username}\t{account.role}\t{account.person or '-'}\t{'disabled' if account.disabled else 'active'}"
            )

    _with_journal(_plant(plant), state, work)


def _plant(folder: Path) -> Plant:
    try:
        return read_plant(folder, registry).plant
    except PlantRefusedError as refused:
        _refuse("\n".join(mistake.text("en") for mistake in refused.mistakes))
        raise


def _new_password() -> str:
    if not sys.stdin.isatty():
        made_up = new_password()
        print(f"password: {made_up}")
        return made_up
    first, second = getpass.getpass("password: "), getpass.getpass("again: ")
    if first != second or len(first) < 8:
        _refuse("the two differ, or are shorter than 8 characters")
    return first


def _with_journal(plant: Plant, state: Path | None, work: object) -> None:
    settings = Settings() if state is None else Settings(state_dir=state)

    async def run() -> None:
        async with open_journal(settings.state_dir, plant.id, settings, SystemClock()) as journal:
            await work(journal)  # type: ignore[operator]

    try:
        asyncio.run(run())
    except JournalRefusedError as refused:
        _refuse(refused.message_en)


def _refuse(words: str) -> None:
    print(words, file=sys.stderr)
    raise typer.Exit(1)
