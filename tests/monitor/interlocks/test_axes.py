"""The tables of the three axes are whole and say what they must."""

from itertools import product

import pytest

from monitor.interlocks.axes import (
    BYPASSED,
    SERVICE,
    Action,
    Cover,
    Seen,
    Service,
    Voting,
    action_of,
    headline_of,
)
from rules.verdicts import Verdict

F, T, U = Verdict.FALSE, Verdict.TRUE, Verdict.UNKNOWN
EVERY_SEEN = [Seen(*row) for row in product(Verdict, Verdict, Verdict, (False, True), (False, True), (False, True))]


def test_every_pair_of_bit_and_permit_is_decided() -> None:
    assert set(SERVICE) == set(product(Verdict, Cover))


def test_an_unreadable_bit_is_never_in_service() -> None:
    assert {SERVICE[U, cover] for cover in Cover} == {Service.UNKNOWN}


def test_a_bit_that_stands_is_never_in_service() -> None:
    assert all(SERVICE[T, cover] in BYPASSED for cover in Cover)


def test_only_an_open_permit_makes_a_bypass_authorised() -> None:
    assert [cover for cover in Cover if SERVICE[T, cover] is Service.BYPASSED_AUTHORISED] == [Cover.ACTIVE]


@pytest.mark.parametrize("seen", EVERY_SEEN)
def test_every_action_is_decided_and_safe(seen: Seen) -> None:
    action = action_of(seen)
    if action is Action.READY:
        assert U not in (seen.demand, seen.tripped), "what is unknown is not ready"
        assert seen.demand is F or not seen.late
    if seen.demand is T and seen.tripped is F and seen.late:
        assert action in (Action.FAILED_TO_TRIP, Action.DEMAND_WHILE_BYPASSED)
    if seen.demand is T and seen.tripped is U and seen.late:
        assert action in (Action.FAILED_TO_TRIP, Action.DEMAND_WHILE_BYPASSED), "what was not seen to act did not"
    if seen.demand is T and seen.tripped is F and seen.bypassed is T:
        assert action is Action.DEMAND_WHILE_BYPASSED
    if seen.tripped is T:
        assert (action is Action.FAILED_TO_TRIP) is seen.unmoved
        assert action in (Action.TRIPPED, Action.SPURIOUS_TRIP, Action.FAILED_TO_TRIP)
    if action is Action.SPURIOUS_TRIP:
        assert not seen.caused
        assert seen.demand is F


@pytest.mark.parametrize(("service", "action", "voting"), list(product(Service, Action, Voting)))
def test_there_is_one_headline_and_it_is_true(service: Service, action: Action, voting: Voting) -> None:
    headline = headline_of(service, action, voting)
    assert headline.word == {"service": service, "action": action, "voting": voting}[headline.axis]
    if headline.word == Service.IN_SERVICE:
        assert action is Action.READY
        assert voting is Voting.FULL


def test_a_demand_that_nobody_answers_stands_before_everything() -> None:
    assert headline_of(Service.BYPASSED_UNAUTHORISED, Action.FAILED_TO_TRIP, Voting.LOST).word == Action.FAILED_TO_TRIP
    assert headline_of(Service.BYPASSED_UNAUTHORISED, Action.TRIPPED, Voting.LOST).word == Service.BYPASSED_UNAUTHORISED
