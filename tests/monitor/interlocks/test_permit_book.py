"""Permits: who may, in which order, how long, and what the live bits make of it."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alarms.commands import CommandRefusedError, ConflictError
from monitor.interlocks.axes import Cover
from monitor.interlocks.permit_book import PermitBook, Reconciled
from monitor.interlocks.permit_commands import (
    Approve,
    CheckFunction,
    CheckMeasures,
    PermitCommand,
    Refuse,
    Request,
    Revoke,
    Withdraw,
)
from monitor.interlocks.permits import OPEN, PERMIT_STEPS, PermitState, PermitTrigger
from monitor.interlocks.register import BypassBit, InterlockClass, Register
from rules.verdicts import Verdict
from tests.monitor.interlocks.register import interlock

F, T, U = Verdict.FALSE, Verdict.TRUE, Verdict.UNKNOWN
HOUR = 3_600_000_000_000
START = 1_790_000_000_000_000_000
REGISTER = Register(
    interlocks=(
        interlock("SIS-1", bits=[BypassBit(tag="BP-1", bypassed_when=1), BypassBit(tag="BP-2", bypassed_when=1)]),
        interlock("SIS-9", interlock_class="C"),
    ),
    classes={
        "B": InterlockClass(id="B", approval=("shift_leader", "manager"), longest_s=8 * 3600),
        "C": InterlockClass(id="C", approval=("shift_leader",), function_check=False),
    },
)
REQUEST = Request(
    interlock="SIS-1", bits=("BP-1",), reason="换浮球", risk="满罐无联锁", measures=("专人监护液位",),
    start_wall_ns=START, until_wall_ns=START + 4 * HOUR, person="operator", person_name="冯涛",
)  # fmt: skip


def approve(role: str, person: str, permit: str = "P-000001") -> Approve:
    return Approve(id=permit, person=person, person_name=person, role=role)


def bits(first: Verdict, second: Verdict = F) -> dict[str, dict[str, Verdict]]:
    return {"SIS-1": {"BP-1": first, "BP-2": second}}


@pytest.fixture
def book() -> PermitBook:
    return PermitBook(REGISTER)


@pytest.fixture
def approved(book: PermitBook) -> PermitBook:
    book.obey(REQUEST, START)
    book.obey(approve("shift_leader", "leader"), START)
    book.obey(approve("manager", "boss"), START)
    return book


def triggers(found: Reconciled) -> list[PermitTrigger]:
    return [step.trigger for step in found.steps]


def refusal(book: PermitBook, command: PermitCommand, wall_ns: int = START) -> str:
    with pytest.raises(CommandRefusedError) as refused:
        book.obey(command, wall_ns)
    assert refused.value.message_zh
    return refused.value.message_en


def test_the_ladder_is_climbed_in_order_by_different_persons(book: PermitBook) -> None:
    step = book.obey(REQUEST, START)
    assert (step.permit.id, step.permit.state, step.permit.next_role) == ("P-000001", "requested", "shift_leader")
    assert "shift_leader" in refusal(book, approve("manager", "boss"))
    assert "different persons" in refusal(book, approve("shift_leader", "operator"))
    one = book.obey(approve("shift_leader", "leader"), START + 1)
    assert (one.trigger, one.permit.state) == (PermitTrigger.APPROVED_BY_ONE, PermitState.REQUESTED)
    assert "different persons" in refusal(book, approve("manager", "leader"))
    last = book.obey(approve("manager", "boss"), START + 2)
    assert (last.trigger, last.permit.state) == (PermitTrigger.APPROVED, PermitState.APPROVED)
    assert [item.person for item in last.permit.approvals] == ["leader", "boss"]
    assert "no approval any more" in refusal(book, approve("manager", "third"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"interlock": "SIS-7"}, "no interlock SIS-7"),
        ({"bits": ("BP-9",)}, "bypass bits must be of BP-1, BP-2"),
        ({"bits": ()}, "bypass bits must be of"),
        ({"reason": " "}, "must be given: reason"),
        ({"risk": "", "measures": ()}, "must be given: risk, compensating measures"),
        ({"measures": ("watch", " ")}, "compensating measures"),
        ({"start_wall_ns": START - HOUR}, "the start is past"),
        ({"until_wall_ns": START}, "not before the end"),
        ({"until_wall_ns": START + 9 * HOUR}, "8 h at most"),
    ],
)
def test_a_request_that_lacks_something_is_refused(book: PermitBook, change: dict[str, object], words: str) -> None:
    assert words in refusal(book, replace(REQUEST, **change))  # type: ignore[arg-type]  # fields by name
    assert book.open() == ()


def test_two_permits_for_one_bit_are_refused(book: PermitBook) -> None:
    book.obey(REQUEST, START)
    with pytest.raises(ConflictError, match="asked for P-000001"):
        book.obey(replace(REQUEST, person="other"), START)
    book.obey(replace(REQUEST, bits=("BP-2",)), START)
    assert [permit.id for permit in book.open()] == ["P-000001", "P-000002"]


def test_used_restored_checked(approved: PermitBook) -> None:
    found = approved.reconcile(bits(T), START + 1)
    assert triggers(found) == [PermitTrigger.USED]
    assert found.cover == {"SIS-1": Cover.ACTIVE}
    assert found.unused == ()
    assert triggers(approved.reconcile(bits(U), START + 2)) == [], "an unreadable bit does not end a use"
    back = approved.reconcile(bits(F), START + 3)
    assert triggers(back) == [PermitTrigger.CLEARED]
    assert back.cover == {"SIS-1": Cover.RESTORING}
    check = CheckFunction(id="P-000001", person="i", person_name="仪表", passed=False, comment="回路不通")
    assert approved.obey(check, START + 4).permit.state is PermitState.RESTORING
    assert "what was found" in refusal(approved, replace(check, comment=" "))
    closed = approved.obey(replace(check, passed=True, comment="联校合格"), START + 5)
    assert (closed.permit.state, closed.permit.ended_name, closed.permit.ended_note) == ("closed", "仪表", "联校合格")
    assert approved.reconcile(bits(F), START + 6).cover == {}
    assert approved.open() == ()


def test_a_class_without_function_check_closes_when_the_bit_is_back(book: PermitBook) -> None:
    book.obey(replace(REQUEST, interlock="SIS-9"), START)
    book.obey(approve("shift_leader", "leader"), START)
    book.reconcile({"SIS-9": {"BP-1": T}}, START + 1)
    assert triggers(book.reconcile({"SIS-9": {"BP-1": F}}, START + 2)) == [PermitTrigger.CLEARED_UNCHECKED]


def test_a_bit_without_permit_and_the_wrong_bit(approved: PermitBook) -> None:
    empty = PermitBook(REGISTER)
    assert empty.reconcile(bits(T), START).cover == {}
    assert approved.reconcile(bits(F, T), START + 1).cover == {"SIS-1": Cover.WRONG_INPUT}
    assert approved.reconcile(bits(T, T), START + 2).cover == {"SIS-1": Cover.WRONG_INPUT}


def test_a_permit_nobody_uses_is_told_and_expires(approved: PermitBook) -> None:
    assert approved.reconcile(bits(F), START + 1).unused == ("SIS-1",)
    ended = approved.reconcile(bits(F), START + 4 * HOUR)
    assert triggers(ended)[-1] is PermitTrigger.ENDED
    assert ended.steps[-1].permit.state is PermitState.EXPIRED
    assert approved.reconcile(bits(T), START + 5 * HOUR).cover == {}


def test_an_approved_permit_covers_nothing_before_its_start(book: PermitBook) -> None:
    book.obey(replace(REQUEST, start_wall_ns=START + HOUR), START)
    book.obey(approve("shift_leader", "leader"), START)
    book.obey(approve("manager", "boss"), START)
    assert book.reconcile(bits(T), START + 1).cover == {}
    assert book.next_deadline_ns() == START + HOUR


def test_the_clock_tells_each_role_once_and_survives_a_restart(approved: PermitBook) -> None:
    approved.reconcile(bits(T), START + 1)
    assert approved.next_deadline_ns() == START + 2 * HOUR
    half = approved.reconcile(bits(T), START + 2 * HOUR)
    assert [(step.mark, step.role) for step in half.steps] == [(50, "operator")]
    again = PermitBook(REGISTER)
    again.restore(approved.open(), 1)
    assert again.reconcile(bits(T), START + 2 * HOUR + 1).steps == ()
    late = again.reconcile(bits(T), START + 4 * HOUR)
    assert [(step.mark, step.role) for step in late.steps] == [(80, "shift_leader"), (100, "manager")]
    assert late.cover == {"SIS-1": Cover.OVERDUE}
    assert again.obey(replace(REQUEST, bits=("BP-2",)), START).permit.id == "P-000002"


def test_measures_are_looked_at_on_schedule(book: PermitBook) -> None:
    book.obey(replace(REQUEST, check_every_s=1800.0), START)
    book.obey(approve("shift_leader", "leader"), START)
    book.obey(approve("manager", "boss"), START)
    check = CheckMeasures(id="P-000001", person="operator", person_name="冯涛", comment="监护人在岗")
    assert "this cannot be done now" in refusal(book, check)
    book.reconcile(bits(T), START)
    assert book.next_deadline_ns() == START + HOUR // 2
    book.obey(check, START + HOUR // 4)
    assert book.reconcile(bits(T), START + HOUR // 2).steps == ()
    missed = book.reconcile(bits(T), START + 3 * HOUR // 4)
    assert triggers(missed) == [PermitTrigger.MEASURE_MISSED]
    assert missed.steps[0].permit.missed == 1


def test_who_may_end_it(approved: PermitBook) -> None:
    revoke = Revoke(id="P-000001", person="x", person_name="x", role="viewer", comment="停")
    assert "only the approving roles" in refusal(approved, revoke)
    withdraw = Withdraw(id="P-000001", person="x", person_name="x")
    assert "only 冯涛" in refusal(approved, withdraw)
    approved.reconcile(bits(T), START + 1)
    ended = approved.obey(replace(revoke, role="manager"), START + 2)
    assert ended.permit.state is PermitState.REVOKED
    assert approved.reconcile(bits(T), START + 3).cover == {}, "from now on the bypass is unauthorised"
    with pytest.raises(ConflictError):
        approved.obey(replace(revoke, role="manager"), START + 3)


def test_refused_before_it_began(book: PermitBook) -> None:
    book.obey(REQUEST, START)
    refused = book.obey(
        Refuse(id="P-000001", person="boss", person_name="经理", role="manager", comment="先停进料"), START
    )
    assert (refused.permit.state, refused.permit.ended_note) == (PermitState.REFUSED, "先停进料")


def test_every_pair_of_the_table_starts_open_and_every_open_state_can_end() -> None:
    assert {state for state, _ in PERMIT_STEPS} == OPEN
    for state in OPEN:
        assert any(after not in OPEN for (before, _), after in PERMIT_STEPS.items() if before is state)
    assert set(PERMIT_STEPS.values()) == set(PermitState)
    assert {trigger for _, trigger in PERMIT_STEPS} == set(PermitTrigger)


step_of = st.tuples(st.integers(1, HOUR), st.sampled_from(list(product(Verdict, Verdict))))


@given(st.lists(step_of, max_size=30))
def test_a_bypass_is_authorised_only_by_a_permit_that_runs(history: list[tuple[int, tuple[Verdict, Verdict]]]) -> None:
    book, now = PermitBook(REGISTER), START
    for command in (REQUEST, approve("shift_leader", "leader"), approve("manager", "boss")):
        book.obey(command, START)
    for passed, (first, second) in history:
        now += passed
        cover = book.reconcile(bits(first, second), now).cover.get("SIS-1", Cover.NONE)
        if now >= REQUEST.until_wall_ns:
            assert cover is not Cover.ACTIVE
        if second is T:
            assert cover in (Cover.NONE, Cover.WRONG_INPUT)
        if cover is Cover.OVERDUE:
            assert first is T
            assert now >= REQUEST.until_wall_ns
        again = book.reconcile(bits(first, second), now)
        assert again.steps == ()
        assert again.cover.get("SIS-1", Cover.NONE) is cover


def test_a_permit_may_follow_another_and_covers_what_it_outlived(approved: PermitBook) -> None:
    approved.reconcile(bits(T), START + 1)
    end = START + 4 * HOUR
    late = end + HOUR
    assert approved.reconcile(bits(T), late).cover == {"SIS-1": Cover.OVERDUE}
    with pytest.raises(ConflictError):
        approved.obey(replace(REQUEST, start_wall_ns=end - 1, until_wall_ns=late), end - 2)
    approved.obey(replace(REQUEST, start_wall_ns=late, until_wall_ns=late + HOUR), late)
    assert approved.reconcile(bits(T), late).cover == {"SIS-1": Cover.OVERDUE}, "asked is not approved"
    approved.obey(approve("shift_leader", "leader", "P-000002"), late)
    approved.obey(approve("manager", "boss", "P-000002"), late)
    found = approved.reconcile(bits(T), late)
    assert (triggers(found), found.cover) == ([PermitTrigger.USED], {"SIS-1": Cover.ACTIVE})
    assert approved.reconcile(bits(T), late + HOUR).cover == {"SIS-1": Cover.OVERDUE}
    back = approved.reconcile(bits(F), late + HOUR + 1)
    assert triggers(back) == [PermitTrigger.CLEARED, PermitTrigger.CLEARED]


def test_where_no_permit_is_needed_a_bypass_is_authorised() -> None:
    book = PermitBook(replace(REGISTER, interlocks=(replace(REGISTER.interlocks[0], permit_required=False),)))
    assert book.reconcile(bits(T), START).cover == {"SIS-1": Cover.ACTIVE}
    assert book.reconcile(bits(F), START).cover == {}


def test_the_permit_of_an_interlock_that_is_gone_rests(approved: PermitBook) -> None:
    stored = approved.open()
    book = PermitBook(replace(REGISTER, interlocks=REGISTER.interlocks[1:]))
    book.restore(stored, 1)
    assert book.open() == ()
    assert book.reconcile({}, START + 5 * HOUR).steps == ()
    assert book.changed() == (), "what the store has of it stays as it is"
    asked = book.obey(replace(REQUEST, interlock="SIS-9"), START)
    assert asked.permit.id == "P-000002", "its number is not given again"


def test_what_is_past_wakes_nobody(approved: PermitBook) -> None:
    approved.reconcile(bits(F), START + HOUR)
    assert approved.next_deadline_ns() == START + 2 * HOUR, "half of its time, not its start an hour ago"
