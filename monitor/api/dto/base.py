"""What every answer and every body is made of."""

from pydantic import BaseModel, ConfigDict, Field


class Dto(BaseModel):
    """Base of every body: unknown fields are refused, aliases are what travels."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, frozen=True)


class Text(Dto):
    """One text in both languages."""

    zh: str
    en: str


class Problem(Dto):
    """RFC 9457 problem+json; `title` and `detail` say what to do."""

    type: str
    title: str
    status: int
    detail: str
    detail_text: Text | None = None
    errors: list[str] = Field(default_factory=list)
    """Every wrong field, not the first."""
