"""What every rule over several instruments of one quantity checks of its list."""

from collections.abc import Iterator, Sequence

from rules.columns.tags import TagTable
from rules.errors import RuleError, needs_analog, stands_twice, unknown_tag


def member_errors(
    rule_id: str, tags: Sequence[str], table: TagTable, field: str = "tags", between: tuple[int, int] = (2, 3)
) -> Iterator[RuleError]:
    """Too few or too many, repeated, unknown or discrete instruments, and instruments with different units."""
    fewest, most = between
    if not fewest <= len(tags) <= most:
        zh = f"应有 {fewest} 到 {most} 块仪表，现有 {len(tags)}"
        en = f"needs {fewest} to {most} instruments, has {len(tags)}"
        yield RuleError(rule_id, field, zh, en)
    known = []
    for place, name in enumerate(tags):
        if name in tags[:place]:
            yield stands_twice(rule_id, field, name)
        elif name not in table.row_of:
            yield unknown_tag(rule_id, field, name)
        elif table.tags[table.row_of[name]].discrete:
            yield needs_analog(rule_id, field, name)
        else:
            known.append(table.tags[table.row_of[name]])
    for tag in known[1:]:
        if tag.eu != known[0].eu:
            zh = f"{tag.id} 的单位为 {tag.eu or '无'}，{known[0].id} 为 {known[0].eu or '无'}：单位应一致"
            en = (
                f"{tag.id} is in {tag.eu or 'no unit'}, {known[0].id} in {known[0].eu or 'no unit'}: one unit is needed"
            )
            yield RuleError(rule_id, field, zh, en)


def tolerance_errors(rule_id: str, tolerance: float, dead_band: float) -> Iterator[RuleError]:
    """A tolerance that is no width, a dead band that leaves no way to return."""
    if not 0 < tolerance < float("inf"):
        zh = f"{tolerance:g} 不是宽度；允差应大于 0"
        en = f"{tolerance:g} is not a width; a tolerance is more than 0"
        yield RuleError(rule_id, "tolerance", zh, en)
    elif not 0 <= dead_band < tolerance:
        zh = f"{dead_band:g} 应为 0 或以上，且小于允差 {tolerance:g}"
        en = f"{dead_band:g} must be 0 or more and less than the tolerance {tolerance:g}"
        yield RuleError(rule_id, "dead_band", zh, en)
