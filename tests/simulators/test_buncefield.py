"""The incident: its stages in order, what the instruments say in each, and that all returns to normal."""

import numpy as np
import pytest

from simulators.plant.buncefield import STAGES, Buncefield
from simulators.plant.plant import Plant

STEP_S = 0.05
Moment = tuple[str, float, dict[str, float]]


def play(plant: Plant, answer_after_s: float | None, limit_s: float = 120.0) -> list[Moment]:
    """Every step as (stage, age of the incident, readings)."""
    incident, moments, tripped_s = Buncefield(), [], None
    steps = 0
    while not incident.is_over:
        age_s = steps * STEP_S
        assert age_s < limit_s, incident.stage
        incident.advance(plant, STEP_S)
        plant.step(STEP_S)
        steps += 1
        moments.append((incident.stage, age_s, plant.read()))
        if incident.stage == "switch_tripped":
            tripped_s = age_s if tripped_s is None else tripped_s
            if answer_after_s is not None and age_s - tripped_s >= answer_after_s:
                incident.answer()
    return moments


@pytest.fixture(scope="module")
def moments() -> list[Moment]:
    return play(Plant(np.random.default_rng(5)), answer_after_s=3.0)


def during(moments: list[Moment], stage: str) -> list[dict[str, float]]:
    return [readings for name, _, readings in moments if name == stage]


def test_all_stages_in_order_within_a_minute(moments: list[Moment]) -> None:
    assert list(dict.fromkeys(name for name, _, _ in moments)) == [stage.name for stage in STAGES]
    assert 15 < moments[-1][1] < 60


def test_the_gauge_sticks_while_the_level_really_rises(moments: list[Moment]) -> None:
    stuck = [readings["LT-101A"] for stage in ("bypassed", "switch_tripped") for readings in during(moments, stage)]
    assert len(set(stuck)) == 1 and stuck[0] < 9.5, "below what would stop the controller"
    assert during(moments, "bypassed")[-1]["LSHH-101"] == 1.0
    assert during(moments, "bypassed")[0]["LSHH-101"] == 0.0


def test_the_second_gauge_says_that_it_is_out_of_service(moments: list[Moment]) -> None:
    assert {readings["LT-101B.OOS"] for readings in during(moments, "bypassed")} == {1.0}
    assert moments[-1][2]["LT-101B.OOS"] == 0.0


def test_the_bypass_keeps_the_interlock_from_acting(moments: list[Moment]) -> None:
    tripped = during(moments, "switch_tripped")
    assert all(
        readings["LSHH-101"] == 1.0 and readings["BPS-101"] == 1.0 and readings["SIS-101.TRIP"] == 0.0
        for readings in tripped
    )
    assert all(readings["XV-101I.OPEN"] == 1.0 for readings in tripped)


def test_it_acts_when_the_bypass_ends(moments: list[Moment]) -> None:
    after = during(moments, "bypass_ended")
    assert after[0]["BPS-101"] == 0.0
    assert after[-1]["SIS-101.TRIP"] == 1.0
    assert during(moments, "draining")[0]["XV-101I.CLOSED"] == 1.0


def test_everything_returns_to_normal(moments: list[Moment]) -> None:
    last = moments[-1][2]
    for tag in ("LSHH-101", "BPS-101", "SIS-101.TRIP", "LT-101B.OOS", "XV-101I.OPEN", "XV-101O.OPEN", "P-101.RUN"):
        assert last[tag] == 0.0, tag
    assert abs(last["LT-101A"] - last["LT-101B"]) < 0.05
    assert 8.0 < last["LT-101A"] < 9.0
    # no level alarm may come of mending the gauge
    assert all(readings["LT-101A"] < 10.0 and readings["LT-101B"] < 10.0 for _, _, readings in moments)


def test_nobody_answers_and_the_field_acts_late_but_before_the_overflow() -> None:
    plant = Plant(np.random.default_rng(5))
    late = play(plant, answer_after_s=None)
    assert plant.tanks[101].spilled_m3 == 0.0
    waited = [age for name, age, _ in late if name == "switch_tripped"]
    assert 24 < waited[-1] - waited[0] < 26


def test_it_can_be_played_again_and_from_other_levels() -> None:
    plant = Plant(np.random.default_rng(5))
    for level_m in (8.4, 4.0, 8.95):
        plant.tanks[101].volume_m3 = plant.tanks[101].design.vessel.volume_m3(level_m)
        plant.step(STEP_S)
        moments = play(plant, answer_after_s=0.5)
        assert during(moments, "switch_tripped"), level_m
        assert moments[-1][2]["LSHH-101"] == 0.0


def test_an_answer_before_the_trip_is_no_answer() -> None:
    plant, incident = Plant(np.random.default_rng(5)), Buncefield()
    assert incident.stage == "waiting"
    incident.advance(plant, STEP_S)
    assert incident.stage == "filling" and not incident.answer()
    assert incident.answered is False
