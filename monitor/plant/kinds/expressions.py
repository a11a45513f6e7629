"""Conditions that engineers write themselves: their tables in `rules.toml`."""

from collections.abc import Mapping
from typing import Final

from monitor.plant.kinds.conditions import read_condition
from monitor.plant.kinds.port import KindReader, ReadRule, Surroundings
from monitor.plant.record import Record
from rules.catalog import Delays
from rules.kinds.expressions import Expression


def _expression(record: Record, rule_id: str, delays: Delays, surroundings: Surroundings) -> ReadRule | None:
    """`when`, and the `tag` that the alarm belongs to where it is not the first one that the condition names."""
    condition = read_condition(record, "when", surroundings)
    tag = record.reference("tag", surroundings.tags, ("位号", "tag"), required=False)
    if condition is None:
        return None
    rule = Expression(id=rule_id, when=condition.text, modes=condition.modes, delays=delays)
    return ReadRule(rule=rule, tag=tag or condition.inputs[0])


READERS: Final[Mapping[str, KindReader]] = {"expression": KindReader(keys=("when", "tag"), read=_expression)}
