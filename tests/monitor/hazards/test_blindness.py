from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alarms.definition import AlarmDefinition
from monitor.hazards.blindness import SETTLED_NS, BlindMemory, BlindVerdicts, BlindWatch, judge, remember, watch
from rules.catalog import Bypassed, Limit, Rule
from rules.columns.quality import Quality
from rules.compile import compile_rules
from rules.verdicts import Verdict
from tests.monitor.alarms.verdicts import definition
from tests.rules.plants import SECOND, snapshot, table, tag

FALSE, TRUE, UNKNOWN = int(Verdict.FALSE), int(Verdict.TRUE), int(Verdict.UNKNOWN)
GRACE = 15 * SECOND
PLANT = table(
    tag("A", period_ns=SECOND // 5),
    tag("B", period_ns=SECOND // 5),
    tag("SLOW", period_ns=10 * SECOND),
    tag("OTHER", hazard_source="MHS-2"),
    tag("HS", discrete=True, device="SIS-1"),
    tag("LOOSE", hazard_source="MHS-9"),
)
RULES: tuple[Rule, ...] = (
    Limit(id="A.H", tag="A", kind="H", set_point=80.0),
    Limit(id="B.H", tag="B", kind="H", set_point=80.0),
    Bypassed(id="I.bypass", bits=(("HS", 1),)),
)


def blind_alarm(source: str, device: str) -> AlarmDefinition:
    return definition(
        f"{source}.blind.{device}", kind="blind", tag=None, device=device, hazard_source=source, priority=2
    )


DEFINITIONS = (
    definition("A.H", priority=3),
    definition("B.H", priority=2),
    definition("I.bypass", priority=1, tag=None),
    definition("PLC-1.link", kind="link", tag=None, device="PLC-1"),
    blind_alarm("MHS-1", "PLC-1"),
    blind_alarm("MHS-2", "PLC-1"),
    blind_alarm("MHS-1", "SIS-1"),
)
WATCH = watch(PLANT, DEFINITIONS, compile_rules(RULES, PLANT), GRACE)
START = 100 * SECOND
Readings = Mapping[str, tuple[float, int] | tuple[float, int, int]]
GOOD: dict[str, tuple[float, int]] = dict.fromkeys(PLANT.ids, (1.0, 0))
BAD = (1.0, int(Quality.BAD))


def fresh() -> BlindMemory:
    return remember(WATCH, {}, START)


def look(
    memory: BlindMemory, readings: Readings, at: int = START + 20 * SECOND, watched: BlindWatch = WATCH
) -> tuple[BlindVerdicts, BlindMemory]:
    return judge(watched, snapshot(PLANT, at, readings), memory)


def test_groups_are_a_source_and_a_device() -> None:
    assert WATCH.ids == ("MHS-1.blind.PLC-1", "MHS-2.blind.PLC-1", "MHS-1.blind.SIS-1")
    assert WATCH.group.tolist() == [0, 0, 0, 1, 2, -1]


def test_important_are_the_inputs_of_priority_1_and_2_alarms_bypass_bits_too() -> None:
    assert WATCH.important.tolist() == [False, True, False, False, True, False]


def test_all_readable_is_false() -> None:
    verdicts, _ = look(fresh(), GOOD)
    assert verdicts.condition.tolist() == [FALSE] * 3
    assert verdicts.detail == ()
    assert verdicts.rows == ()


@pytest.mark.parametrize("quality", [Quality.BAD, Quality.STALE, Quality.NEVER_SEEN])
def test_one_blind_point_makes_its_group_true_and_no_other(quality: int) -> None:
    verdicts, _ = look(fresh(), {**GOOD, "OTHER": (1.0, quality)})
    assert verdicts.condition.tolist() == [FALSE, TRUE, FALSE]
    assert verdicts.count.tolist() == [0.0, 1.0, 0.0]
    assert verdicts.detail == ((1, ("OTHER",)),)
    assert verdicts.rows == (3,)
    assert not verdicts.renew.any()


def test_uncertain_is_not_blind() -> None:
    verdicts, _ = look(fresh(), {**GOOD, "A": (1.0, Quality.UNCERTAIN)})
    assert verdicts.condition.tolist() == [FALSE] * 3


def test_never_seen_is_starting_during_the_grace_and_blind_after() -> None:
    early, memory = look(fresh(), {"OTHER": (1.0, 0)}, START + GRACE - 1)
    assert early.condition.tolist() == [UNKNOWN, FALSE, UNKNOWN]
    assert early.rows == ()
    late, _ = look(memory, {"OTHER": (1.0, 0)}, START + GRACE)
    assert late.condition.tolist() == [TRUE, FALSE, TRUE]
    assert late.rows == (0, 1, 2, 4, 5)


def test_a_bad_answer_during_the_grace_is_blind_at_once() -> None:
    verdicts, _ = look(fresh(), {"A": BAD}, START + 1)
    assert verdicts.condition.tolist() == [TRUE, UNKNOWN, UNKNOWN]
    assert verdicts.detail == ((0, ("A",)),)


def test_a_point_without_a_blind_alarm_is_still_listed_as_blind() -> None:
    verdicts, _ = look(fresh(), {**GOOD, "LOOSE": BAD})
    assert verdicts.condition.tolist() == [FALSE] * 3
    assert verdicts.rows == (5,)


def test_only_a_further_important_point_renews_and_only_once() -> None:
    _, memory = look(fresh(), {**GOOD, "SLOW": BAD})
    unimportant, memory = look(memory, {**GOOD, "SLOW": BAD, "A": BAD})
    assert not unimportant.renew.any()
    assert unimportant.count[0] == 2
    further, memory = look(memory, {**GOOD, "SLOW": BAD, "A": BAD, "B": BAD})
    assert further.renew.tolist() == [True, False, False]
    assert further.detail == ((0, ("A", "B", "SLOW")),)
    again, _ = look(memory, {**GOOD, "SLOW": BAD, "A": BAD, "B": BAD})
    assert not again.renew.any()


def test_the_first_blind_point_raises_and_does_not_renew() -> None:
    verdicts, _ = look(fresh(), {**GOOD, "B": BAD})
    assert (int(verdicts.condition[0]), bool(verdicts.renew[0])) == (TRUE, False)


def test_a_point_that_flickers_is_the_same_one_until_it_settled() -> None:
    standing = {**GOOD, "SLOW": BAD}
    at = START + 20 * SECOND
    _, memory = look(fresh(), {**standing, "B": BAD}, at)
    for second in range(1, 50, 2):
        _, memory = look(memory, standing, at + second * SECOND)
        verdicts, memory = look(memory, {**standing, "B": BAD}, at + (second + 1) * SECOND)
        assert not verdicts.renew.any()
    at += 50 * SECOND
    _, memory = look(memory, standing, at)
    _, memory = look(memory, standing, at + SETTLED_NS)
    verdicts, _ = look(memory, {**standing, "B": BAD}, at + SETTLED_NS + 1)
    assert verdicts.renew.tolist() == [True, False, False]


def test_when_the_group_was_readable_again_the_next_is_a_plain_raise() -> None:
    _, memory = look(fresh(), {**GOOD, "B": BAD})
    healed, memory = look(memory, GOOD)
    assert healed.condition[0] == FALSE
    verdicts, _ = look(memory, {**GOOD, "B": BAD})
    assert (int(verdicts.condition[0]), bool(verdicts.renew[0])) == (TRUE, False)


def test_a_dead_device_is_told_once_with_all_its_points() -> None:
    """Quick points turn stale after 1 s, slow ones after 30 s: still one occurrence per source, with every point."""
    last = START + 20 * SECOND
    memory, raised, renewed = fresh(), [], []
    for tenth in range(400):
        now = last + tenth * SECOND // 10
        readings: dict[str, tuple[float, int, int]] = {"HS": (0.0, 0, now)}
        for name, limit_s in (("A", 1), ("B", 1), ("SLOW", 30), ("OTHER", 3)):
            readings[name] = (1.0, int(Quality.STALE if now - last > limit_s * SECOND else 0), last)
        verdicts, memory = look(memory, readings, now)
        raised.append(verdicts.condition.tolist())
        renewed.append(bool(verdicts.renew.any()))
        if verdicts.condition[0] == TRUE:
            assert verdicts.count.tolist() == [3.0, 1.0, 0.0]
    assert raised[10] == [FALSE, FALSE, FALSE]
    assert raised[11:] == [[TRUE, TRUE, FALSE]] * 389
    assert not any(renewed)


def test_a_slow_class_that_answered_last_does_not_make_a_second_telling() -> None:
    """The quick points stopped first; the device is as dead, and told with all its points from the start."""
    last = START + 20 * SECOND
    seen = []
    memory = fresh()
    for tenth in range(400):
        now = last + tenth * SECOND // 10
        readings: dict[str, tuple[float, int, int]] = {"HS": (0.0, 0, now)}
        for name, limit_ns, received in (
            ("A", SECOND, last),
            ("B", SECOND, last),
            ("SLOW", 30 * SECOND, last + 3 * SECOND // 10),
            ("OTHER", 3 * SECOND, last),
        ):
            readings[name] = (1.0, int(Quality.STALE if now - received > limit_ns else 0), min(received, now))
        verdicts, memory = look(memory, readings, now)
        seen.append((int(verdicts.condition[0]), int(verdicts.count[0]), bool(verdicts.renew.any())))
    assert seen[10] == (FALSE, 0, False)
    assert set(seen[11:]) == {(TRUE, 3, False)}


@pytest.mark.parametrize(("answers", "renewed"), [(False, False), (True, True)])
def test_what_nothing_came_of_since_is_the_silence_that_was_told(answers: bool, renewed: bool) -> None:
    """The important point turns stale after the telling: news only if the device answered meanwhile."""
    told = START + 20 * SECOND
    first: dict[str, tuple[float, int, int]] = dict.fromkeys(PLANT.ids, (1.0, 0, told))
    _, memory = look(fresh(), {**first, "A": (1.0, int(Quality.STALE), told - SECOND)}, told)
    later = told + 2 * SECOND
    came = later - SECOND // 100 if answers else told
    second = {
        **first,
        "SLOW": (1.0, 0, came),
        "A": (1.0, int(Quality.STALE), told),
        "B": (1.0, int(Quality.STALE), told),
    }
    verdicts, memory = look(memory, second, later)
    assert verdicts.condition[0] == TRUE
    assert verdicts.renew.tolist() == [renewed, False, False]
    again, _ = look(memory, second, later + SECOND // 10)
    assert not again.renew.any(), "told once"


def test_a_silent_slow_class_alone_is_not_a_dead_device() -> None:
    now = START + 90 * SECOND
    readings = dict.fromkeys(PLANT.ids, (1.0, 0, now)) | {"SLOW": (1.0, int(Quality.STALE), now - 31 * SECOND)}
    verdicts, _ = look(fresh(), readings, now)
    assert verdicts.detail == ((0, ("SLOW",)),)


def test_after_a_restart_what_was_told_is_not_told_again() -> None:
    memory = remember(WATCH, {"MHS-1.blind.PLC-1": ("A", "B", "GONE")}, START)
    starting, memory = look(memory, {}, START + 1)
    assert starting.condition.tolist() == [UNKNOWN] * 3
    verdicts, memory = look(memory, {**GOOD, "A": BAD, "B": BAD}, START + GRACE)
    assert (int(verdicts.condition[0]), bool(verdicts.renew[0])) == (TRUE, False)


def test_after_a_restart_a_further_important_point_is_told() -> None:
    memory = remember(WATCH, {"MHS-1.blind.PLC-1": ("A",)}, START)
    verdicts, _ = look(memory, {**GOOD, "A": BAD, "B": BAD})
    assert verdicts.renew.tolist() == [True, False, False]


qualities = st.lists(st.sampled_from([0, 0, 0, 1, 2, 3, 4]), min_size=6, max_size=6)


@settings(max_examples=200, deadline=None)
@given(history=st.lists(st.tuples(st.integers(0, 40), qualities), min_size=1, max_size=12))
def test_blindness_agrees_with_one_point_at_a_time(history: list[tuple[int, list[int]]]) -> None:
    """All points keep answering here (received now), so that no device is silent."""
    memory, now = fresh(), START
    active = [False] * 3
    told: list[dict[int, int]] = [{}, {}, {}]  # row -> readable since (0: blind now)
    for step_s, grades in history:
        now += step_s * SECOND
        readings = {name: (1.0, grade, now) for name, grade in zip(PLANT.ids, grades, strict=True)}
        verdicts, memory = look(memory, readings, now)
        for group in range(3):
            rows = [row for row in range(6) if WATCH.group[row] == group]
            in_grace = now - START < GRACE
            starting = [row for row in rows if grades[row] == 4 and in_grace]
            blind = [row for row in rows if grades[row] >= 2 and row not in starting]
            further = [row for row in blind if WATCH.important[row] and row not in told[group]]
            assert verdicts.condition[group] == (TRUE if blind else UNKNOWN if starting else FALSE)
            assert verdicts.count[group] == len(blind)
            assert dict(verdicts.detail).get(group, ()) == tuple(PLANT.ids[row] for row in blind)
            assert verdicts.renew[group] == (active[group] and bool(further))
            active[group] = bool(blind) or (active[group] and bool(starting))
            for row in list(told[group]):
                since = told[group][row] or now
                told[group][row] = since
                if row in blind or now - since >= SETTLED_NS:
                    del told[group][row]
            told[group] |= dict.fromkeys(blind, 0)
            if not active[group]:
                told[group] = {}
