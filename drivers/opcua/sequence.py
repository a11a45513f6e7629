"""The numbers of the messages of one subscription: none may be missing.  Pure."""

from typing import Final

_LAST: Final = 2**32 - 1


class Sequence:
    """Follows the sequence numbers that a server gives to its notification messages (OPC 10000-4, NotificationMessage).

    They count up by one from message to message and go from the largest UInt32 to 1; a keep-alive tells the number that the
    next message with notifications will have, and does not use it up.
    """

    __slots__ = ("_expected",)

    def __init__(self) -> None:
        self._expected: int | None = None

    def missing(self, number: int, is_keep_alive: bool) -> str:
        """Take the next message; words about what lies between it and the last one, empty when nothing does.

        The first message may have any number: everything is read anew beside it.
        """
        expected = self._expected
        if number == 0:
            return "a message has the number 0, which no message may have"
        self._expected = number if is_keep_alive else number % _LAST + 1
        if expected is None or number == expected:
            return ""
        return f"message {expected} never came, {number} did"
