"""The accounts, sessions and tokens of an open journal."""

from collections.abc import Sequence

from monitor.notify.people import Account
from monitor.store import accounts
from monitor.store.known_sessions import KnownSessions
from monitor.store.lanes import Lanes, OnLanes
from monitor.store.writer import JournalWriter, WallClock


class JournalAccounts(OnLanes):
    """Satisfies the API's port Accounts."""

    def __init__(self, lanes: Lanes, writer: JournalWriter, clock: WallClock) -> None:
        super().__init__(lanes, writer, clock)
        self._sessions = KnownSessions()

    async def create_account(self, account: Account) -> None:
        """Add an account.

        :raises AccountExistsError: the name is taken.
        """
        await self._write.run(self._sessions.changing(accounts.create), account)

    async def update_account(self, account: Account) -> None:
        """Replace an account; a new password or disabling it ends its sessions.

        :raises AccountExistsError: there is none of this name.
        """
        await self._write.run(self._sessions.changing(accounts.change), account)

    async def sessions(self, username: str) -> Sequence[tuple[bytes, int]]:
        """(SHA-256 of the token, end as wall time) of every live session and token of an account."""
        return await self._quick.run(accounts.sessions, username, self._clock.wall_ns())

    async def account(self, username: str) -> Account | None:
        """One account by name, disabled or not."""
        return await self._quick.run(accounts.find, username)

    async def accounts(self) -> Sequence[Account]:
        """All accounts by name."""
        return await self._quick.run(accounts.everyone)

    async def open_session(self, token_sha256: bytes, username: str, expires_wall_ns: int) -> None:
        """Keep a new session; expired ones are forgotten.

        :raises AccountExistsError: there is no account of this name.
        """
        await self._write.run(
            self._sessions.changing(accounts.open_session),
            token_sha256,
            username,
            expires_wall_ns,
            self._clock.wall_ns(),
        )

    async def session(self, token_sha256: bytes, wall_ns: int) -> Account | None:
        """The enabled account of a live session or bearer token."""
        known = self._sessions.find(token_sha256, wall_ns)
        if known is not None:
            return known
        changes = self._sessions.changes
        found = await self._quick.run(accounts.session, token_sha256, wall_ns)
        if found is None:
            return None
        account, expires_wall_ns = found
        self._sessions.keep(token_sha256, account, expires_wall_ns, changes)
        return account

    async def close_session(self, token_sha256: bytes) -> None:
        """Forget a session."""
        await self._write.run(self._sessions.changing(accounts.close_session), token_sha256)
