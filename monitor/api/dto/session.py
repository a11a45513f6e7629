"""`/session`: log in, who am I and what may I."""

from typing import Literal

from pydantic import Field

from monitor.api.dto.base import Dto, Text


class Login(Dto):
    """Log-in of a person."""

    username: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=256)


class Session(Dto):
    """Who I am and what I may do."""

    username: str
    person: str | None
    name: Text
    role: str
    permissions: list[str]
    site: Text
    plant: str
    timezone: str
    language: Literal["zh", "en"]
    server_time: str
    history_keep_days: int
    positions: list[str] = Field(default_factory=list)
    """Operator positions I sit at; empty for somebody who belongs to none."""
