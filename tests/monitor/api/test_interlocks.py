"""Interlocks and protections as people see them: what nobody knows is neither short nor enough, and every effect has its time."""

import csv
import io
from dataclasses import replace

import pytest

from monitor.api.interlock_sheets import matrix_sheet
from monitor.api.interlocks import present_feedback, present_live_trip_points, present_protection
from monitor.interlocks.axes import Action, Cover, Service, Voting
from monitor.interlocks.feedback import Answer, Feedback
from monitor.interlocks.layers import LayerState, ProtectionState
from monitor.interlocks.register import Cause, Effect, Layer, LiveTripPoint, Protection
from monitor.interlocks.state import InterlockState
from rules.verdicts import Verdict
from tests.monitor.api.fake_plant import PLANT
from tests.monitor.api.fakes import Site
from tests.monitor.interlocks.register import interlock

LAYERS = tuple(Layer(id=name, name_zh=f"{name} 层", name_en=name, tags=(name,)) for name in ("alarm", "gas"))
TANK = Protection(id="T-101.layers", equipment="T-101", hazard_source="HS-1", required=2, layers=LAYERS)


@pytest.mark.parametrize(("verdict", "told"), [(Verdict.TRUE, True), (Verdict.FALSE, False), (Verdict.UNKNOWN, None)])
def test_what_is_not_known_is_null(verdict: Verdict, told: bool | None) -> None:
    state = ProtectionState(
        id="T-101.layers", available=1, required=2, transfer=verdict, short=verdict,
        layers=(
            LayerState(id="alarm", available=True, missing=()), LayerState(id="gas", available=False, missing=("GT-1",)),
        ),
    )  # fmt: skip
    shown = present_protection(TANK, state)
    assert (shown.short, shown.transfer, shown.available) == (told, told, 1)
    assert [(layer.id, layer.available, layer.missing) for layer in shown.layers] == [
        ("alarm", True, []),
        ("gas", False, ["GT-1"]),
    ]
    assert shown.layers[1].name.zh == "gas 层"


ONE = interlock(
    inputs=(
        Cause(tag="PT-1", sense="high", trip_point=1.7, live=LiveTripPoint(tag="PT-1.SP", tolerance=0.01, eu="MPa")),
        Cause(tag="LS-1", sense="state", trip_point=1.0),
    ),
    outputs=(Effect(tag="XV-1", acted_when=1, within_s=10.0), Effect(tag="P-1", acted_when=0, within_s=2.0)),
)
CALM = InterlockState(
    id="SIS-1", service=Service.IN_SERVICE, action=Action.READY, voting=Voting.FULL, cover=Cover.NONE,
    demand=Verdict.FALSE, trip=Verdict.FALSE, bypassed_by=(), demanded_by=(),
)  # fmt: skip
MOVED = replace(
    CALM,
    feedback=(
        Feedback(tag="XV-1", within_s=10.0, answer=Answer.WITHIN, after_s=1.25, by_source_time=True),
        Feedback(tag="P-1", within_s=2.0, answer=Answer.UNKNOWN, after_s=4.0, at_most=True),
    ),
)


def test_before_a_demand_the_effects_have_their_required_time_and_no_answer() -> None:
    shown = present_feedback(ONE, CALM)
    assert [(each.tag, each.within_s, each.answer, each.after_s) for each in shown] == [
        ("XV-1", 10.0, None, None),
        ("P-1", 2.0, None, None),
    ]


def test_each_effect_tells_its_own_time() -> None:
    valve, pump = present_feedback(ONE, MOVED)
    assert (valve.answer, valve.after_s, valve.at_most, valve.by_source_time) == ("within", 1.25, False, True)
    assert (pump.answer, pump.after_s, pump.at_most, pump.by_source_time) == ("unknown", 4.0, True, False)


def test_causes_whose_plc_shows_its_trip_point_name_it_and_its_alarm() -> None:
    (found,) = present_live_trip_points(ONE)
    assert (found.tag, found.sense, found.trip_point, found.eu) == ("PT-1", "high", 1.7, "MPa")
    assert (found.live_tag, found.tolerance, found.alarm) == ("PT-1.SP", 0.01, "SIS-1.trip_point.PT-1")


async def test_the_route_tells_of_every_effect_and_live_trip_point() -> None:
    async with Site().client("viewer") as client:
        body = (await client.get("/api/v1/interlocks/SIS-101")).json()
    assert (body["feedback"], body["live_trip_points"]) == ([], []), "the interlock of the fake plant has neither"


def test_the_matrix_as_csv_has_the_times_of_the_effects() -> None:
    card = replace(PLANT, interlocks=(ONE,))
    for english, head, words in (
        (False, "结果时间", "XV-1 1.25/10 s 按时到位; P-1 ≤ 4.00/2 s 状态未知"),
        (True, "feedback", "XV-1 1.25/10 s acted in time; P-1 ≤ 4.00/2 s unknown"),
    ):
        answer = matrix_sheet(card, {"SIS-1": MOVED}, 0, english=english)
        (row,) = csv.DictReader(io.StringIO(bytes(answer.body).decode("utf-8-sig")))
        assert row[head] == words
