"""`rules.toml`: deviation, mismatch."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from monitor.plant.kinds import members
from monitor.plant.kinds.port import KindReader, ReadRule, Surroundings
from monitor.plant.record import Record
from monitor.plant.site import NS
from rules.catalog import Delays
from rules.columns.tags import Tag
from rules.kinds.comparisons import Deviation, Direction
from rules.kinds.mismatches import Mismatch, StateOf, expected, follows, limit_switches

DIRECTIONS: Final[Mapping[str, Direction]] = {"both": "both", "above": "above", "below": "below"}
MOST_OTHERS: Final = 16
FORMS: Final = (("command", "feedback"), ("open", "closed"), ("expect",))
"""Keys that must be given, of the three ways to write a mismatch."""


def _deviation(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
    tag = members.tag_of(record, surroundings)
    if isinstance(record.values.get("against"), str):
        one = members.tag_of(record, surroundings, "against")
        others: tuple[Tag, ...] = () if one is None else (one,)
    else:
        others = members.tags_of(record, "against", surroundings, (1, MOST_OTHERS))
    if tag is None or not others or not members.same_unit(record, "against", (tag, *others)):
        return None
    if tag in others:
        record.wrong("against", f"{tag.id} 不能与自己比较", f"{tag.id} cannot be compared with itself")
        return None
    limit = _limit(record, (tag, *others))
    dead_band = None if limit is None else members.dead_band_of(record, limit)
    direction = DIRECTIONS[record.choice("direction", tuple(DIRECTIONS), default="both")]
    if limit is None or dead_band is None:
        return None
    rule = Deviation(
        id=rule_id,
        tag=tag.id,
        against=tuple(other.id for other in others),
        limit=limit,
        direction=direction,
        dead_band=dead_band,
        delays=delays,
    )
    return ReadRule(rule=rule, tag=tag.id, set_point=limit, dead_band=dead_band, eu=tag.eu)


def _limit(record: Record, tags: tuple[Tag, ...]) -> float | None:
    """`limit` in the unit of the tags, or `limit_percent` of the narrowest range; exactly one of them."""
    key = "limit" if record.is_given("limit") else "limit_percent"
    if record.is_given("limit") == record.is_given("limit_percent"):
        zh = "limit（工程单位）与 limit_percent（量程百分数）须且只能给一个"
        record.wrong("limit", zh, "give limit (in the unit) or limit_percent (of the range), exactly one of them")
        return None
    limit = record.required_number(key)
    if limit <= 0:
        record.wrong(key, "应大于 0", "must be more than 0")
        return None
    return limit if key == "limit" else limit / 100 * min(tag.high - tag.low for tag in tags)


def _mismatch(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
    if record.is_given("on_delay_s"):
        record.wrong("on_delay_s", "状态不一致用 within_s 表示延时", "a mismatch says its delay as within_s")
    within_s = record.required_number("within_s", minimum=0, maximum=3600)
    given = [form for form in FORMS if any(record.is_given(key) for key in form)]
    if len(given) != 1:
        zh = "command 与 feedback、open 与 closed、expect 三种写法须且只能用一种"
        record.wrong("expect", zh, "give command and feedback, or open and closed, or expect: exactly one of them")
        return None
    _only_with(record, given[0])
    wrong = _expected(record, surroundings) if given[0] == ("expect",) else _pair(record, given[0], surroundings)
    if not wrong:
        return None
    rule = Mismatch(id=rule_id, wrong=wrong, delays=replace(delays, on_delay_ns=int(max(within_s, 0) * NS)))
    return ReadRule(rule=rule, tag=wrong[0][-1][0])


def _only_with(record: Record, form: tuple[str, ...]) -> None:
    """Report the keys that belong to another way of writing."""
    for key, owner in (("feedback_when_commanded", "command"), ("when", "expect")):
        if record.is_given(key) and owner not in form:
            record.wrong(key, f"只与 {owner} 一起使用", f"goes with {owner} only")


def _pair(record: Record, form: tuple[str, ...], surroundings: Surroundings) -> tuple[tuple[StateOf, ...], ...]:
    first, second = (members.tag_of(record, surroundings, key, discrete=True) for key in form)
    if first is None or second is None:
        return ()
    if first == second:
        record.wrong(form[1], f"与 {form[0]} 是同一位号", f"is the tag of {form[0]} already")
        return ()
    if form == FORMS[1]:
        return limit_switches(first.id, second.id)
    meant = record.integer("feedback_when_commanded", default=1, minimum=0, maximum=1)
    return follows(first.id, second.id, 0 if meant == 0 else 1)


def _expected(record: Record, surroundings: Surroundings) -> tuple[tuple[StateOf, ...], ...]:
    when, states = _states(record, "when", surroundings), _states(record, "expect", surroundings)
    if when is None or not states:
        return ()
    shared = sorted({name for name, _ in when} & {name for name, _ in states})
    if shared:
        listed = ", ".join(shared)
        record.wrong("expect", f"{listed} 已是 when 的条件", f"{listed} stands in when already")
        return ()
    return expected(when, states)


def _states(record: Record, key: str, surroundings: Surroundings) -> tuple[StateOf, ...] | None:
    """A list of [tag, 0 or 1]; empty where it is not given, None (and a mistake) where it is wrong."""
    value = record.values.get(key, [])
    example = '[["XV-101.OPEN", 1]]'
    if not isinstance(value, list) or not all(isinstance(item, list) and len(item) == 2 for item in value):
        record.wrong(
            key, f"应为 [位号, 状态] 的列表，如 {example}", f"must be a list of [tag, state] such as {example}"
        )
        return None
    found: dict[str, int] = {}
    good = True
    for name, state in value:
        if not isinstance(name, str) or not record.must_know(key, name, surroundings.tags, members.TAG):
            good = False
        elif not surroundings.tags[name].tag.discrete:
            record.wrong(key, f"位号 {name} 应为开关量", f"tag {name} must be discrete")
            good = False
        elif name in found:
            record.wrong(key, f"位号 {name} 重复", f"tag {name} stands twice")
            good = False
        elif type(state) is not int or state not in (0, 1):
            record.wrong(key, f"{name} 的状态应为 0 或 1，现为 {state}", f"the state of {name} is 0 or 1, not {state}")
            good = False
        else:
            found[name] = state
    return tuple(found.items()) if good else None


READERS: Final[Mapping[str, KindReader]] = {
    "deviation": KindReader(
        keys=("tag", "against", "limit", "limit_percent", "direction", "dead_band"), read=_deviation
    ),
    "mismatch": KindReader(
        keys=("command", "feedback", "feedback_when_commanded", "open", "closed", "when", "expect", "within_s"),
        read=_mismatch,
    ),
}
