"""The account and session tables: statements on a connection whose thread owns it.

`create`, `change`, `open_session` and `close_session` are transactions of their own; `put`, `replace`, `put_session` and
`end_session` are their statements, for a transaction that also keeps who asked for it.
"""

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import IntegrityError

from monitor.notify.people import Account
from monitor.store.errors import AccountExistsError
from monitor.store.tables import ACCOUNT, SESSION


def create(connection: Connection, account: Account) -> None:
    """Add an account.

    :raises AccountExistsError: the name is taken.
    """
    with connection.begin():
        put(connection, account)


def put(connection: Connection, account: Account) -> None:
    """Add an account inside a transaction.

    :raises AccountExistsError: the name is taken.
    """
    try:
        connection.execute(ACCOUNT.insert(), [_columns(account)])
    except IntegrityError as error:
        raise AccountExistsError(f"an account named {account.username} exists already") from error


def change(connection: Connection, account: Account) -> None:
    """Replace an account; a new password or disabling it ends its sessions.

    :raises AccountExistsError: there is none of this name.
    """
    with connection.begin():
        replace(connection, account)


def replace(connection: Connection, account: Account) -> None:
    """Replace an account inside a transaction; see `change`."""
    old = connection.execute(select(ACCOUNT).where(ACCOUNT.c.username == account.username)).first()
    if old is None:
        raise AccountExistsError(f"there is no account named {account.username}")
    connection.execute(update(ACCOUNT).where(ACCOUNT.c.username == account.username).values(**_columns(account)))
    if account.disabled or account.password_hash != old.password_hash:
        connection.execute(delete(SESSION).where(SESSION.c.username == account.username))


def find(connection: Connection, username: str) -> Account | None:
    """One account by name, disabled or not."""
    found = connection.execute(select(ACCOUNT).where(ACCOUNT.c.username == username)).mappings().first()
    return None if found is None else _account(found)


def everyone(connection: Connection) -> list[Account]:
    """All accounts by name."""
    return [_account(found) for found in connection.execute(select(ACCOUNT).order_by(ACCOUNT.c.username)).mappings()]


def open_session(
    connection: Connection, token_sha256: bytes, username: str, expires_wall_ns: int, wall_ns: int
) -> None:
    """Keep a session, forget expired ones.

    :raises AccountExistsError: there is no account of this name.
    """
    with connection.begin():
        put_session(connection, token_sha256, username, expires_wall_ns, wall_ns)


def put_session(connection: Connection, token_sha256: bytes, username: str, expires_wall_ns: int, wall_ns: int) -> None:
    """Keep a session or token inside a transaction; see `open_session`."""
    row = {"token_sha256": token_sha256, "username": username, "expires_wall_ns": expires_wall_ns}
    connection.execute(delete(SESSION).where(SESSION.c.expires_wall_ns <= wall_ns))
    try:
        connection.execute(SESSION.insert(), [row])
    except IntegrityError as error:
        raise AccountExistsError(f"there is no account named {username}, or its session exists already") from error


def session(connection: Connection, token_sha256: bytes, wall_ns: int) -> tuple[Account, int] | None:
    """The enabled account of a live session, and when the session ends (wall time)."""
    query = (
        select(ACCOUNT, SESSION.c.expires_wall_ns)
        .join(SESSION, SESSION.c.username == ACCOUNT.c.username)
        .where(SESSION.c.token_sha256 == token_sha256, SESSION.c.expires_wall_ns > wall_ns, ~ACCOUNT.c.disabled)
    )
    found = connection.execute(query).mappings().first()
    if found is None:
        return None
    fields = dict(found)
    expires_wall_ns = fields.pop("expires_wall_ns")
    return Account(**fields), expires_wall_ns


def close_session(connection: Connection, token_sha256: bytes) -> None:
    """Forget a session."""
    with connection.begin():
        end_session(connection, token_sha256)


def end_session(connection: Connection, token_sha256: bytes) -> None:
    """Forget a session or token inside a transaction."""
    connection.execute(delete(SESSION).where(SESSION.c.token_sha256 == token_sha256))


def sessions(connection: Connection, username: str, wall_ns: int) -> list[tuple[bytes, int]]:
    """(SHA-256 of the token, end as wall time) of every live session and token of an account, the longest first."""
    query = (
        select(SESSION.c.token_sha256, SESSION.c.expires_wall_ns)
        .where(SESSION.c.username == username, SESSION.c.expires_wall_ns > wall_ns)
        .order_by(SESSION.c.expires_wall_ns.desc(), SESSION.c.token_sha256)
    )
    return [(token, ends) for token, ends in connection.execute(query)]


def _columns(account: Account) -> dict[str, object]:
    return {name: getattr(account, name) for name in Account.__slots__}


def _account(found: RowMapping) -> Account:
    return Account(**dict(found))
