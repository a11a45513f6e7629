"""Chattering, fleeting and stale alarms against the words of the standard, the slow way."""

from hypothesis import given

from monitor.alarms.annunciations import Step, columns
from monitor.alarms.chatter import Standing, chattering, fleeting, stale
from monitor.alarms.performance import NuisanceLimits
from tests.monitor.alarms.counted import START_NS, S, is_new, journals, step

LIMITS = NuisanceLimits()
DAY_S = 24 * 3600


def test_three_in_a_minute_chatter_and_two_do_not() -> None:
    (found,) = chattering(columns([step(at, at * 29, occurrence=at) for at in (1, 2, 3)]), LIMITS)
    assert (found.id, found.count, found.worst, found.standing) == ("A", 1, 3.0, False)
    assert (found.first_ns, found.last_ns) == (START_NS + 29 * S, START_NS + 87 * S)
    assert chattering(columns([step(1, 0), step(2, 1, occurrence=2)]), LIMITS) == ()
    assert chattering(columns([step(at, at * 30, occurrence=at) for at in (1, 2, 3)]), LIMITS) == ()


def test_three_alarms_once_each_do_not_chatter() -> None:
    assert chattering(columns([step(1, 0), step(2, 1, "B"), step(3, 2, "C")]), LIMITS) == ()


def test_what_a_shelf_hides_does_not_chatter() -> None:
    steps = [step(at, at, occurrence=at, annunciated=at != 2) for at in (1, 2, 3)]
    assert chattering(columns(steps), LIMITS) == ()


def test_two_bursts_are_two_and_the_worst_stands_first() -> None:
    twice = [step(at, second, occurrence=at) for at, second in enumerate((0, 1, 2, 500, 501, 502), start=1)]
    worse = [step(at, 600 + at, "B", occurrence=at) for at in range(7, 12)]
    assert [(item.id, item.count, item.worst) for item in chattering(columns([*twice, *worse]), LIMITS)] == [
        ("B", 1, 5.0),
        ("A", 2, 3.0),
    ]


@given(journals())
def test_chattering_is_what_the_slow_way_finds(steps: list[Step]) -> None:
    slow = {}
    for alarm_id in {one.id for one in steps}:
        times = [one.decided_wall_ns for one in steps if one.id == alarm_id and is_new(one)]
        most = max((sum(at - 60 * S < other <= at for other in times) for at in times), default=0)
        if most >= LIMITS.chattering_count:
            slow[alarm_id] = float(most)
    assert {item.id: item.worst for item in chattering(columns(steps), LIMITS)} == slow


def test_gone_before_anybody_could_act_is_fleeting() -> None:
    (found,) = fleeting(columns([step(1, 0), step(2, 4, trigger="returned")]), LIMITS)
    assert (found.id, found.count, found.worst) == ("A", 1, 4.0)
    assert fleeting(columns([step(1, 0), step(2, 10, trigger="returned")]), LIMITS) == ()
    assert fleeting(columns([step(1, 0), step(2, 4, trigger="definition_removed")]), LIMITS) == ()


def test_what_somebody_answered_was_not_fleeting() -> None:
    answered = [step(1, 0), step(2, 2, trigger="acknowledged"), step(3, 4, trigger="returned")]
    assert fleeting(columns(answered), LIMITS) == ()
    too_late = [step(1, 0), step(2, 4, trigger="returned"), step(3, 900, trigger="acknowledged")]
    assert len(fleeting(columns(too_late), LIMITS)) == 1


def test_one_that_repeats_at_once_is_not_fleeting() -> None:
    steps = [
        step(1, 0),
        step(2, 4, trigger="returned"),
        step(3, 50, occurrence=2),
        step(4, 52, trigger="returned", occurrence=2),
        step(5, 200, occurrence=3),
        step(6, 203, trigger="returned", occurrence=3),
    ]
    (found,) = fleeting(columns(steps), LIMITS)
    assert (found.count, found.worst, found.first_ns) == (1, 3.0, START_NS + 200 * S)


@given(journals(span_s=900))
def test_fleeting_is_what_the_slow_way_finds(steps: list[Step]) -> None:
    slow: dict[str, int] = {}
    new = [one for one in steps if is_new(one)]
    for key in {(one.id, one.occurrence) for one in steps}:
        mine = [one for one in steps if (one.id, one.occurrence) == key]
        ends = [one for one in mine if one.trigger in ("returned", "returned_latched", "reactivated")]
        if not ends or not is_new(mine[0]) or ends[0].trigger == "reactivated":
            continue
        acted = any(one.person and one.seq < ends[0].seq for one in mine)
        crowded = any(
            one.id == key[0]
            and one.seq != mine[0].seq
            and abs(one.decided_wall_ns - mine[0].decided_wall_ns) < LIMITS.fleeting_alone_ns
            for one in new
        )
        if ends[0].decided_wall_ns - mine[0].decided_wall_ns < LIMITS.fleeting_within_ns and not (acted or crowded):
            slow[key[0]] = slow.get(key[0], 0) + 1
    assert {item.id: item.count for item in fleeting(columns(steps), LIMITS)} == slow


def test_more_than_a_day_is_stale() -> None:
    steps = columns(
        [step(1, 0), step(2, 10, "B"), step(3, DAY_S, "A", "returned"), step(4, DAY_S + 11, "B", "returned_latched")]
    )
    (found,) = stale(steps, (), LIMITS, START_NS, START_NS + 3 * DAY_S * S)
    assert (found.id, found.worst, found.standing, found.count) == ("B", DAY_S + 1.0, False, 1)


def test_what_stands_now_is_stale_when_it_is_old_enough() -> None:
    now_ns = START_NS + 10 * DAY_S * S
    standing = [
        Standing(id="old", occurrence=3, raised_wall_ns=now_ns - 5 * DAY_S * S),
        Standing(id="older", occurrence=1, raised_wall_ns=START_NS),
        Standing(id="fresh", occurrence=1, raised_wall_ns=now_ns - DAY_S * S),
        Standing(id="future", occurrence=1, raised_wall_ns=now_ns + S),
    ]
    found = stale(columns([]), standing, LIMITS, now_ns - DAY_S * S, now_ns)
    assert [(item.id, item.standing, item.worst) for item in found] == [
        ("older", True, 10.0 * DAY_S),
        ("old", True, 5.0 * DAY_S),
    ]


def test_what_was_stale_before_the_period_is_not_of_it() -> None:
    steps = columns([step(1, 0), step(2, 2 * DAY_S, trigger="returned")])
    later_ns = START_NS + 4 * DAY_S * S
    assert stale(steps, (), LIMITS, later_ns, later_ns + DAY_S * S) == ()
