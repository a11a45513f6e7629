"""`/session`: log in, who am I and what may I, log out.  Log-ins, refusals and log-outs are journal rows."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from monitor.alarms.record import Entry, EntryKind
from monitor.api import dto
from monitor.api.caller import COOKIE, Caller, caller_of, logged_in, token_of
from monitor.api.context import Context, Here
from monitor.api.credentials import prove
from monitor.api.problems import ProblemError
from monitor.api.times import rfc3339
from monitor.api.tokens import fingerprint, new_token

open_router = APIRouter(tags=["session"])
router = APIRouter(tags=["session"])
HOUR_NS = 3_600_000_000_000


@open_router.post("/session")
async def log_in(here: Here, request: Request, response: Response, body: dto.Login) -> dto.Session:
    """Log in; sets the session cookie."""
    address = request.client.host if request.client else ""
    account = await prove(here, body.username, body.password, address)
    if account is None:
        raise ProblemError(401, "credentials", "用户名或密码不正确。", "Wrong user name or password.")
    old = token_of(request)
    if old is not None:
        await here.accounts.close_session(fingerprint(old))
        here.hub.session_closed(fingerprint(old))
    token = new_token()
    hours = here.options.session_hours
    now_ns = here.clock.wall_ns()
    await here.accounts.open_session(fingerprint(token), account.username, now_ns + int(hours * HOUR_NS))
    caller = Caller(account=account, token_sha256=fingerprint(token))
    await _record(here, "login", f"{caller.name(here)} 登录", f"{caller.name(here)} logged in", caller, address)
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(hours * 3600),
        path="/",
        secure=here.options.cookie_secure,
        httponly=True,
        samesite="strict",
    )
    return _session(here, caller)


@router.get("/session")
async def who_am_i(here: Here, caller: Annotated[Caller, Depends(logged_in)]) -> dto.Session:
    """Who I am and what I may do."""
    return _session(here, caller)


@router.delete("/session", status_code=204)
async def log_out(here: Here, request: Request, caller: Annotated[Caller, Depends(logged_in)]) -> Response:
    """Log out: the token and its open streams end."""
    await here.accounts.close_session(caller.token_sha256)
    here.hub.session_closed(caller.token_sha256)
    name = caller.name(here)
    await _record(
        here, "logout", f"{name} 退出登录", f"{name} logged out", caller, request.client.host if request.client else ""
    )
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, path="/", secure=here.options.cookie_secure, httponly=True, samesite="strict")
    return response


async def _record(here: Context, kind: EntryKind, zh: str, en: str, caller: Caller, address: str) -> None:
    await here.journal.record(
        Entry(
            kind=kind,
            wall_ns=here.clock.wall_ns(),
            message_zh=zh,
            message_en=en,
            person=caller.person,
            person_name=caller.name(here),
            values={"address": address, "role": caller.account.role},
        )
    )


def _session(here: Context, caller: Caller) -> dto.Session:
    plant = here.plant
    return dto.Session(
        username=caller.account.username,
        person=caller.account.person,
        name=here.presenter.person_name(caller.account.person, caller.account.username),
        role=caller.account.role,
        permissions=sorted(caller.permissions),
        site=dto.Text(zh=plant.name_zh, en=plant.name_en),
        plant=plant.id,
        timezone=plant.timezone,
        language="en" if plant.language == "en" else "zh",
        server_time=rfc3339(here.clock.wall_ns()),
        history_keep_days=plant.history_keep_days,
        positions=list(here.presenter.positions.seats_of(caller.account.username, caller.account.role)),
    )


async def session_still_stands(here: Context, token_sha256: bytes) -> bool:
    """Whether a stream that was opened with this token may go on."""
    return await caller_of(here, token_sha256) is not None
