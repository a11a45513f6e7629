"""A chain of requests that one caller wants answered, and where it stands.  No I/O."""

from collections.abc import Sequence
from typing import Generic, NamedTuple, TypeVar

from drivers.modbus.wire import Answer, Refusal, Request

Waiter = TypeVar("Waiter")


class Chain(Generic[Waiter]):
    """Requests to one unit, asked in order; with a window of several their answers may come in any order."""

    __slots__ = (
        "_answers",
        "_next",
        "_open",
        "_paused",
        "_retries",
        "_tries",
        "requests",
        "stop_s",
        "timeout_s",
        "waiter",
    )

    def __init__(self, requests: Sequence[Request], timeout_s: float, stop_s: float, waiter: Waiter) -> None:
        """`stop_s`: moment after which nothing new is begun; the first request is always asked."""
        self.requests = requests
        self.timeout_s = timeout_s
        self.stop_s = stop_s
        self.waiter = waiter
        self._answers: list[Answer | None] = [None] * len(requests)
        self._next = 0
        self._open = 0
        self._paused = 0
        self._retries: list[int] = []
        self._tries: dict[int, int] = {}

    @property
    def unit(self) -> int:
        """Whom it asks."""
        return self.requests[0].unit

    @property
    def is_begun(self) -> bool:
        """Whether anything was asked."""
        return self._next > 0

    def take(self, now_s: float) -> int | None:
        """Position of the request to ask now; None when nothing more is to be asked at this moment."""
        if self._paused:
            return None  # a busy device is left alone altogether
        if self._retries:
            self._open += 1
            return self._retries.pop()
        number = self._next
        if number < len(self.requests) and (number == 0 or now_s < self.stop_s):
            self._next = number + 1
            self._open += 1
            return number
        return None

    def settle(self, number: int, answer: Answer) -> bool:
        """The request at a position was answered; whether that was the last one open."""
        self._answers[number] = answer
        self._open -= 1
        return not self._open

    def postpone(self, number: int) -> int:
        """The device was busy: ask again later; returns how often it was busy before."""
        self._open -= 1
        self._paused += 1
        tries = self._tries.get(number, 0)
        self._tries[number] = tries + 1
        return tries

    def tries(self, number: int) -> int:
        """How often the request at a position was answered by busy."""
        return self._tries.get(number, 0)

    def resume(self, number: int) -> None:
        """The pause of a busy device is over."""
        self._paused -= 1
        self._retries.append(number)

    def give_up(self, refusal: Refusal) -> None:
        """The unit is not there: whatever has not been asked is refused without asking."""
        self._next = len(self.requests)
        self._retries.clear()
        self._answers = [refusal if answer is None else answer for answer in self._answers]

    def is_over(self, now_s: float) -> bool:
        """Whether nothing is open and nothing more will be asked."""
        if self._open or self._paused or self._retries:
            return False
        return self._next == len(self.requests) or (self._next > 0 and now_s >= self.stop_s)

    def answers(self) -> list[Answer]:
        """The answers of all that was asked, in order."""
        return [answer for answer in self._answers[: self._next] if answer is not None]


class Transaction(NamedTuple, Generic[Waiter]):
    """One request of a chain on its way; it is over at `deadline_s` of the loop's clock."""

    chain: Chain[Waiter]
    number: int
    deadline_s: float
