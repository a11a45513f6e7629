"""What a rule set can be refused for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuleError:
    """One thing wrong with one rule; `field` is the column or key the engineer must change."""

    rule_id: str
    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.rule_id}: {self.field}: {self.reason}"


class RulesRefusedError(ValueError):
    """The rule set does not compile; `errors` holds every reason, not the first."""

    def __init__(self, errors: tuple[RuleError, ...]) -> None:
        self.errors = errors
        super().__init__("; ".join(str(error) for error in errors))
