"""The observer's bookkeeping: matching of writes, stream, MQTT and WeCom, and the verdict on missing stages."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.observe.timeline import STAGES, Timeline, mentions, percentile, rfc3339, wall_ns

START_NS = 1_800_000_000_000_000_000
MS = 1_000_000


def event(trigger: str, at_ms: float, **changes: Any) -> dict[str, Any]:
    when = rfc3339(START_NS + round(at_ms * MS))
    alarm = {
        "id": "LSHH-101.state", "tag": "LSHH-101", "interlock": None, "kind": "state", "priority": 1,
        "received_at": when, "acknowledged_at": when if trigger == "acknowledged" else None,
        "message": {"zh": "高高", "en": "high-high"},
    }  # fmt: skip
    body = {"trigger": trigger, "occurrence": 3, "decided_at": when, "journaled_at": when, "alarm": alarm | changes}
    return body


def write(tag: str, value: float, at_ms: float, kind: str = "change") -> dict[str, Any]:
    return {"wall_ns": START_NS + round(at_ms * MS), "event": kind, "device": "SIS-1", "tag": tag, "value": value}


def pushed(text: str, at_ms: float, errcode: int = 0) -> dict[str, Any]:
    return {"received_wall_ns": START_NS + round(at_ms * MS), "errcode": errcode, "text": text, "mentioned": []}


def whole_story() -> Timeline:
    timeline = Timeline()
    timeline.mqtt_event({"id": "LSHH-101.state", "occurrence": 3, "trigger": "raised"}, START_NS + 20 * MS)
    timeline.stream_event(event("raised", 10), START_NS + 15 * MS)
    timeline.plant_log([write("LSHH-101", 0, -90_000), write("LSHH-101", 1, 4), write("LSHH-102", 1, 9)])
    timeline.wecom_log([pushed("x LSHH-101.state#3", 50, errcode=45009), pushed("x LSHH-101.state#3", 60)])
    timeline.stream_event(event("acknowledged", 1500), START_NS + 1501 * MS)
    timeline.stream_event(event("returned", 9000), START_NS + 9001 * MS)
    return timeline


def test_a_whole_story_has_every_stage_and_its_latencies() -> None:
    timeline = whole_story()
    seen = timeline.occurrence_of("LSHH-101.state")
    assert seen is not None
    assert seen.missing() == []
    assert seen.decision_ms == pytest.approx(6.0)
    assert seen.push_ms == pytest.approx(50.0)
    summary = timeline.summary(["LSHH-101.state"])
    assert summary["ok"] is True
    assert (summary["alarms"], summary["pushes"], summary["mqtt_events"], summary["n"]) == (1, 1, 1, 1)
    assert summary["decision_p50_ms"] == summary["decision_max_ms"] == 6.0
    assert summary["push_p50_ms"] == summary["push_max_ms"] == 50.0
    order = [wall_ns(summary["stages"]["LSHH-101.state"][stage]) for stage in STAGES]
    assert order == sorted(order, key=lambda when: when or 0)


@pytest.mark.parametrize(
    ("left_out", "stage"),
    [
        ("mqtt", "mqtt"), ("wecom", "wecom"), ("plant", "tripped"), ("acknowledged", "acknowledged"), ("returned", "returned")
    ],
)  # fmt: skip
def test_one_stage_missing_is_not_ok(left_out: str, stage: str) -> None:
    timeline = Timeline()
    if left_out != "mqtt":
        timeline.mqtt_event({"id": "LSHH-101.state", "occurrence": 3, "trigger": "raised"}, START_NS)
    timeline.stream_event(event("raised", 10), START_NS + 15 * MS)
    if left_out != "plant":
        timeline.plant_log([write("LSHH-101", 1, 4)])
    if left_out != "wecom":
        timeline.wecom_log([pushed("LSHH-101.state#3", 60)])
    for trigger in {"acknowledged", "returned"} - {left_out}:
        timeline.stream_event(event(trigger, 100), START_NS)
    summary = timeline.summary(["LSHH-101.state"])
    assert summary["ok"] is False
    assert [name for name, when in summary["stages"]["LSHH-101.state"].items() if when is None] == [stage]


def test_an_alarm_never_seen_is_not_ok() -> None:
    summary = whole_story().summary(["LSHH-101.state", "SIS-101.bypass"])
    assert summary["ok"] is False
    assert set(summary["stages"]["SIS-101.bypass"].values()) == {None}


def test_an_empty_watch_has_no_latencies() -> None:
    summary = Timeline().summary(["LSHH-101.state"])
    assert summary["n"] == summary["alarms"] == 0
    assert summary["decision_p50_ms"] is summary["push_max_ms"] is None


def test_a_bypass_alarm_is_matched_by_the_bits_of_its_interlock() -> None:
    timeline = Timeline(tags_of_interlock={"SIS-101": ("BPS-101",)})
    timeline.stream_event(
        event("raised", 10, id="SIS-101.bypass", tag=None, interlock="SIS-101", kind="bypass"), START_NS
    )
    timeline.plant_log([write("BPS-101", 1, 3)])
    seen = timeline.occurrence_of("SIS-101.bypass")
    assert seen is not None and seen.decision_ms == pytest.approx(7.0)


def test_a_write_after_the_decision_or_long_before_did_not_cause_it() -> None:
    timeline = Timeline()
    timeline.stream_event(event("raised", 10), START_NS)
    timeline.plant_log([write("LSHH-101", 1, 12), write("LSHH-101", 1, -20_000), write("LSHH-101", 1, 5, "fault")])
    seen = timeline.occurrence_of("LSHH-101.state")
    assert seen is not None and "tripped" not in seen.at and seen.decision_ms is None


def test_delayed_and_analog_alarms_count_in_no_decision_figure() -> None:
    timeline = whole_story()
    seen = timeline.occurrence_of("LSHH-101.state")
    assert seen is not None
    seen.on_delay_s = 1.0
    assert seen.decision_ms is None
    seen.on_delay_s, seen.kind = 0.0, "HH"
    assert seen.decision_ms is None


def test_events_of_occurrences_that_began_before_are_left_alone() -> None:
    timeline = Timeline()
    assert timeline.stream_event(event("acknowledged", 10), START_NS) is None
    assert timeline.seen == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("LSHH-101.state#3", True), ("…\nLSHH-101.state#3\nhttp://x", True), ("LSHH-101.state#31", False),
        ("XLSHH-101.state#3", False), ("B.LSHH-101.state#3", False), ("LSHH-101.state#31 LSHH-101.state#3", True), ("", False),
        ("报警LSHH-101.state#3", True),
    ],
)  # fmt: skip
def test_mentions(text: str, found: bool) -> None:
    assert mentions(text, ("LSHH-101.state", 3)) is found


@given(st.lists(st.floats(0, 1e5), min_size=1), st.floats(0.01, 1.0))
def test_percentile_is_a_value_with_enough_values_at_or_below(values: list[float], part: float) -> None:
    found = percentile(values, part)
    assert found is not None
    assert any(round(value, 1) == found for value in values)
    assert sum(round(value, 1) <= found for value in values) >= part * len(values) - 1e-9
    assert percentile(values, 1.0) == round(max(values), 1)


@given(st.integers(0, 2**62))
def test_times_go_there_and_back_to_the_microsecond(when_ns: int) -> None:
    assert wall_ns(rfc3339(when_ns)) == when_ns // 1000 * 1000
    assert wall_ns(None) is None
