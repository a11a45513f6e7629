"""Settings of one running service: environment (`REDLINE_*`) and secrets by file; the plant folder is not here."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """How this process runs; everything about the plant itself stands in the plant folder."""

    model_config = SettingsConfigDict(env_prefix="REDLINE_", extra="ignore", frozen=True)

    state_dir: Path = Path("redline-state")
    """Journal, history, head file, ballast, lock."""
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    allowed_origins: tuple[str, ...] = ()
    """Further origins that may open the stream, beside the one that served the page."""
    cookie_secure: bool = False
    """Set behind TLS: the session cookie then travels over https only."""
    session_hours: float = Field(default=12.0, gt=0, le=24 * 7)
    journal_reserve_bytes: int = Field(default=1_000_000_000, ge=0)
    """History stops writing when less than this is free, so that the journal can go on."""
    ballast_bytes: int = Field(default=64_000_000, ge=0)
    """Freed when the disk is full, so that the last alarm is recorded."""
    accept_missing_rows: bool = False
    """Start although the head file says that journal rows are missing."""
    demo_accounts: bool = False
    """Create the demo log-ins (never on a real plant)."""
