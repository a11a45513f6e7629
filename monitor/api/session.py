"""`/session`: log in, who am I and what may I, log out.  Log-ins, refusals and log-outs are journal rows."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from monitor.alarms.record import Entry, EntryKind
from monitor.api import dto
from monitor.api.caller import COOKIE, Caller, caller_of, fingerprint, logged_in, new_token, token_of
from monitor.api.context import Context, Here
from monitor.api.ports import Account
from monitor.api.problems import ProblemError
from monitor.api.throttle import penalty_s
from monitor.api.times import rfc3339

open_router = APIRouter(tags=["session"])
router = APIRouter(tags=["session"])
HOUR_NS = 3_600_000_000_000


@open_router.post("/session")
async def log_in(here: Here, request: Request, response: Response, body: dto.Login) -> dto.Session:
    """Log in; sets the session cookie."""
    address = request.client.host if request.client else ""
    account = await _judge(here, body, address)
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


async def _judge(here: Context, body: dto.Login, address: str) -> Account:
    """The account, when the password fits; the answer and its timing do not tell which of the two was wrong."""
    key = (body.username.casefold(), address)
    _turn_away(here.throttle.wait_s(key, here.clock.mono_ns()))
    _turn_away(1 if here.verifier.is_full else 0)
    count = here.throttle.attempt(key, here.clock.mono_ns())
    account = await here.accounts.account(body.username)
    usable = account is not None and not account.disabled
    fits = await here.verifier.verify(account.password_hash if account is not None and usable else None, body.password)
    if fits and account is not None:
        here.throttle.succeeded(key)
        return account
    await _record_refusal(here, account, address, count)
    raise ProblemError(401, "credentials", "用户名或密码不正确。", "Wrong user name or password.")


def _turn_away(wait_s: int) -> None:
    if wait_s > 0:
        raise ProblemError(
            429,
            "throttled",
            f"登录尝试过多，请在 {wait_s} 秒后重试。",
            f"Too many log-in attempts; try again in {wait_s} s.",
            headers={"retry-after": str(wait_s)},
        )


async def _record_refusal(here: Context, account: Account | None, address: str, count: int) -> None:
    """One row for the first failure and for each that brings a wait; an unknown name is not kept (it may be a password)."""
    unwritten = here.refusals.take(count, here.clock.mono_ns())
    if unwritten is None:
        return
    name = account.username if account is not None else None
    zh = f"登录被拒绝：{name or '未知用户'}，来自 {address}，第 {count} 次"
    en = f"log-in refused: {name or 'unknown user'} from {address}, failure {count}"
    await here.journal.record(
        Entry(
            kind="login_refused",
            wall_ns=here.clock.wall_ns(),
            message_zh=zh,
            message_en=en,
            person=(account.person or account.username) if account is not None else None,
            person_name=name,
            values={"address": address, "failures": count, "wait_s": penalty_s(count), "also_refused": unwritten},
        )
    )


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
