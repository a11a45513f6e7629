"""WeCom group webhook: HTTP 200 is not success, the errcode in the body is what counts (integration.md 1.1)."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, Literal
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import httpx
import orjson

from monitor.alarms.transition import Alarm
from monitor.clock import Clock
from monitor.notify import render
from monitor.notify.budget import Budget, choose
from monitor.notify.people import Channel, Notification
from monitor.notify.port import Outcome, Pick, Report, Trouble
from monitor.notify.row import OutboxRow, Purpose
from monitor.notify.secret import SecretMissingError, redact, resolve_secret

ANSWER_S: Final = 4.0
"""From the request to the whole answer; silence must be an alarm within 10 s."""
BUDGET_WAIT_S: Final = 0.25
"""A priority 1 row that comes while others wait for the minute is found after this."""
SHORT_BYTES: Final = 1000
RETRY_SECRET_S: Final = 30.0

Verdict = Literal["accepted", "row", "silent", "busy", "refused"]
VERDICTS: Final[dict[int, Verdict]] = {
    0: "accepted",
    -1: "silent",  # busy on their side: try again
    45033: "silent",  # too many at once
    45009: "busy",  # over 20 a minute: closed for a minute
    45002: "row",  # longer than 2048 bytes
    40008: "row",
    40058: "row",
    44004: "row",  # empty text
}
"""What an errcode says; every other one means that this key may not send (93000 removed, 40001 wrong, ...)."""


class WecomNotifier:
    """One webhook; opened by `run`."""

    def __init__(self, channel: Channel, notification: Notification, clock: Clock) -> None:
        self._channel = channel
        self._notification = notification
        self._clock = clock
        self._budget = Budget(channel.messages_per_minute)
        self._client: httpx.AsyncClient | None = None
        self._url = ""
        self._secrets: tuple[str, ...] = ()
        self._refused = False
        # httpx logs every address it calls, and the key is part of this one
        logging.getLogger("httpx").setLevel(logging.WARNING)

    async def run(self, report: Report) -> None:
        """Find the address, keep the HTTP client open; never returns."""
        # reads the zone file once, off the loop; rendering then finds it in zoneinfo's cache
        await asyncio.to_thread(ZoneInfo, self._notification.timezone)
        await self._resolve(report)
        # a proxy of the environment is for the way out of the plant, never for this machine
        outside = urlsplit(self._url).hostname not in {"127.0.0.1", "localhost", "::1"}
        client = await asyncio.to_thread(httpx.AsyncClient, timeout=ANSWER_S, trust_env=outside)
        async with client:
            self._client = client
            report(None)
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                self._client = None

    async def _resolve(self, report: Report) -> None:
        while True:
            try:
                await asyncio.to_thread(self._find_address)
            except SecretMissingError as error:
                report(Trouble(kind="refused", error=f"webhook address: {error}"))
            else:
                return
            await asyncio.sleep(RETRY_SECRET_S)

    def _find_address(self) -> None:
        url = resolve_secret(self._channel.url_env, self._channel.url_file)
        address = urlsplit(url)
        if address.scheme not in {"http", "https"} or not address.hostname:
            raise SecretMissingError("what is configured is not an http(s) URL")
        keys = [key for values in parse_qs(address.query).values() for key in values]
        self._url, self._secrets = url, (*self._secrets, url, address.query, *keys)

    def pick(self, rows: Sequence[OutboxRow], most: int) -> Pick:
        """All waiting rows of the most urgent alarm, or a digest when more wait than the minute allows."""
        if self._client is None:
            return Pick(wait_s=BUDGET_WAIT_S)
        return Pick(rows=choose(rows, self._budget, self._clock.mono_ns(), most), wait_s=BUDGET_WAIT_S)

    async def send(self, rows: Sequence[OutboxRow]) -> Outcome:
        """One message for all rows; one that is refused for its content is tried once more, shortened."""
        if self._refused:
            # the operator may have put a new key into the file; the old one stays when the file is gone
            with suppress(SecretMissingError):
                await asyncio.to_thread(self._find_address)
        outcome = Outcome()
        for most_bytes in (render.MOST_BYTES, SHORT_BYTES):
            try:
                text = render.text(rows, self._notification, most_bytes)
            except (ValueError, KeyError, TypeError) as error:
                return Outcome(refused=tuple(rows), error=f"cannot be rendered: {error!r}")
            outcome = await self._post(rows, text)
            if not outcome.refused:
                break
        self._refused = outcome.trouble is not None and outcome.trouble.kind == "refused"
        return outcome

    def publish_board(self, alarms: Sequence[Alarm]) -> None:
        """A webhook has no retained state."""

    async def _post(self, rows: Sequence[OutboxRow], text: str) -> Outcome:
        if self._client is None:
            return Outcome(trouble=Trouble(kind="silent", error="not open"))
        content: dict[str, object] = {"content": text}
        if self._channel.mention and any(
            row.priority == 1 and row.purpose in {Purpose.RAISE, Purpose.REPEAT} for row in rows
        ):
            content["mentioned_list"] = list(self._channel.mention)
        try:
            async with asyncio.timeout(ANSWER_S):
                response = await self._client.post(
                    self._url,
                    content=orjson.dumps({"msgtype": "text", "text": content}),
                    headers={"content-type": "application/json"},
                )
            return self._judge(rows, response)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            words = f"no answer within {ANSWER_S:g} s" if isinstance(error, TimeoutError) else repr(error)
            return Outcome(trouble=Trouble(kind="silent", error=redact(words, *self._secrets)))
        finally:
            self._budget.spend(self._clock.mono_ns(), digest=len({render.mark(row) for row in rows}) > 1)

    def _judge(self, rows: Sequence[OutboxRow], response: httpx.Response) -> Outcome:
        code, words = _errcode(response)
        if code is None:
            return Outcome(trouble=Trouble(kind="silent", error=redact(words, *self._secrets)))
        error = redact(f"errcode {code}: {words}", *self._secrets)
        verdict = VERDICTS.get(code, "refused")
        if verdict == "accepted":
            return Outcome(accepted=tuple(rows))
        if verdict == "row":
            return Outcome(refused=tuple(rows), error=error)
        return Outcome(trouble=Trouble(kind=verdict, error=error))


def _errcode(response: httpx.Response) -> tuple[int | None, str]:
    """The errcode of an answer, None when it has none (a proxy's page, a cut answer)."""
    try:
        answer: Any = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        answer = None
    code = answer.get("errcode") if isinstance(answer, dict) else None
    if not isinstance(code, int) or isinstance(code, bool):
        return None, f"HTTP {response.status_code} without an errcode"
    return code, str(answer.get("errmsg", ""))[:200]
