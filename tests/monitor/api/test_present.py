"""From values to what travels: every DTO is filled, NaN is null, times are RFC 3339, reasons are words."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.port import BadItem
from monitor.alarms.lifecycle import Suppression
from monitor.alarms.transition import SuppressionRecord
from monitor.api import dto
from monitor.api.alarms import is_selected
from monitor.api.condition import condition
from monitor.api.devices import diagnoses_of
from monitor.api.orders import plain_text
from monitor.api.present import Presenter, finite
from monitor.api.reasons import reason, status_words
from monitor.api.times import rfc3339, site_time, wall_ns
from monitor.hazards.view import ChannelStatus
from rules.columns.health import Health
from rules.columns.quality import Quality
from tests.monitor.api.fake_board import FakeBoard, FakeLink
from tests.monitor.api.fake_plant import MONO_NS, PLANT, WALL_NS, FakeClock, snapshot
from tests.monitor.api.fakes import Site


@given(st.integers(-(2**63), 2**63 - 1))
def test_times_are_rfc3339_to_the_millisecond(time_ns: int) -> None:
    text = rfc3339(time_ns)
    assert text.endswith("Z")
    assert len(text) == 24
    back = datetime.fromisoformat(text)
    assert (back - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1) == time_ns // 1_000_000


@given(st.datetimes(timezones=st.just(UTC)))
def test_moments_come_back_within_64_bits(moment: datetime) -> None:
    nanoseconds = wall_ns(moment)
    assert -(2**63) <= nanoseconds < 2**63
    if 1700 < moment.year < 2200:
        assert rfc3339(nanoseconds)[:19] == moment.isoformat()[:19]


def test_an_offset_is_taken_into_account() -> None:
    moment = datetime(2026, 1, 1, 8, 0, 0, 123000, tzinfo=timezone(timedelta(hours=8)))
    assert wall_ns(moment) == WALL_NS
    assert site_time(WALL_NS, ZoneInfo("Asia/Shanghai")) == "2026-01-01 08:00:00.123"


@pytest.mark.parametrize(("value", "shown"), [(1.5, 1.5), (float("nan"), None), (float("-inf"), None), (None, None)])
def test_what_is_no_number_is_null(value: float | None, shown: float | None) -> None:
    assert finite(value) == shown


@pytest.mark.parametrize(
    ("quality", "kind", "status", "age_s", "link", "zh", "en"),
    [
        (Quality.GOOD, "opcua", 0, 0.1, "", "", ""),
        (Quality.GOOD, "opcua", 0x00A90000, 0.1, "", "", ""),
        (Quality.BAD, "opcua", 0x80310000, 1.0, "", "与数据源通信中断 (0x80310000)", "BadNoCommunication (0x80310000)"),
        (Quality.BAD, "opcua", 0x80310001, 1.0, "", "与数据源通信中断 (0x80310001)", "BadNoCommunication (0x80310001)"),
        (Quality.BAD, "opcua", 0x8ABC0000, 1.0, "", "坏值 (0x8ABC0000)", "Bad (0x8ABC0000)"),
        (Quality.BAD, "modbus", 2, 1.0, "", "Modbus 异常 02：非法数据地址", "Modbus exception 02: illegal data address"),
        (Quality.BAD, "modbus", 0x0B, 1.0, "", "Modbus 异常 0B：网关目标设备无响应",
         "Modbus exception 0B: gateway target device failed to respond"),
        (Quality.BAD, "modbus", 99, 1.0, "", "Modbus 异常 63：未知异常", "Modbus exception 63: unknown exception"),
        (Quality.BAD, "modbus", 0, 1.0, "", "不是可用的数值", "not a usable number"),
        (Quality.UNCERTAIN, "opcua", 0x40930000, 1.0, "", "传感器不准确 (0x40930000)", "UncertainSensorNotAccurate (0x40930000)"),
        (Quality.UNCERTAIN, "opcua", 0x00960000, 1.0, "", "就地强制值 (0x00960000)", "GoodLocalOverride (0x00960000)"),
        (Quality.UNCERTAIN, "opcua", 0, 1.0, "", "设备标记为不确定", "marked uncertain by the device"),
        (Quality.STALE, "modbus", 0, 12.4, "PLC-2", "已 12 s 没有更新；设备 PLC-2 未连接",
         "no update for 12 s; device PLC-2 is not connected"),
        (Quality.STALE, "opcua", 0x40900000, 3.0, "", "已 3 s 没有更新；最后可用值，不再更新 (0x40900000)",
         "no update for 3 s; UncertainLastUsableValue (0x40900000)"),
        (Quality.NEVER_SEEN, "modbus", 0, None, "", "启动以来从未读到", "never read since start"),
        (Quality.NEVER_SEEN, "modbus", 0, None, "SIS-1", "启动以来从未读到；设备 SIS-1 未连接",
         "never read since start; device SIS-1 is not connected"),
    ],
)  # fmt: skip
def test_reasons(quality: int, kind: str, status: int, age_s: float | None, link: str, zh: str, en: str) -> None:
    assert reason(quality, kind, status, age_s, link) == dto.Text(zh=zh, en=en)


@given(st.sampled_from(Quality), st.sampled_from(["opcua", "modbus", ""]), st.integers(0, 2**32 - 1), st.booleans())
def test_whatever_is_not_good_has_a_reason(quality: Quality, kind: str, status: int, linked: bool) -> None:
    text = reason(quality, kind, status, 1.0, "" if linked else "PLC")
    assert bool(text.zh) == bool(text.en) == (quality != Quality.GOOD)
    assert status_words(kind, 0) == dto.Text(zh="", en="")


def test_a_tag_in_every_quality() -> None:
    clock = FakeClock()
    board = FakeBoard(clock)
    count = len(PLANT.tags)
    board.publish(
        snapshot=snapshot(
            value=np.array([np.nan, np.inf, 1.0, 0.0, np.nan, 3.0]),
            quality=np.array(
                [Quality.BAD, Quality.UNCERTAIN, Quality.STALE, Quality.GOOD, Quality.NEVER_SEEN, Quality.STALE],
                np.uint8,
            ),
            status=np.array([0x80310000, 0x40930000, 0, 0, 0, 4], np.uint32),
            received_mono_ns=np.array([MONO_NS, MONO_NS, MONO_NS - 7_000_000_000, MONO_NS, 0, 0], np.int64),
            received_wall_ns=np.array([WALL_NS] * 4 + [0, 0], np.int64),
        ),
        links={"PLC-1": FakeLink(device="PLC-1"), "SIS-1": FakeLink(device="SIS-1", state="down")},
    )
    presenter = Presenter(PLANT)
    tags = [dto.Tag.model_validate(presenter.tag(board.view(), row)) for row in range(count)]
    assert [tag.quality for tag in tags] == ["bad", "uncertain", "stale", "good", "never_seen", "stale"]
    assert [tag.value for tag in tags] == [None, None, 1.0, 0.0, None, 3.0]
    assert tags[0].reason.en == "BadNoCommunication (0x80310000)"
    assert tags[0].limits == dto.Limits(hh=11.0, h=10.0)
    assert tags[0].alarms == ["LT-101.HH", "LT-101.H"]
    assert tags[0].address == "LT-101@PLC-1"
    assert tags[0].source_time == "2025-12-31T23:59:59.973Z"
    assert tags[2].source_time is None  # Modbus has none, and none is made up
    assert tags[2].reason.zh == "已 7 s 没有更新；设备 SIS-1 未连接"
    assert tags[3].reason.zh == ""
    assert tags[4].received_time is None
    assert tags[4].reason.zh == "启动以来从未读到；设备 SIS-1 未连接"
    json.dumps([tag.model_dump(by_alias=True) for tag in tags], allow_nan=False)


@pytest.mark.parametrize(
    ("health", "quality", "status", "letter", "en"),
    [
        (Health.UNKNOWN, Quality.GOOD, 0, None, ""),
        (Health.UNKNOWN, Quality.UNCERTAIN, 0, None, "NE 107: the state of the instrument is not read (PT-101)"),
        (Health.NORMAL, Quality.UNCERTAIN, 0, "N", "marked uncertain by the device"),
        (Health.MAINTENANCE_REQUIRED, Quality.GOOD, 0, "M", ""),
        (Health.OFF_SPEC, Quality.UNCERTAIN, 0, "S", "NE 107 S: the instrument is out of specification (PT-101)"),
        (Health.CHECK_FUNCTION, Quality.UNCERTAIN, 0x00960000, "C",
         "NE 107 C: the instrument is worked on (function check): no protection (PT-101); GoodLocalOverride (0x00960000)"),
        (Health.FAILURE, Quality.BAD, 0, "F", "NE 107 F: the instrument has failed (PT-101)"),
        (Health.UNDEFINED, Quality.UNCERTAIN, 0, "?", "NE 107 ?: the number of the state means nothing (PT-101)"),
    ],
)  # fmt: skip
def test_the_letter_of_an_instrument_and_what_it_does(
    health: Health, quality: Quality, status: int, letter: str | None, en: str
) -> None:
    board, count = FakeBoard(FakeClock()), len(PLANT.tags)
    healths, qualities = np.zeros(count, np.uint8), np.zeros(count, np.uint8)
    statuses = np.zeros(count, np.uint32)
    healths[0], qualities[0], statuses[0] = health, quality, status
    board.publish(snapshot=snapshot(health=healths, quality=qualities, status=statuses))
    tags = [dto.Tag.model_validate(Presenter(PLANT).tag(board.view(), row)) for row in range(2)]
    assert (tags[0].health, tags[0].health_tag, tags[0].reason.en) == (letter, "PT-101", en)
    assert bool(tags[0].reason.zh) == bool(en)
    assert (tags[1].health, tags[1].health_tag, tags[1].reason.en) == (None, None, "")
    told = [
        (device, each.tag, each.health)
        for device, all_of in diagnoses_of(PLANT.tags, healths).items()
        for each in all_of
    ]
    assert told == ([] if letter in (None, "N") else [("PLC-1", "LT-101", letter)])


async def test_a_status_code_that_its_driver_names_in_english_is_said_in_chinese_too() -> None:
    site, statuses = Site(), np.zeros(len(PLANT.tags), np.uint32)
    statuses[0] = 0x808C0000
    items = tuple(
        BadItem(tag, *[f"{name} (0x808C0000)"] * 2) for tag, name in (("LT-101", "BadSensorFailure"), ("GONE", "Bad"))
    )
    site.board.publish(snapshot=snapshot(status=statuses), links={"PLC-1": FakeLink(device="PLC-1", bad_items=items)})
    async with site.client("viewer") as client:
        (found,) = [each for each in (await client.get("/api/v1/devices")).json() if each["id"] == "PLC-1"]
    assert [item["reason"] for item in found["bad_items"]] == [
        {"zh": "传感器故障 (0x808C0000)", "en": "BadSensorFailure (0x808C0000)"},
        {"zh": "Bad (0x808C0000)", "en": "Bad (0x808C0000)"},
    ]


def test_an_alarm_and_its_event() -> None:
    clock = FakeClock()
    board = FakeBoard(clock)
    presenter = Presenter(PLANT)
    feed = board.subscribe()
    board.judge("LT-101.HH", value=11.3)
    fields = presenter.event(feed.events[0], "e")
    shown = dto.StreamAlarm.model_validate(fields)
    assert json.loads(json.dumps(fields)) == shown.model_dump(mode="json", by_alias=True), (
        "it is told as it is described"
    )
    assert (shown.seq, shown.trigger, shown.before, shown.after) == (1, "raised", "normal", "unacknowledged")
    assert (shown.decided_at, shown.journaled_at) == ("2026-01-01T00:00:00.123Z",) * 2
    alarm = shown.alarm
    assert (alarm.id, alarm.occurrence, alarm.priority, alarm.value, alarm.limit) == ("LT-101.HH", 1, 1, 11.3, 11.0)
    assert (alarm.alarm_class, alarm.kind, alarm.eu) == ("life_safety", "HH", "m")
    assert alarm.raised_at == "2026-01-01T00:00:00.123Z"
    assert alarm.source_time is None
    assert alarm.message.zh
    assert alarm.message.en
    assert "class" in alarm.model_dump(by_alias=True)
    detail = presenter.alarm_detail(board.view().alarms[0])
    assert (detail.on_delay_s, detail.time_to_respond_s, detail.latch) == (0.5, 120.0, True)
    assert detail.response == dto.Text(zh="关闭进料阀", en="close the inlet valve")


def test_suppressions_show_and_the_strongest_names_the_state() -> None:
    board = FakeBoard(FakeClock())
    board.judge("LT-101.HH")

    def record(suppression: Suppression) -> SuppressionRecord:
        return SuppressionRecord(
            suppression=suppression, reason="检修", person="li", since_wall_ns=WALL_NS, until_wall_ns=None
        )

    alarm = replace(
        board.view().alarms[0], suppressions=(record(Suppression.SHELVED), record(Suppression.OUT_OF_SERVICE))
    )
    shown = Presenter(PLANT).alarm(alarm)
    assert Presenter(PLANT).alarm_fields([alarm]) == [shown.model_dump(mode="json", by_alias=True)]
    assert (shown.state, shown.underlying_state) == ("out_of_service", "unacknowledged")
    assert [item.until for item in shown.suppressions] == [None, None]
    assert is_selected(alarm, "suppressed")
    assert not is_selected(alarm, "active")
    assert not is_selected(alarm, "unacknowledged")
    assert is_selected(alarm, "all")


def test_condition_of_the_service() -> None:
    board = FakeBoard(FakeClock())
    presenterless = board.view()
    assert condition(PLANT, presenterless, MONO_NS + 1_000_000_000).status == "ok"
    late = condition(PLANT, presenterless, MONO_NS + 1_000_000_001)
    assert (late.status, late.scan_age_ms) == ("late", 1000.0)
    board.publish(blind=(0, 2))
    blind = condition(PLANT, board.view(), MONO_NS)
    assert (blind.status, blind.blind_points) == ("degraded", 2)
    board.publish(blind=(), links={"PLC-1": FakeLink(device="PLC-1", state="degraded")})
    down = condition(PLANT, board.view(), MONO_NS)
    assert (down.status, down.devices_up, down.devices) == ("degraded", 1, 3)
    refused = ChannelStatus(
        channel="wecom",
        up=False,
        refused=True,
        last_error="93000",
        last_accepted_wall_ns=None,
        waiting=3,
        oldest_waiting_wall_ns=WALL_NS,
    )
    board.publish(links={item.id: FakeLink(device=item.id) for item in PLANT.devices}, channels={"wecom": refused})
    assert condition(PLANT, board.view(), MONO_NS).status == "degraded"


def test_a_comment_cannot_change_how_a_line_reads() -> None:
    assert plain_text(" 已去现场\n确认\u202e\x00x\t") == "已去现场 确认  x"
