"""A condition (docs/rules/expressions.md) where a table of `rules.toml` has one."""

from collections.abc import Mapping

from monitor.plant.kinds.port import Surroundings
from monitor.plant.record import Record
from rules.columns.tags import TagTable
from rules.language.conditions import Condition, ExpressionRefusedError, parse_condition


def read_condition(record: Record, key: str, surroundings: Surroundings, *, required: bool = True) -> Condition | None:
    """The condition at `key`; None (and a mistake that points at the character) where it is none or not given."""
    return condition_at(record, key, surroundings.table, surroundings.modes, required=required)


def condition_at(
    record: Record, key: str, table: TagTable, modes: Mapping[str, str], *, required: bool = True
) -> Condition | None:
    """The same, over these tags and modes."""
    text = record.text(key, required=required)
    if not text:
        return None
    try:
        return parse_condition(text, table, modes)
    except ExpressionRefusedError as refused:
        record.wrong(key, refused.message("zh"), refused.message("en"))
        return None
