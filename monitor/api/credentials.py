"""Who proves to be an account by its password: to log in, or to authorise what another person asks."""

from monitor.alarms.record import Entry
from monitor.api.context import Context
from monitor.api.ports import Account
from monitor.api.problems import ProblemError
from monitor.api.throttle import penalty_s


async def prove(here: Context, username: str, password: str, address: str, asked_by: str = "") -> Account | None:
    """The account, when the password fits, else None; neither answer nor timing tell which of the two was wrong.

    `asked_by` is the person for whom this one should authorise something, empty for a log-in: guesses count together.

    :raises ProblemError: 429, too many failures or too many at once.
    """
    key = (username.casefold(), address)
    _turn_away(here.throttle.wait_s(key, here.clock.mono_ns()))
    _turn_away(1 if here.verifier.is_full else 0)
    count = here.throttle.attempt(key, here.clock.mono_ns())
    account = await here.accounts.account(username)
    usable = account is not None and not account.disabled
    fits = await here.verifier.verify(account.password_hash if account is not None and usable else None, password)
    if fits and account is not None:
        here.throttle.succeeded(key)
        return account
    await _record_refusal(here, account, address, count, asked_by)
    return None


def _turn_away(wait_s: int) -> None:
    if wait_s > 0:
        raise ProblemError(
            429,
            "throttled",
            f"登录尝试过多，请在 {wait_s} 秒后重试。",
            f"Too many log-in attempts; try again in {wait_s} s.",
            headers={"retry-after": str(wait_s)},
        )


async def _record_refusal(here: Context, account: Account | None, address: str, count: int, asked_by: str) -> None:
    """One row for the first failure and for each that brings a wait; an unknown name is not kept (it may be a password)."""
    unwritten = here.refusals.take(count, here.clock.mono_ns())
    if unwritten is None:
        return
    name = account.username if account is not None else None
    zh = f"{'授权' if asked_by else '登录'}被拒绝：{name or '未知用户'}，来自 {address}，第 {count} 次"
    what = "authorisation" if asked_by else "log-in"
    en = f"{what} refused: {name or 'unknown user'} from {address}, failure {count}"
    values = {"address": address, "failures": count, "wait_s": penalty_s(count), "also_refused": unwritten}
    await here.journal.record(
        Entry(
            kind="login_refused",
            wall_ns=here.clock.wall_ns(),
            message_zh=zh,
            message_en=en,
            person=(account.person or account.username) if account is not None else None,
            person_name=name,
            values={**values, "asked_by": asked_by} if asked_by else values,
        )
    )
