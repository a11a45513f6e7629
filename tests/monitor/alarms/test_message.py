import pytest

from monitor.alarms.definition import AlarmKind
from monitor.alarms.kinds import KIND_WORDS
from monitor.alarms.lifecycle import Trigger
from monitor.alarms.message import kind_of, message
from tests.monitor.alarms.verdicts import definition

TANK = {"tag": "LT-101A", "subject_zh": "1号甲醇罐液位", "subject_en": "Methanol tank 1 level"}


@pytest.mark.parametrize(
    ("kind", "value", "limit", "zh", "en"),
    [
        ("HH", 12.35, 12.0, "高高报警 12.35 m ≥ 12.00 m", "high-high 12.35 m >= 12.00 m"),
        ("H", 12.0, 12.0, "高报警 12.00 m ≥ 12.00 m", "high 12.00 m >= 12.00 m"),
        ("L", 1.5, 2.0, "低报警 1.50 m ≤ 2.00 m", "low 1.50 m <= 2.00 m"),
        ("LL", 0.4, 0.5, "低低报警 0.40 m ≤ 0.50 m", "low-low 0.40 m <= 0.50 m"),
        ("HH", 1234.4, 1200.0, "高高报警 1234 m ≥ 1200 m", "high-high 1234 m >= 1200 m"),
        ("HH", 0.1259, 0.125, "高高报警 0.126 m ≥ 0.125 m", "high-high 0.126 m >= 0.125 m"),
        ("HH", 11.9996, 12.0, "高高报警 11.9996 m < 12.0000 m", "high-high 11.9996 m < 12.0000 m"),
        ("L", -0.001, -5.0, "低报警 0.00 m > -5.00 m", "low 0.00 m > -5.00 m"),
        ("HH", None, 12.0, "高高报警 限值 12.00 m", "high-high limit 12.00 m"),
        ("HH", 12.5, None, "高高报警 12.50 m ≥ 12.00 m", "high-high 12.50 m >= 12.00 m"),
    ],
)
def test_limits_say_how_far(kind: str, value: float | None, limit: float | None, zh: str, en: str) -> None:
    text = message(definition("x", kind=kind, **TANK), Trigger.RAISED, value, limit, ())
    assert text.zh == f"LT-101A 1号甲醇罐液位 {zh}"
    assert text.en == f"LT-101A Methanol tank 1 level {en}"


@pytest.mark.parametrize(
    ("value", "limit", "eu", "words"),
    [
        (4.0, 2.0, "", "4, limit 2"),
        (0.608324, 0.00045123, "m", "0.6083 m, limit 0.0004512 m"),
        (0.0, 0.001471, "m", "0 m, limit 0.001471 m"),
        (-0.0, 1.0, "m", "0 m, limit 1 m"),
        (123456.7, 1200.0, "t", "123457 t, limit 1200 t"),
        (10.80001, 10.8, "m", "10.80001 m, limit 10.8 m"),
        (12.0, 12.0, "m", "12 m, limit 12 m"),
        (1e-9, 1.0, "1", "0.000000001 1, limit 1 1"),
        (float("inf"), 1.0, "m", "inf m, limit 1 m"),
    ],
)
def test_an_amount_has_the_digits_that_mean_something(value: float, limit: float, eu: str, words: str) -> None:
    text = message(definition("x", kind="stuck", **{**TANK, "eu": eu}), Trigger.RAISED, value, limit, ())
    assert text.en.endswith(f"stuck while it must move {words}")


@pytest.mark.parametrize(
    ("trigger", "zh", "en"),
    [
        (Trigger.RETURNED, "11.50 m < 12.00 m 【恢复】", "11.50 m < 12.00 m [returned]"),
        (Trigger.RETURNED_LATCHED, "【恢复，锁定待复位】", "[returned, latched until reset]"),
        (Trigger.ACKNOWLEDGED, "【已确认：张三】", "[acknowledged by 张三]"),
        (Trigger.RESET, "【已复位：张三】", "[reset by 张三]"),
        (Trigger.DEFINITION_REMOVED, "【报警定义已删除，关闭】", "[closed, its definition was removed]"),
    ],
)
def test_what_happened_stands_at_the_end(trigger: Trigger, zh: str, en: str) -> None:
    person = "张三" if trigger in (Trigger.ACKNOWLEDGED, Trigger.RESET) else ""
    text = message(definition("x", **TANK), trigger, 11.5, 12.0, (), person)
    assert text.zh.endswith(zh)
    assert text.en.endswith(en)
    assert text.key == f"HH.{trigger}"


