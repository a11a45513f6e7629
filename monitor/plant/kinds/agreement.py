"""`rules.toml`: disagreement, drift, voting, vote_degraded."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from monitor.plant.kinds import members
from monitor.plant.kinds.port import KindReader, ReadRule, Surroundings
from monitor.plant.record import Record
from rules import windows
from rules.catalog import Delays
from rules.columns.tags import Tag
from rules.kinds.disagreement import Disagreement
from rules.kinds.drift import Drift
from rules.kinds.votes_left import VoteDegraded
from rules.kinds.voting import MOST_VOTERS, Side, Voter, Voting

_VOTE: Final = re.compile(r"([1-9])oo([1-9])")
_SIDES: Final[Mapping[str, Side]] = {"high": "high", "low": "low"}


def _disagreement(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
    tags = members.tags_of(record, "tags", surroundings, (2, 3))
    if not tags or not members.same_unit(record, "tags", tags):
        return None
    tolerance = members.tolerance_of(record, tags)
    if tolerance is None:
        return None
    dead_band = members.dead_band_of(record, tolerance)
    if dead_band is None:
        return None
    names = tuple(tag.id for tag in tags)
    rule = Disagreement(id=rule_id, tags=names, tolerance=tolerance, dead_band=dead_band, delays=delays)
    return ReadRule(rule=rule, tag=names[0], set_point=tolerance, dead_band=dead_band, eu=tags[0].eu)


def _drift(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
    tag = members.tag_of(record, surroundings)
    others = members.tags_of(record, "others", surroundings, (1, 2))
    if tag is None or not others or not members.same_unit(record, "others", (tag, *others)):
        return None
    if tag in others:
        record.wrong("others", f"{tag.id} 不能与自己比较", f"{tag.id} cannot be compared with itself")
        return None
    tolerance = members.tolerance_of(record, (tag, *others))
    window_ns = members.window_of(record, "window_s", 3600, (tag, *others), windows.SLOTS)
    coverage = members.coverage_of(record)
    dead_band = None if tolerance is None else members.dead_band_of(record, tolerance)
    if tolerance is None or window_ns is None or dead_band is None:
        return None
    rule = Drift(
        id=rule_id,
        tag=tag.id,
        others=tuple(other.id for other in others),
        tolerance=tolerance,
        dead_band=dead_band,
        window_ns=window_ns,
        least_coverage=coverage,
        delays=delays,
    )
    return ReadRule(rule=rule, tag=tag.id, set_point=tolerance, dead_band=dead_band, eu=tag.eu)


def _voting(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
    if record.is_given("voters") == record.is_given("tags"):
        zh = "tags（共用限值）与 voters（各自限值）须且只能给一个"
        record.wrong("voters", zh, "give tags (one limit for all) or voters (a limit each), exactly one of them")
        return None
    own = [_voter(item, surroundings) for item in record.records("voters", required=record.is_given("voters"))]
    voters = own if record.is_given("voters") else _voters_with_one_limit(record, surroundings)
    known = [voter for voter in voters if voter is not None]
    if not known or len(known) != len(voters):
        return None
    if len({voter.tag for voter in known}) < len(known):
        record.wrong("voters", "同一位号出现两次：一台仪表只有一票", "a tag stands twice: one instrument has one vote")
        return None
    if len(known) > MOST_VOTERS:
        record.wrong("voters", f"最多 {MOST_VOTERS} 个", f"at most {MOST_VOTERS}")
        return None
    needed = _needed(record, "vote", record.text("vote"), len(known))
    degraded = _degraded(record, needed or 1, len(known))
    if needed is None or degraded is None:
        return None
    rule = Voting(id=rule_id, voters=tuple(known), needed=needed, degraded=degraded, delays=delays)
    return ReadRule(rule=rule, tag=known[0].tag, set_point=float(needed))


def _vote_degraded(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
    tags = members.tags_of(record, "tags", surroundings, (2, MOST_VOTERS), discrete=None)
    if not tags:
        return None
    names = tuple(tag.id for tag in tags)
    return ReadRule(rule=VoteDegraded(id=rule_id, tags=names, delays=delays), tag=names[0])


def _voters_with_one_limit(record: Record, surroundings: Surroundings) -> list[Voter | None]:
    tags = members.tags_of(record, "tags", surroundings, (1, MOST_VOTERS), discrete=None)
    if not tags:
        return [None]
    first = _limit(record, tags[0])
    if first is None:
        return [None]
    for tag in tags[1:]:
        if tag.discrete != tags[0].discrete:
            zh, en = "模拟量与开关量不能共用限值，请用 voters", "analog and discrete tags share no limit: use voters"
            record.wrong("tags", zh, en)
            return [None]
    if not members.same_unit(record, "tags", tags):
        return [None]
    return [replace(first, tag=tag.id) if _limit(record, tag) else None for tag in tags]


def _voter(record: Record, surroundings: Surroundings) -> Voter | None:
    record.only(("tag", "limit", "set_point", "dead_band"))
    name = record.reference("tag", surroundings.tags, members.TAG)
    return _limit(record, surroundings.tags[name].tag) if name in surroundings.tags else None


def _limit(record: Record, tag: Tag) -> Voter | None:
    """`limit`, `set_point` and `dead_band` for one tag."""
    side = record.choice(
        "limit", ("state",) if tag.discrete else tuple(_SIDES), default="state" if tag.discrete else None
    )
    set_point = record.required_number("set_point")
    dead_band = record.number("dead_band", default=0.0, minimum=0) or 0.0
    if tag.discrete:
        if set_point not in (0, 1):
            record.wrong("set_point", f"{tag.id} 为开关量，应为 0 或 1", f"{tag.id} is discrete, must be 0 or 1")
            return None
        return Voter(tag=tag.id, side="high", set_point=set_point)
    if side not in _SIDES:
        return None
    if not tag.low <= set_point <= tag.high:
        zh = f"{set_point:g} 超出 {tag.id} 的量程 {tag.low:g} 到 {tag.high:g} {tag.eu}"
        record.wrong(
            "set_point", zh, f"{set_point:g} is outside the range {tag.low:g} to {tag.high:g} {tag.eu} of {tag.id}"
        )
        return None
    return Voter(tag=tag.id, side=_SIDES[side], set_point=set_point, dead_band=dead_band)


def _needed(record: Record, key: str, text: str, count: int) -> int | None:
    """m of a vote such as 2oo3 over `count` instruments."""
    found = _VOTE.fullmatch(text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        record.wrong(key, f"{text!r} 应写成 2oo3 这样", f"{text!r} must be written like 2oo3")
        return None
    if int(found[2]) != count:
        record.wrong(
            key,
            f"{text} 应有 {found[2]} 台仪表，此处为 {count} 台",
            f"{text} is for {found[2]} instruments, there are {count}",
        )
        return None
    return int(found[1])


def _degraded(record: Record, needed: int, count: int) -> tuple[int, ...] | None:
    """`degrade`: the vote with 1, 2 ... bad instruments; without it one vote fewer for each, down to 1."""
    if not record.is_given("degrade") and "degrade" not in record.values:
        return tuple(max(needed - bad, 1) for bad in range(1, count))
    steps: list[int] = []
    for bad, text in enumerate(record.texts("degrade"), start=1):
        if bad > count:
            record.wrong("degrade", f"最多 {count} 级", f"has more than {count} steps")
            return None
        found = 0 if text == "trip" else _needed(record, "degrade", text, count - bad)
        if found is None:
            return None
        if found > (steps[-1] if steps else needed):
            zh, en = f"{text}：降级后不得更难成立", f"{text}: a bad instrument must not make the vote harder"
            record.wrong("degrade", zh, en)
            return None
        steps.append(found)
    return tuple(steps)


READERS: Final[Mapping[str, KindReader]] = {
    "disagreement": KindReader(keys=("tags", "tolerance", "tolerance_percent", "dead_band"), read=_disagreement),
    "drift": KindReader(
        keys=("tag", "others", "tolerance", "tolerance_percent", "dead_band", "window_s", "coverage"), read=_drift
    ),
    "voting": KindReader(keys=("tags", "voters", "vote", "limit", "set_point", "dead_band", "degrade"), read=_voting),
    "vote_degraded": KindReader(keys=("tags",), read=_vote_degraded),
}
"""Words of the key `kind` that belong to this family."""
