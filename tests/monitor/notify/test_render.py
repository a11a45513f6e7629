"""What people read, and its 2048 bytes."""

from dataclasses import replace

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alarms.lifecycle import State, Trigger
from monitor.alarms.transition import Transition
from monitor.notify import render, topics
from monitor.notify.policy import decide, follow_up
from monitor.notify.row import OutboxRow, Purpose
from tests.monitor.notify.support import MQTT, SECOND, WALL, WECOM, alarm, definition, notification, step

ZH = notification(WECOM)
EN = notification(WECOM, language="en")


def rows_of(*steps: Transition, keep_repeats: bool = False) -> list[OutboxRow]:
    rows, _ = decide(steps, ZH, WALL)
    return [row for row in rows if keep_repeats or row.purpose != Purpose.REPEAT]


def test_a_raised_alarm_in_chinese() -> None:
    assert render.text(rows_of(step()), ZH).splitlines() == [
        "【一级报警】",
        "现场：滨海罐区",
        "重大危险源：液化烃球罐区",
        "位号：LT-101A 101 球罐液位",
        "报警：高高，当前值 12.35 m，限值 12 m",
        "发生时间：2026-11-22 10:35:09",
        "处置：立即停止进料，现场确认液位",
        "http://127.0.0.1:8000/alarms/LT-101A.HH",
        "LT-101A.HH#1",
    ]


def test_a_raised_alarm_in_english() -> None:
    assert render.text(rows_of(step()), EN).splitlines() == [
        "[Priority 1 ALARM]",
        "Site: Binhai tank farm",
        "Hazard source: LPG spheres",
        "Tag: LT-101A Sphere 101 level",
        "Alarm: high-high, value 12.35 m, limit 12 m",
        "Since: 2026-11-22 10:35:09",
        "Do: Stop filling, check the level on site",
        "http://127.0.0.1:8000/alarms/LT-101A.HH",
        "LT-101A.HH#1",
    ]


def test_site_time_is_the_time_of_the_site() -> None:
    assert render.site_time(WALL, "Asia/Shanghai") == "2026-11-22 10:35:09"
    assert render.site_time(WALL, "UTC") == "2026-11-22 02:35:09"
    assert render.site_time(None, "UTC") == "-"


def test_an_alarm_without_a_number_says_its_message() -> None:
    blind = definition("HS-1.blind.PLC-1", kind="blind", tag=None, device="PLC-1", priority=2, subject_zh="一号控制器")
    text = render.text(rows_of(step(of=blind, value=None, limit=None, message_zh="37 个点无法判断")), ZH)
    assert "【二级报警】" in text
    assert "位号：PLC-1 一号控制器" in text
    assert "报警：监测失效: 37 个点无法判断" in text


def test_what_stands_in_the_line_above_is_not_said_again() -> None:
    bypass = definition("SIS-1.bypass", kind="bypass", tag=None, interlock="SIS-1", subject_zh="高高液位联锁")
    told = "SIS-1 高高液位联锁 已旁路 (BPS-1)"
    text = render.text(rows_of(step(of=bypass, value=None, limit=None, message_zh=told)), ZH)
    assert "位号：SIS-1 高高液位联锁\n报警：已旁路 (BPS-1)\n" in text


def test_a_reminder_says_which_one_it_is() -> None:
    rows = [row for row in rows_of(step(), keep_repeats=True) if row.purpose == Purpose.REPEAT]
    assert render.text(rows, ZH).startswith("【一级报警】第 1 次重复提醒，仍未确认\n")
    second = follow_up(rows[0], WECOM, WALL)
    assert second is not None
    assert render.text([second], ZH).startswith("【一级报警】第 2 次重复提醒，仍未确认\n")
    assert "reminder 2" in render.text([second], EN)


def test_raise_and_return_both_waiting_are_one_message() -> None:
    text = render.text(rows_of(step(), step(Trigger.RETURNED, transition=2)), ZH)
    assert text.startswith("【一级报警】发生后已恢复\n")
    assert "发生时间：2026-11-22 10:35:09" in text
    assert "恢复时间：2026-11-22 10:36:09（尚未确认，请确认）" in text
    assert text.count("LT-101A.HH#1") == 1


def test_an_acknowledgement_says_who_and_when() -> None:
    text = render.text(rows_of(step(Trigger.ACKNOWLEDGED, transition=2)), ZH)
    assert text.startswith("【一级报警已确认】\n")
    assert "确认人：张三 2026-11-22 10:36:09" in text
    assert "备注：现场已处置" in text
    assert "处置：" not in text


def test_a_line_break_in_a_name_cannot_forge_a_line() -> None:
    text = render.text(rows_of(step(of=definition(subject_zh="液位\nOTHER.HH#9", response_zh="a\r\nb"))), ZH)
    assert text.splitlines()[-1] == "LT-101A.HH#1"
    assert "OTHER.HH#9" not in text.splitlines()


def test_the_other_language_stands_in_for_a_missing_word() -> None:
    text = render.text(rows_of(step(of=definition(subject_en="", response_en=""))), EN)
    assert "101 球罐液位" in text
    assert "立即停止进料" in text


