"""The row of one interlock: written, read again older by what passed, left out where it cannot be believed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.interlocks.feedback import Answer, Demand, Sight
from monitor.interlocks.stored import (
    LONGEST_NS,
    Instant,
    Remembered,
    StoredInterlock,
    UnreadableError,
    decode,
    encode,
    passed_since,
)
from tests.monitor.interlocks.machine import Machine

age = st.none() | st.integers(0, LONGEST_NS)
sights = st.lists(
    st.builds(
        Sight,
        after_ns=age,
        at_most=st.booleans(),
        by_source_time=st.booleans(),
        blind=st.booleans(),
    ),
    max_size=3,
).map(tuple)
demands = sights.flatmap(
    lambda seen: st.builds(
        Demand,
        mono_ns=st.integers(-(10**17), 10**15),
        source_ns=st.none() | st.integers(0, 2**62),
        sights=st.just(seen),
        told=st.just(()) | st.tuples(*[st.sampled_from(list(Answer))] * len(seen)),
    )
)
memories = st.builds(
    Remembered,
    demand_age_ns=age,
    withheld=st.booleans(),
    trip_age_ns=age,
    caused=st.booleans(),
    demanded_by=st.lists(st.text(max_size=5), max_size=3).map(tuple),
    asked=st.none() | demands,
)
instants = st.builds(Instant, st.integers(10**15, 10**17), st.integers(0, 2**62), st.sampled_from(["", "a", "b"]))


@settings(max_examples=50)
@given(memories, instants, instants)
def test_what_is_written_is_read_again_older_by_what_passed(what: Remembered, then: Instant, now: Instant) -> None:
    effects = len(what.asked.sights) if what.asked else 1
    found = decode(encode(what, "p", then), "p", effects, now)
    passed_ns = passed_since(then, now)
    assert passed_ns >= 0
    assert (found.withheld, found.caused, found.demanded_by) == (what.withheld, what.caused, what.demanded_by)
    for was, is_now in ((what.demand_age_ns, found.demand_age_ns), (what.trip_age_ns, found.trip_age_ns)):
        assert is_now == (None if was is None else was + passed_ns)
    assert (found.asked is None) is (what.asked is None)
    if what.asked and found.asked:
        assert now.mono_ns - found.asked.mono_ns == then.mono_ns - what.asked.mono_ns + passed_ns
        assert replace(found.asked, mono_ns=0) == replace(what.asked, mono_ns=0)


@given(instants, instants)
def test_time_never_runs_backwards_and_on_one_start_of_a_machine_the_wall_clock_says_nothing(
    then: Instant, now: Instant
) -> None:
    passed_ns = passed_since(then, now)
    assert 0 <= passed_ns <= LONGEST_NS
    if then.boot == now.boot != "" and now.mono_ns >= then.mono_ns:
        assert passed_ns == now.mono_ns - then.mono_ns
    elif now.wall_ns < then.wall_ns:
        assert passed_ns == 0


def body(**changed: object) -> bytes:
    asked = Demand(mono_ns=0, source_ns=None, sights=(Sight(),))
    what = Remembered(
        demand_age_ns=1, withheld=False, trip_age_ns=None, caused=False, demanded_by=("LS-1",), asked=asked
    )
    told: Mapping[str, object] = json.loads(encode(what, "p", Instant(5, 6, "a")))
    return json.dumps({**told, **changed}).encode()


BROKEN: Sequence[bytes] = (
    b"", b"{}", b"[]", b"nothing", body(format=2), body(print="q"), body(demand_age_ns=-1), body(demand_age_ns="1"),
    body(trip_age_ns=2**62), body(at=[1]), body(at=None), body(asked={}), body(asked=7), body(demanded_by=3),
    body(asked={"age_ns": 1, "source_ns": None, "sights": [], "told": []}),
    body(asked={"age_ns": None, "source_ns": None, "sights": [], "told": []}),
)  # fmt: skip


@pytest.mark.parametrize("stored", BROKEN)
def test_a_row_that_cannot_be_believed_is_left_out(stored: bytes) -> None:
    now = Instant(10, 20, "a")
    decode(body(), "p", 1, now)
    with pytest.raises(UnreadableError):
        decode(stored, "p", 1, now)
    machine = Machine()
    machine.disk = {"SIS-1": StoredInterlock(id="SIS-1", wall_ns=1, body=stored)}
    machine.start()
    assert machine.left_out == ["SIS-1"]
    machine.see()
    assert machine.disk == {}, "it does not come back at the next start"
