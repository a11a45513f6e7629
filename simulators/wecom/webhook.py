"""What the webhook answers: the documented limits and errcodes, a switch for refusals and silence, and a log."""

import threading
import time
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any

WINDOW_NS = 60_000_000_000
MOST_BYTES = 2048
LOGGED = 5000

ERRMSG = {
    0: "ok",
    -1: "system busy",
    40008: "invalid message type",
    40058: "invalid Request Parameter",
    44004: "text content is empty",
    45002: "content size out of limit",
    45009: "api freq out of limit, hint: [simulated], from ip: 127.0.0.1, more info at the developer pages",
    93000: "invalid webhook url, hint: [simulated]",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request as the server saw it; `errcode` is None while it was left without an answer."""

    n: int
    received_wall_ns: int
    errcode: int | None
    text: str
    mentioned: list[str] = field(default_factory=list)


class RefusedError(Exception):
    """The control request cannot be understood."""


class Webhook:
    """Judges messages; safe to call from several threads."""

    def __init__(self, key: str, per_minute: int = 20) -> None:
        self._key = key
        self._per_minute = per_minute
        self._lock = threading.Lock()
        self._window: deque[int] = deque()
        self._log: deque[Received] = deque(maxlen=LOGGED)
        self._count = 0
        self.errcode = 0
        """Played to every message; 0 = judge honestly."""
        self.delay_s = 0.0
        self.silent = False
        """Take requests, answer none."""

    def control(self, wanted: Any) -> dict[str, object]:
        """Change what is played; keys that are not given stay as they are.

        :raises RefusedError: an unknown key or a value of the wrong type.
        """
        types: dict[str, tuple[type, ...]] = {"errcode": (int,), "delay_s": (int, float), "silent": (bool,)}
        if not isinstance(wanted, dict) or not wanted.keys() <= types.keys():
            raise RefusedError("an object with the keys errcode, delay_s, silent is expected")
        for name, value in wanted.items():
            if not isinstance(value, types[name]) or (isinstance(value, bool) and name != "silent"):
                raise RefusedError(f"{name} has the wrong type")
        with self._lock:
            for name, value in wanted.items():
                setattr(self, name, value)
            return {"errcode": self.errcode, "delay_s": self.delay_s, "silent": self.silent}

    def judge(self, key: str, message: Any) -> dict[str, object]:
        """The answer to one message, and its line in the log."""
        text, mentioned = _text(message)
        with self._lock:
            now_ns = time.monotonic_ns()
            code = self.errcode or (0 if key == self._key else 93000) or self._frequency(now_ns) or _content(message)
            self._record(code, text, mentioned)
        return {"errcode": code, "errmsg": ERRMSG.get(code, "simulated refusal")}

    def malformed(self, method_or_body: str) -> dict[str, object]:
        """The answer to a request that is no JSON, or not a POST."""
        with self._lock:
            self._record(40058, method_or_body, [])
        return {"errcode": 40058, "errmsg": ERRMSG[40058]}

    def unanswered(self, message: Any) -> None:
        """Log a message that was left without an answer."""
        text, mentioned = _text(message)
        with self._lock:
            self._record(None, text, mentioned)

    def log(self, after: int = 0) -> list[dict[str, object]]:
        """What was received after the n-th request, oldest first."""
        with self._lock:
            return [asdict(line) for line in self._log if line.n > after]

    def _frequency(self, now_ns: int) -> int:
        while self._window and self._window[0] <= now_ns - WINDOW_NS:
            self._window.popleft()
        if len(self._window) >= self._per_minute:
            return 45009
        self._window.append(now_ns)
        return 0

    def _record(self, code: int | None, text: str, mentioned: list[str]) -> None:
        self._count += 1
        self._log.append(
            Received(n=self._count, received_wall_ns=time.time_ns(), errcode=code, text=text, mentioned=mentioned)
        )


def _content(message: Any) -> int:
    """The errcode for what a message says; 0 when it may be delivered."""
    if not isinstance(message, dict) or message.get("msgtype") not in {"text", "markdown"}:
        return 40008 if isinstance(message, dict) else 40058
    part = message.get(message["msgtype"])
    if not isinstance(part, dict) or not isinstance(part.get("content", ""), str):
        return 40058
    content = part.get("content", "")
    if not content:
        return 44004
    most = MOST_BYTES if message["msgtype"] == "text" else 2 * MOST_BYTES
    if len(content.encode()) > most:
        return 45002
    mentioned = part.get("mentioned_list", [])
    if not isinstance(mentioned, list) or any(not isinstance(one, str) or len(one.encode()) > 64 for one in mentioned):
        return 40058
    return 0


def _text(message: Any) -> tuple[str, list[str]]:
    part = message.get(message.get("msgtype")) if isinstance(message, dict) else None
    if not isinstance(part, dict):
        return "", []
    mentioned = part.get("mentioned_list", [])
    return str(part.get("content", "")), [str(one) for one in mentioned] if isinstance(mentioned, list) else []
