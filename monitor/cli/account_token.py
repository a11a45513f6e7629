"""`redline account token ...`: bearer tokens for programs; shown once, kept as a hash, journaled, revocable."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Final

import typer

from monitor.api.tokens import fingerprint, new_token
from monitor.cli.accounts_of import CLOCK, Folder, State, read, refuse, said, with_journal
from monitor.notify.people import Account
from monitor.store import accounts
from monitor.store.journal import JournalStore

app = typer.Typer(help="Bearer tokens for programs: add, list, revoke (service stopped).", no_args_is_help=True)

DAY_NS: Final = 86_400_000_000_000
SHOWN: Final = 12
"""Hexadecimal digits of the hash by which a token is told from others."""


@app.command()
def add(
    plant: Folder,
    username: str,
    days: Annotated[int, typer.Option(help="how long it is valid", min=1, max=3650)] = 365,
    state: State = None,
) -> None:
    """Make a token for the account of a program (one without a person); it is shown now and never again."""

    async def work(journal: JournalStore) -> None:
        account = await _program(journal, username)
        now_ns, token = CLOCK.wall_ns(), new_token()
        hashed, ends_ns = fingerprint(token), now_ns + days * DAY_NS
        entry = said(account, "token", "获得令牌", "got a token", token=_name(hashed), until=_date(ends_ns))
        keep = partial(
            accounts.put_session, token_sha256=hashed, username=username, expires_wall_ns=ends_ns, wall_ns=now_ns
        )
        await journal.change_accounts(entry, keep)
        print(f"token: {token}\nname: {_name(hashed)}\nuntil: {_date(ends_ns)}")

    with_journal(read(plant), state, work)


@app.command("list")
def list_tokens(plant: Folder, username: str, state: State = None) -> None:
    """List what is valid for an account: name and end; a log-in of the program stands there too."""

    async def work(journal: JournalStore) -> None:
        await _program(journal, username)
        for hashed, ends_ns in await journal.sessions(username):
            print(f"{_name(hashed)}\t{_date(ends_ns)}")

    with_journal(read(plant), state, work)


@app.command()
def revoke(plant: Folder, username: str, name: str, state: State = None) -> None:
    """Revoke a token by the name that `list` shows."""

    async def work(journal: JournalStore) -> None:
        account = await _program(journal, username)
        found = [hashed for hashed, _ in await journal.sessions(username) if _name(hashed) == name]
        if not found:
            refuse(f"{username} has no token {name}; see `redline account token list`")
        entry = said(account, "revoke", "的令牌被吊销", "lost a token", token=name)
        await journal.change_accounts(entry, partial(accounts.end_session, token_sha256=found[0]))

    with_journal(read(plant), state, work)


async def _program(journal: JournalStore, username: str) -> Account:
    account = await journal.account(username)
    if account is None:
        refuse(f"there is no account {username}; `redline account add` makes one")
    if account.person is not None:
        refuse(f"{username} is the account of {account.person}: a token is for a program, an account without a person")
    if account.disabled:
        refuse(f"account {username} is disabled")
    return account


def _name(token_sha256: bytes) -> str:
    return token_sha256.hex()[:SHOWN]


def _date(wall_ns: int) -> str:
    return datetime.fromtimestamp(wall_ns // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
