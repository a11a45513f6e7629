"""Who is calling: a person by cookie, a program by bearer token; and what the caller may do."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import Depends
from starlette.requests import HTTPConnection

from monitor.api.context import Context, Here
from monitor.api.ports import Account
from monitor.api.problems import ProblemError
from monitor.api.roles import Permission, permissions_of
from monitor.api.tokens import fingerprint

COOKIE: Final = "redline_session"
LONGEST_TOKEN: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A logged-in account and the fingerprint of the token it came with."""

    account: Account
    token_sha256: bytes

    @property
    def person(self) -> str:
        """What the journal keeps: the person's id, or the account's name for a program."""
        return self.account.person or self.account.username

    def name(self, here: Context) -> str:
        """The name shown and kept with every act, in the plant's language."""
        text = here.presenter.person_name(self.account.person, self.account.username)
        return text.en if here.plant.language == "en" else text.zh

    @property
    def permissions(self) -> frozenset[Permission]:
        """What the caller's role may do."""
        return permissions_of(self.account.role)


def token_of(connection: HTTPConnection) -> str | None:
    """The token a request or WebSocket carries; a bearer token wins over a cookie."""
    scheme, _, credentials = connection.headers.get("authorization", "").partition(" ")
    token = credentials.strip() if scheme.lower() == "bearer" else connection.cookies.get(COOKIE, "")
    return token if 0 < len(token) <= LONGEST_TOKEN else None


async def caller_of(context: Context, token_sha256: bytes) -> Caller | None:
    """The account behind a token, None when it is unknown, expired or disabled."""
    account = await context.accounts.session(token_sha256, context.clock.wall_ns())
    if account is None or account.disabled:
        return None
    return Caller(account=account, token_sha256=token_sha256)


async def logged_in(connection: HTTPConnection, here: Here) -> Caller:
    """Dependency: the caller.

    :raises ProblemError: 401, nobody is logged in.
    """
    token = token_of(connection)
    caller = None if token is None else await caller_of(here, fingerprint(token))
    if caller is None:
        raise ProblemError(
            401, "login", "请先登录。", "Log in first.", headers={"www-authenticate": 'Bearer realm="redline"'}
        )
    return caller


def require(permission: Permission) -> Callable[[Caller], Awaitable[Caller]]:
    """Dependency: a caller who has this permission, else 403."""

    async def permitted(caller: Annotated[Caller, Depends(logged_in)]) -> Caller:
        if permission not in caller.permissions:
            raise ProblemError(
                403,
                "permission",
                f"您的角色没有此权限（{permission}），请联系值班长或管理员。",
                f"Your role lacks the permission {permission}; ask the shift leader or an administrator.",
            )
        return caller

    return permitted
