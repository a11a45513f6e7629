"""`rules.toml` and `alarms.csv`: uncertain, never_seen, out_of_band, forced."""

from collections.abc import Callable, Mapping
from typing import Final

from monitor.plant.kinds import members
from monitor.plant.kinds.port import KindReader, ReadRule, Surroundings
from monitor.plant.record import Record
from monitor.plant.site import NS
from rules.catalog import Delays, Rule
from rules.columns.tags import Tag
from rules.kinds.signals import Forced, NeverSeen, OutOfBand, Uncertain

KINDS: Final = ("uncertain", "never_seen", "out_of_band", "forced")
"""Words of the column `kind` of `alarms.csv` that this module knows."""
_OF_ONE_READING: Final = {"uncertain": Uncertain, "out_of_band": OutOfBand, "forced": Forced}


def signal_rule(
    record: Record, rule_id: str, kind: str, tag: Tag, delays: Delays, after: tuple[str, float]
) -> Rule | None:
    """The rule of one of KINDS; `after`: the key that may hold the time of `never_seen`, and the time without it."""
    if kind == "out_of_band" and tag.discrete:
        record.wrong("kind", f"{tag.id} 为开关量，没有量程带", f"only an analog tag has a band; {tag.id} is discrete")
        return None
    if kind != "never_seen":
        return _OF_ONE_READING[kind](id=rule_id, tag=tag.id, delays=delays)
    key, grace_s = after
    after_s = record.number(key, default=grace_s, minimum=0, maximum=3600)
    after_ns = int(max(grace_s if after_s is None else after_s, 0) * NS)
    return NeverSeen(id=rule_id, tag=tag.id, after_ns=after_ns, delays=delays)


def _reader(kind: str) -> Callable[[Record, str, Delays, Surroundings], ReadRule | None]:
    def read(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
        name = record.reference("tag", surroundings.tags, members.TAG)
        if name not in surroundings.tags:
            return None
        tag, grace_s = surroundings.tags[name].tag, surroundings.site.start_grace_ns / NS
        rule = signal_rule(record, rule_id, kind, tag, delays, ("after_s", grace_s))
        return None if rule is None else ReadRule(rule=rule, tag=name)

    return read


READERS: Final[Mapping[str, KindReader]] = {
    kind: KindReader(keys=("tag", "after_s") if kind == "never_seen" else ("tag",), read=_reader(kind))
    for kind in KINDS
}
