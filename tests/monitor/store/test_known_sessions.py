"""Sessions that are remembered: never longer than they live, never beyond a change of accounts."""

import pytest

from monitor.notify.people import Account
from monitor.store import known_sessions
from monitor.store.known_sessions import KnownSessions

WANG = Account(username="wang", role="operator", person="wang", password_hash="argon2")
LI = Account(username="li", role="engineer", person="li", password_hash="argon2")


def kept(sessions: KnownSessions, token: bytes = b"token", account: Account = WANG) -> None:
    sessions.keep(token, account, 100, sessions.changes)


def test_a_session_is_known_until_it_ends() -> None:
    sessions = KnownSessions()
    assert sessions.find(b"token", 0) is None
    kept(sessions)
    kept(sessions, b"other", LI)
    assert (sessions.find(b"token", 99), sessions.find(b"other", 99)) == (WANG, LI)
    assert sessions.find(b"token", 100) is None
    assert sessions.find(b"token", 99) == WANG, "the clock may be set back: the database would say the same"


def test_a_change_makes_everything_unknown() -> None:
    sessions = KnownSessions()
    kept(sessions)
    assert sessions.changing(lambda first, second: first + second)(1, second=2) == 3
    assert sessions.find(b"token", 0) is None
    kept(sessions, account=LI)
    assert sessions.find(b"token", 0) == LI


def test_what_was_asked_before_a_change_and_answered_after_it_counts_no_more() -> None:
    sessions = KnownSessions()
    before = sessions.changes
    sessions.changing(lambda: None)()
    sessions.keep(b"token", WANG, 100, before)
    assert sessions.find(b"token", 0) is None


def refuse() -> None:
    raise ValueError("refused")


def test_a_change_that_failed_counts_too() -> None:
    sessions = KnownSessions()
    kept(sessions)
    with pytest.raises(ValueError, match="refused"):
        sessions.changing(refuse)()
    assert sessions.find(b"token", 0) is None, "how far it came is the database's word"


def test_many_tokens_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_sessions, "MOST", 3)
    sessions = KnownSessions()
    tokens = [bytes([number]) for number in range(4)]
    for token in tokens:
        kept(sessions, token)
    assert [sessions.find(token, 0) for token in tokens] == [None, None, None, WANG]