@pytest.mark.parametrize("kind", list(KIND_WORDS))
@pytest.mark.parametrize("trigger", list(Trigger))
def test_every_kind_and_trigger_has_words_and_a_stable_key(kind: AlarmKind, trigger: Trigger) -> None:
    of = definition("S-1.x", kind=kind, tag=None, device="PLC-1", eu="")
    raised = message(of, Trigger.RAISED, None, None, ())
    text = message(of, trigger, None, None, ())
    assert text.key == f"{kind}.{trigger.value}"
    assert kind_of(text.key) == kind
    assert text.zh.startswith("PLC-1 1号甲醇罐液位")
    assert text.en.startswith("PLC-1 Methanol tank 1 level")
    assert "None" not in text.zh + text.en
    assert "nan" not in text.zh + text.en
    if trigger is not Trigger.RAISED:
        assert text.zh != raised.zh
        assert text.en != raised.en


@pytest.mark.parametrize(
    ("overrides", "value", "detail", "zh", "en"),
    [
        ({"kind": "state", "tag": "XS-1"}, 1.0, (), "XS-1 S 状态异常", "XS-1 S abnormal state"),
        (
            {"kind": "no_update", "tag": "LT-1", "set_point": 5.0},
            None,
            (),
            "LT-1 S 数据不更新 超过 5 s",
            "LT-1 S no update for more than 5 s",
        ),
        (
            {"kind": "bypass", "tag": None, "interlock": "SIF-1"},
            1.0,
            ("HS-1", "HS-2"),
            "SIF-1 S 已旁路 (HS-1, HS-2)",
            "SIF-1 S bypassed (HS-1, HS-2)",
        ),
        (
            {"kind": "blind", "tag": None, "device": "PLC-1"},
            2.0,
            ("A", "B"),
            "PLC-1 S 失去监测 2 个测点（A、B）",
            "PLC-1 S blind 2 points (A, B)",
        ),
        (
            {"kind": "blind", "tag": None, "device": "PLC-1"},
            7.0,
            tuple("ABCDEFG"),
            "PLC-1 S 失去监测 7 个测点（A、B、C、D、E 等）",
            "PLC-1 S blind 7 points (A, B, C, D, E ...)",
        ),
        (
            {"kind": "blind", "tag": None, "device": "PLC-1"},
            1.0,
            (),
            "PLC-1 S 失去监测 1 个测点",
            "PLC-1 S blind 1 point",
        ),
        ({"kind": "link", "tag": None, "device": "PLC-1"}, None, (), "PLC-1 S 通信中断", "PLC-1 S link down"),
        (
            {
                "kind": "system",
                "tag": None,
                "id": "system.disk",
                "subject_zh": "磁盘空间不足",
                "subject_en": "Disk space low",
            },
            None,
            (),
            "system.disk 磁盘空间不足",
            "system.disk Disk space low",
        ),
        (
            {"kind": "system", "tag": None, "id": "system.history", "subject_zh": "", "subject_en": ""},
            None,
            (),
            "system.history 历史数据停止记录",
            "system.history history is not being recorded",
        ),
        (
            {"kind": "channel", "tag": None, "id": "channel.wecom"},
            None,
            (),
            "channel.wecom S 不通",
            "channel.wecom S failed",
        ),
    ],
)
def test_the_other_kinds(
    overrides: dict[str, object], value: float | None, detail: tuple[str, ...], zh: str, en: str
) -> None:
    fields = {"subject_zh": "S", "subject_en": "S", "eu": "", "set_point": None, **overrides}
    of = definition(str(fields.pop("id", "x")), **fields)
    text = message(of, Trigger.RAISED, value, None, detail)
    assert text.zh == zh
    assert text.en == en


def test_a_name_is_not_said_twice() -> None:
    of = definition("PLC-1.link", kind="link", tag=None, device="PLC-1", subject_zh="PLC-1 储运PLC", subject_en="")
    assert message(of, Trigger.RAISED, None, None, ()).zh == "PLC-1 储运PLC 通信中断"
    assert message(of, Trigger.RAISED, None, None, ()).en == "PLC-1 link down"
