"""What every rule over several instruments of one quantity checks of its list."""

from collections.abc import Iterator, Sequence

from rules.columns.tags import TagTable
from rules.errors import RuleError


def member_errors(
    rule_id: str, tags: Sequence[str], table: TagTable, field: str = "tags", between: tuple[int, int] = (2, 3)
) -> Iterator[RuleError]:
    """Too few or too many, repeated, unknown or discrete instruments, and instruments with different units."""
    fewest, most = between
    if not fewest <= len(tags) <= most:
        yield RuleError(rule_id, field, f"needs {fewest} to {most} instruments, has {len(tags)}")
    known = []
    for place, name in enumerate(tags):
        if name in tags[:place]:
            yield RuleError(rule_id, field, f"{name} stands twice")
        elif name not in table.row_of:
            yield RuleError(rule_id, field, f"no tag {name!r}")
        elif table.tags[table.row_of[name]].discrete:
            yield RuleError(rule_id, field, f"needs analog tags; {name} is discrete")
        else:
            known.append(table.tags[table.row_of[name]])
    for tag in known[1:]:
        if tag.eu != known[0].eu:
            why = (
                f"{tag.id} is in {tag.eu or 'no unit'}, {known[0].id} in {known[0].eu or 'no unit'}: one unit is needed"
            )
            yield RuleError(rule_id, field, why)


def tolerance_errors(rule_id: str, tolerance: float, dead_band: float) -> Iterator[RuleError]:
    """A tolerance that is no width, a dead band that leaves no way to return."""
    if not 0 < tolerance < float("inf"):
        yield RuleError(rule_id, "tolerance", f"{tolerance:g} is not a width; a tolerance is more than 0")
    elif not 0 <= dead_band < tolerance:
        yield RuleError(
            rule_id, "dead_band", f"{dead_band:g} must be 0 or more and less than the tolerance {tolerance:g}"
        )
