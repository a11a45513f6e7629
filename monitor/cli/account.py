"""`redline account ...`: accounts of one state folder, while the service is stopped; every change is a journal row."""

import getpass
import sys
from dataclasses import replace
from functools import partial
from typing import Annotated

import typer

from monitor.accounts import made
from monitor.api.passwords import hash_password, new_password
from monitor.api.roles import ROLES
from monitor.cli import account_token
from monitor.cli.accounts_of import Folder, State, read, refuse, said, with_journal
from monitor.notify.people import Account
from monitor.store import accounts
from monitor.store.errors import AccountExistsError
from monitor.store.journal import JournalStore

app = typer.Typer(
    help="Accounts of one plant: add, list, set a password, disable, enable, tokens (service stopped).",
    no_args_is_help=True,
)
app.add_typer(account_token.app, name="token")


@app.command()
def add(
    plant: Folder,
    username: str,
    role: Annotated[str, typer.Option(help=f"one of {', '.join(ROLES)}")] = "operator",
    person: Annotated[str | None, typer.Option(help="person id of plant.toml; none for a program")] = None,
    state: State = None,
) -> None:
    """Add an account; its password is asked for, or made and shown when the input is not a terminal."""
    found = read(plant)
    if role not in ROLES:
        refuse(f"role {role!r} is unknown: one of {', '.join(ROLES)}")
    if person is not None and person not in {item.id for item in found.persons}:
        refuse(f"there is no person {person!r} in plant.toml")
    password = _new_password()

    async def work(journal: JournalStore) -> None:
        account = await made(username, role, password, person)
        try:
            await journal.change_accounts(said(account, "add", "新建", "added"), partial(accounts.put, account=account))
        except AccountExistsError:
            refuse(f"account {username} exists already; use `redline account password`")

    with_journal(found, state, work)


@app.command()
def password(plant: Folder, username: str, state: State = None) -> None:
    """Set a new password; its sessions and tokens end."""
    word = _new_password()

    async def work(journal: JournalStore) -> None:
        account = replace(await _known(journal, username), password_hash=hash_password(word))
        change = partial(accounts.replace, account=account)
        await journal.change_accounts(said(account, "password", "更改密码", "got a new password"), change)

    with_journal(read(plant), state, work)


@app.command()
def disable(plant: Folder, username: str, state: State = None) -> None:
    """Disable an account: it can no longer log in, its sessions and tokens end; the journal keeps its name."""

    async def work(journal: JournalStore) -> None:
        account = replace(await _known(journal, username), disabled=True)
        change = partial(accounts.replace, account=account)
        await journal.change_accounts(said(account, "disable", "停用", "disabled"), change)

    with_journal(read(plant), state, work)


@app.command()
def enable(plant: Folder, username: str, state: State = None) -> None:
    """Enable a disabled account again, with the password it had."""

    async def work(journal: JournalStore) -> None:
        account = await _known(journal, username)
        if not account.disabled:
            refuse(f"account {username} is not disabled")
        account = replace(account, disabled=False)
        change = partial(accounts.replace, account=account)
        await journal.change_accounts(said(account, "enable", "重新启用", "enabled again"), change)

    with_journal(read(plant), state, work)


@app.command("list")
def list_accounts(plant: Folder, state: State = None) -> None:
    """List the accounts."""

    async def work(journal: JournalStore) -> None:
        for account in await journal.accounts():
            stands = "disabled" if account.disabled else "active"
            print(f"{account.username}\t{account.role}\t{account.person or '-'}\t{stands}")

    with_journal(read(plant), state, work)


async def _known(journal: JournalStore, username: str) -> Account:
    account = await journal.account(username)
    return refuse(f"there is no account {username}") if account is None else account


def _new_password() -> str:
    if not sys.stdin.isatty():
        made_up = new_password()
        print(f"password: {made_up}")
        return made_up
    first, second = getpass.getpass("password: "), getpass.getpass("again: ")
    if first != second or len(first) < 8:
        refuse("the two differ, or are shorter than 8 characters")
    return first