def test_no_console_no_link() -> None:
    text = render.text(rows_of(step()), replace(ZH, console_url=""))
    assert "http" not in text
    assert text.endswith("\nLT-101A.HH#1")


def test_nothing_to_render_is_an_error() -> None:
    with pytest.raises(ValueError, match="no rows"):
        render.text([], ZH)


CHINESE = st.text(alphabet=st.sampled_from("高报警液位罐\n \tAb,１😀é"), max_size=1500)


@given(subject=CHINESE, response=CHINESE, message=CHINESE, source=CHINESE, most=st.sampled_from([2048, 1000]))
def test_never_longer_than_the_limit_and_never_without_the_mark(
    subject: str, response: str, message: str, source: str, most: int
) -> None:
    to = notification(WECOM, hazard_source_names={"HS-1": (source, source)}, site_zh=source)
    of = definition(subject_zh=subject, response_zh=response, kind="state")
    rows, _ = decide([step(of=of, message_zh=message)], to, WALL)
    text = render.text(rows[:1], to, most)
    assert len(text.encode()) <= most
    assert text.splitlines()[-2:] == ["http://127.0.0.1:8000/alarms/LT-101A.HH", "LT-101A.HH#1"]
    assert "2026-11-22 10:35:09" in text, "long names do not push out the time"
    assert "�" not in text


@given(st.text(), st.integers(0, 60))
def test_cut_keeps_whole_characters(text: str, most: int) -> None:
    short = render.cut(text, most)
    assert len(short.encode()) <= most
    assert short == text or text.startswith(short.removesuffix("…"))


def flood(n: int, priority: int = 2) -> list[OutboxRow]:
    return rows_of(*(step(of=definition(f"LT-{place:03}.HH", priority=priority)) for place in range(n)))


def test_a_digest_counts_lists_and_names_all_ids() -> None:
    rows = flood(30) + flood(3, priority=1)
    rows = [replace(row, id=f"P1-{place}.HH") if row.priority == 1 else row for place, row in enumerate(rows)]
    text = render.text(rows, ZH)
    lines = text.splitlines()
    assert lines[0] == "【报警汇总】滨海罐区：共 33 条（一级 3 条，二级 30 条）"
    assert lines[1].startswith("1. 一级 报警 LT-000 高高 12.35 m 10:35:09 101 球罐液位")
    assert lines[-2] == "http://127.0.0.1:8000/alarms"
    assert lines[-1].split() == [f"P1-{place}.HH#1" for place in (30, 31, 32)] + [f"LT-{n:03}.HH#1" for n in range(30)]
    assert len(text.encode()) <= 2048


def test_a_digest_too_long_says_how_many_are_missing() -> None:
    text = render.text(flood(400), ZH)
    assert len(text.encode()) <= 2048
    last = text.splitlines()[-1]
    shown = [word for word in last.split() if "#" in word]
    assert len(shown) > 60
    assert f"另有 {400 - len(shown)} 条" in last


@given(
    ids=st.lists(st.text(alphabet="AB-_9", min_size=1, max_size=60), min_size=2, max_size=10, unique=True),
    subject=CHINESE,
    site=CHINESE,
)
def test_a_digest_of_ten_always_names_all(ids: list[str], subject: str, site: str) -> None:
    to = notification(WECOM, site_zh=site)
    rows, _ = decide([step(of=definition(f"{id}.HH", subject_zh=subject)) for id in ids], to, WALL)
    text = render.text([row for row in rows if row.purpose == Purpose.RAISE], to)
    assert len(text.encode()) <= 2048
    assert text.splitlines()[-1].split() == [f"{id}.HH#1" for id in ids]
    assert "�" not in text


def test_the_event_has_exactly_the_agreed_keys() -> None:
    rows, _ = decide([step(Trigger.ACKNOWLEDGED, transition=2)], notification(MQTT), WALL)
    event = orjson.loads(topics.event(rows[0]))
    agreed = (
        "key, plant, id, occurrence, transition, trigger, before, after, state, priority, hazard_source, tag, value, limit, "
        "eu, source_time, decided_at, message, person_name"
    )
    assert set(event) == set(agreed.split(", "))
    assert event["key"] == rows[0].key == "demo/LT-101A.HH/1/2/bus/event/0"
    assert event["decided_at"] == "2026-11-22T02:36:09.000000Z"
    assert event["source_time"] == "2026-11-22T02:35:08.000000Z"
    assert event["message"] == {"zh": "LT-101A.HH 高高", "en": "LT-101A.HH high-high"}
    assert event["person_name"] == "张三"


def test_the_retained_alarm_is_empty_once_normal() -> None:
    of = definition()
    payload = orjson.loads(topics.retained(of, alarm(of), "demo"))
    assert payload["state"] == payload["underlying_state"] == "unacknowledged"
    assert payload["raised_at"] == "2026-11-22T02:35:09.000000Z"
    assert payload["class"] == "process"
    assert topics.retained(of, alarm(of, State.NORMAL), "demo") == b""


@given(st.integers(0, 4_000_000_000 * SECOND))
def test_utc_is_exact_to_the_microsecond(wall_ns: int) -> None:
    text = topics.utc(wall_ns)
    assert text is not None
    assert text.endswith(f".{wall_ns % SECOND // 1000:06d}Z")
