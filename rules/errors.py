"""What a rule set can be refused for, in both languages; what many kinds refuse is said once, here."""

from dataclasses import dataclass

from rules.columns.tags import Tag


@dataclass(frozen=True, slots=True)
class RuleError:
    """One thing wrong with one rule; `field` is the column or key the engineer must change."""

    rule_id: str
    field: str
    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.rule_id}: {self.field}: {self.en}"


class RulesRefusedError(ValueError):
    """The rule set does not compile; `errors` holds every reason, not the first."""

    def __init__(self, errors: tuple[RuleError, ...]) -> None:
        self.errors = errors
        super().__init__("; ".join(str(error) for error in errors))


def unknown_tag(rule_id: str, field: str, name: str) -> RuleError:
    """The plant has no such tag."""
    return RuleError(rule_id, field, f"没有位号 {name!r}", f"no tag {name!r}")


def stands_twice(rule_id: str, field: str, name: str) -> RuleError:
    """What is to be named once is named again."""
    return RuleError(rule_id, field, f"{name} 重复", f"{name} stands twice")


def needs_analog(rule_id: str, field: str, name: str, what: tuple[str, str] = ("", "")) -> RuleError:
    """A tag is discrete; `what` (zh, en) names what cannot be done with it."""
    en = f"{what[1]} needs an analog tag; {name} is discrete".lstrip()
    return RuleError(rule_id, field, f"{what[0]}应用模拟量位号；{name} 是开关量", en)


def needs_discrete(rule_id: str, field: str, name: str, what: tuple[str, str] = ("", "")) -> RuleError:
    """A tag is analog; `what` (zh, en) names what cannot be done with it."""
    en = f"{what[1]} needs a discrete tag; {name} is analog".lstrip()
    return RuleError(rule_id, field, f"{what[0]}应用开关量位号；{name} 是模拟量", en)


def not_a_number(rule_id: str, field: str, value: float) -> RuleError:
    """NaN or infinity."""
    return RuleError(rule_id, field, f"{value} 不是数字", f"{value} is not a number")


def outside_range(rule_id: str, field: str, value: float, tag: Tag, *, named: bool = False) -> RuleError:
    """A value that the tag can never have; `named`: the rule has several tags, so say which."""
    range_zh, range_en = f"{tag.low:g} 到 {tag.high:g} {tag.eu}", f"{tag.low:g} to {tag.high:g} {tag.eu}"
    of_zh, of_en = (f" {tag.id} 的", f" of {tag.id}") if named else ("", "")
    en = f"{value:g} is outside the range {range_en}".rstrip() + of_en
    return RuleError(rule_id, field, f"{value:g} 超出{of_zh}量程 {range_zh}".rstrip(), en)


def not_a_state(rule_id: str, field: str, value: float) -> RuleError:
    """A state of a discrete tag that is neither 0 nor 1."""
    return RuleError(rule_id, field, f"应为 0 或 1，现为 {value:g}", f"is 0 or 1, not {value:g}")


def no_dead_band(rule_id: str, value: float) -> RuleError:
    """A dead band that is negative or no number."""
    zh = f"{value:g} 不是宽度；死区应为 0 或以上"
    return RuleError(rule_id, "dead_band", zh, f"{value:g} is not a width; a dead band is 0 or more")


def no_share(rule_id: str, field: str, value: float) -> RuleError:
    """A share that is not above 0 and at most 1."""
    return RuleError(rule_id, field, f"{value:g} 应大于 0 且不大于 1", f"{value:g} must be above 0 and at most 1")
