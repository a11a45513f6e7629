"""Why a value is not good, in words: OPC UA StatusCodes (part 6, annex A) and Modbus exceptions (application protocol 1.1b3)."""

from collections.abc import Mapping
from typing import Final

from monitor.api.dto import Text
from rules.columns.health import LETTERS, Health
from rules.columns.quality import Quality

NO_REASON: Final = Text(zh="", en="")
CODE_MASK: Final = 0xFFFF0000
"""The rest of a StatusCode is structure and limit bits."""

OPCUA_STATUS: Final[Mapping[int, tuple[str, str]]] = {
    0x40000000: ("不确定", "Uncertain"),
    0x408F0000: ("通信中断，最后值", "UncertainNoCommunicationLastUsableValue"),
    0x40900000: ("最后可用值，不再更新", "UncertainLastUsableValue"),
    0x40910000: ("人工替代值", "UncertainSubstituteValue"),
    0x40920000: ("初始值", "UncertainInitialValue"),
    0x40930000: ("传感器不准确", "UncertainSensorNotAccurate"),
    0x40940000: ("超出工程量程", "UncertainEngineeringUnitsExceeded"),
    0x40950000: ("不在正常工况", "UncertainSubNormal"),
    0x80000000: ("坏值", "Bad"),
    0x80010000: ("设备内部意外错误", "BadUnexpectedError"),
    0x80020000: ("设备内部错误", "BadInternalError"),
    0x80030000: ("设备内存不足", "BadOutOfMemory"),
    0x80040000: ("设备资源不足", "BadResourceUnavailable"),
    0x80050000: ("通信错误", "BadCommunicationError"),
    0x800A0000: ("超时", "BadTimeout"),
    0x801F0000: ("无权访问", "BadUserAccessDenied"),
    0x80310000: ("与数据源通信中断", "BadNoCommunication"),
    0x80320000: ("等待首个值", "BadWaitingForInitialData"),
    0x80330000: ("节点号格式无效", "BadNodeIdInvalid"),
    0x80340000: ("节点不存在", "BadNodeIdUnknown"),
    0x80350000: ("属性不存在", "BadAttributeIdInvalid"),
    0x803A0000: ("不可读", "BadNotReadable"),
    0x803C0000: ("超出范围", "BadOutOfRange"),
    0x803D0000: ("不支持", "BadNotSupported"),
    0x803E0000: ("未找到", "BadNotFound"),
    0x80740000: ("数据类型不符", "BadTypeMismatch"),
    0x80890000: ("组态错误", "BadConfigurationError"),
    0x808A0000: ("未连接", "BadNotConnected"),
    0x808B0000: ("设备故障", "BadDeviceFailure"),
    0x808C0000: ("传感器故障", "BadSensorFailure"),
    0x808D0000: ("停用", "BadOutOfService"),
    0x809B0000: ("没有数据", "BadNoData"),
}
HEALTH: Final[Mapping[Health, tuple[str, str]]] = {
    Health.UNKNOWN: ("仪表状态读不到", "the state of the instrument is not read"),
    Health.UNDEFINED: ("仪表状态的数值没有定义", "the number of the state means nothing"),
    Health.OFF_SPEC: ("仪表超出规定条件", "the instrument is out of specification"),
    Health.CHECK_FUNCTION: (
        "仪表功能检查中，不可当作保护",
        "the instrument is worked on (function check): no protection",
    ),
    Health.FAILURE: ("仪表故障", "the instrument has failed"),
}
"""What makes a value worse; UNKNOWN does so for the first seconds after a start only."""

LOCAL_OVERRIDE: Final = 0x00960000
"""GoodLocalOverride: somebody forces the value; quality UNCERTAIN (design section 3)."""

MODBUS_EXCEPTIONS: Final[Mapping[int, tuple[str, str]]] = {
    0x01: ("非法功能码", "illegal function"),
    0x02: ("非法数据地址", "illegal data address"),
    0x03: ("非法数据值", "illegal data value"),
    0x04: ("从站设备故障", "server device failure"),
    0x05: ("已确认，处理中", "acknowledge, still processing"),
    0x06: ("从站设备忙", "server device busy"),
    0x08: ("存储器奇偶校验错误", "memory parity error"),
    0x0A: ("网关路径不可用", "gateway path unavailable"),
    0x0B: ("网关目标设备无响应", "gateway target device failed to respond"),
}


def status_words(device_kind: str, status: int) -> Text:
    """Say a status as it came, with its number; empty for 0."""
    if status == 0:
        return NO_REASON
    if device_kind == "modbus":
        zh, en = MODBUS_EXCEPTIONS.get(status, ("未知异常", "unknown exception"))
        return Text(zh=f"Modbus 异常 {status:02X}：{zh}", en=f"Modbus exception {status:02X}: {en}")
    if status & CODE_MASK == LOCAL_OVERRIDE:
        zh, en = "就地强制值", "GoodLocalOverride"
    else:
        known = OPCUA_STATUS.get(status & CODE_MASK)
        zh, en = known or (("坏值", "Bad") if status & 0x80000000 else ("不确定", "Uncertain"))
    return Text(zh=f"{zh} (0x{status:08X})", en=f"{en} (0x{status:08X})")


def health_words(health: int, said_by: str, quality: int) -> Text:
    """Say what an instrument says of itself, and in which tag; empty where it makes no value worse or no tag says it."""
    if not said_by or health in (Health.NORMAL, Health.MAINTENANCE_REQUIRED):
        return NO_REASON
    if health == Health.UNKNOWN and quality != Quality.UNCERTAIN:
        return NO_REASON
    zh, en = HEALTH[Health(health)]
    letter = f" {LETTERS[health]}" if LETTERS[health] else ""
    return Text(zh=f"NE 107{letter}：{zh}（{said_by}）", en=f"NE 107{letter}: {en} ({said_by})")


def reason(
    quality: int, device_kind: str, status: int, age_s: float | None, link: str, health: Text = NO_REASON
) -> Text:
    """Say why a quality is not good; `age_s` since the last successful read (None: never), `link` names a dead link.

    `health` is what its instrument says.
    """
    if quality == Quality.GOOD:
        return NO_REASON
    words = status_words(device_kind, status)
    if health.zh and quality in (Quality.UNCERTAIN, Quality.BAD):
        words = Text(zh=f"{health.zh}；{words.zh}", en=f"{health.en}; {words.en}") if words.zh else health
    if quality == Quality.UNCERTAIN:
        return words if words.zh else Text(zh="设备标记为不确定", en="marked uncertain by the device")
    if quality == Quality.BAD:
        return words if words.zh else Text(zh="不是可用的数值", en="not a usable number")
    down = Text(zh=f"；设备 {link} 未连接", en=f"; device {link} is not connected") if link else NO_REASON
    if quality == Quality.NEVER_SEEN or age_s is None:
        return Text(zh=f"启动以来从未读到{down.zh}", en=f"never read since start{down.en}")
    said = Text(zh=f"；{words.zh}", en=f"; {words.en}") if words.zh else NO_REASON
    return Text(
        zh=f"已 {age_s:.0f} s 没有更新{down.zh}{said.zh}",
        en=f"no update for {age_s:.0f} s{down.en}{said.en}",
    )
