"""Every alarm kind with its words and how its numbers are told."""

from dataclasses import dataclass
from typing import Final, Literal

Telling = Literal["high", "low", "amount", "seconds", "points", "names"]
"""high, low: value against limit; amount: value and limit side by side; seconds: the set-point as a time; points: a count
and its list; names: the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KindWords:
    """How an alarm of a kind is named: in full on screens, short in a push."""

    zh: str
    en: str
    short_zh: str
    short_en: str
    telling: Telling


def _words(zh: str, en: str, telling: Telling, short_zh: str = "", short_en: str = "") -> KindWords:
    return KindWords(zh=zh, en=en, short_zh=short_zh or zh, short_en=short_en or en, telling=telling)


KIND_WORDS: Final[dict[str, KindWords]] = {
    "HH": _words("高高报警", "high-high", "high", "高高"),
    "H": _words("高报警", "high", "high", "高"),
    "L": _words("低报警", "low", "low", "低"),
    "LL": _words("低低报警", "low-low", "low", "低低"),
    "state": _words("状态异常", "abnormal state", "names"),
    "no_update": _words("数据不更新", "no update", "seconds"),
    "bad": _words("测量值无效", "bad value", "names", "信号坏值", "bad signal"),
    "bypass": _words("已旁路", "bypassed", "names", "联锁旁路", "interlock bypassed"),
    "link": _words("通信中断", "link down", "names"),
    "blind": _words("失去监测", "blind", "points", "监测失效", "monitoring blind"),
    "channel": _words("不通", "failed", "names", "通知通道中断", "notification channel down"),
    "system": _words("系统报警", "system alarm", "names", "系统", "system"),
    "rate": _words("变化过快", "changes too fast", "amount"),
    "deviation": _words("偏差过大", "deviates", "amount"),
    "mismatch": _words("状态不一致", "states do not match", "names"),
    "count": _words("次数过多", "too many changes", "amount"),
    "chattering_input": _words("信号抖动", "input chatters", "amount"),
    "uncertain": _words("测量值可疑", "uncertain value", "names"),
    "never_seen": _words("从未读到", "never seen", "names"),
    "out_of_band": _words("信号超出量程带", "signal out of its band", "names"),
    "forced": _words("测量值被强制", "value is forced", "names"),
    "stuck": _words("应变未变", "stuck while it must move", "amount"),
    "unplanned_movement": _words("不应变而变", "moves while it must not", "amount"),
    "leak": _words("疑似泄漏", "possible leak", "amount"),
    "minutes_to_limit": _words("即将到限", "limit ahead", "low"),
    "mass_balance": _words("物料不平衡", "mass balance is off", "amount"),
    "disagreement": _words("仪表不一致", "instruments disagree", "names"),
    "drift": _words("仪表漂移", "instrument drifts", "amount"),
    "voting": _words("表决成立", "vote is TRUE", "names"),
    "vote_degraded": _words("表决降级", "vote is degraded", "names"),
    "cusum": _words("缓慢偏移", "slow shift", "amount"),
    "variance": _words("波动异常", "fluctuates", "amount"),
    "load_cut": _words("减负荷", "load is cut", "amount"),
    "stop": _words("停车", "stopped", "amount"),
    "gas_toxic": _words("有毒气体报警", "toxic gas", "high"),
    "gas_combustible": _words("可燃气体报警", "combustible gas", "high"),
    "gas_open_path": _words("可燃气体光路报警", "combustible gas, open path", "high"),
    "gas_oxygen": _words("氧含量异常", "oxygen out of range", "amount"),
    "gas_fault": _words("气体探测器故障", "gas detector fault", "names"),
    "failed_to_trip": _words("该动未动", "cause without effect", "names"),
    "spurious_trip": _words("无因动作", "effect without cause", "names"),
    "trip_point_drift": _words("联锁设定值被改", "trip point differs from the approved one", "amount"),
    "demand_while_bypassed": _words("旁路期间应动作", "would have tripped", "names"),
    "bypass_overdue": _words("旁路超期", "bypassed beyond its permit", "names"),
    "voting_lost": _words("表决降级或失效", "voting degraded or lost", "names"),
    "permit": _words("旁路许可时限", "bypass permit clock", "names"),
    "bypasses": _words("同时旁路过多", "too many bypassed at once", "amount"),
    "layers": _words("保护层不足", "too few protection layers", "amount"),
    "expression": _words("条件成立", "condition is TRUE", "names"),
}
"""Alarm kind -> words.  A kind that is not here cannot be configured."""
