"""Accounts at start: the one-time admin password of a new plant, and the log-ins of the demo."""

import asyncio
import sys
from typing import Final, Protocol

from monitor.api.passwords import hash_password, new_password
from monitor.notify.people import Account

DEMO: Final = (
    # user name, role, password
    ("operator", "operator", "demo-operator"),
    ("shift", "shift_leader", "demo-shift"),
    ("manager", "manager", "demo-manager"),
    ("admin", "admin", "demo-admin"),
)


class AccountStore(Protocol):
    """What the store offers for accounts; `monitor.store.journal.JournalStore` satisfies it."""

    async def account(self, username: str) -> Account | None:
        """One account by name."""
        ...

    async def create_account(self, account: Account) -> None:
        """Keep a new account."""
        ...


async def prepare_accounts(store: AccountStore, *, demo: bool, persons: tuple[str, ...]) -> None:
    """Make sure somebody can log in; the password of a new admin is printed once, on standard error, and never again.

    Demo accounts take the persons of the plant in turn, so that the journal shows names.
    """
    if demo:
        for place, (username, role, password) in enumerate(DEMO):
            if await store.account(username) is None:
                person = persons[-1 - place] if place < len(persons) else None
                await store.create_account(await made(username, role, password, person))
        return
    if await store.account("admin") is None:
        password = new_password()
        await store.create_account(await made("admin", "admin", password, None))
        print(
            f"\n  首次启动：管理员 admin，一次性显示的密码 {password}\n"
            f"  First start: administrator admin, password shown once: {password}\n",
            file=sys.stderr,
            flush=True,
        )


async def made(username: str, role: str, password: str, person: str | None) -> Account:
    """A new account with its password hashed (argon2id, in a thread: it takes a tenth of a second on purpose)."""
    hashed = await asyncio.to_thread(hash_password, password)
    return Account(username=username, role=role, person=person, password_hash=hashed)
