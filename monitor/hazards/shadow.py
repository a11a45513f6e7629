"""What a shadow set of rules would say, beside the live one: shown, never told to anyone."""

from dataclasses import dataclass
from typing import Literal

ShadowWord = Literal["on", "refused", "off"]
"""on: judged beside the live rules; refused: on, but files that changed since have mistakes; off: it failed and is no
longer judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowDifference:
    """One rule that was TRUE in one set and not in the other."""

    id: str
    live: bool | None
    """TRUE in the live set now; None where it has no such rule."""
    shadow: bool | None
    since_wall_ns: int | None
    """They differ since; None while they agree."""
    times: int
    """How often they began to differ."""
    live_raised: int
    """How often it became TRUE in the live set since the comparison began."""
    shadow_raised: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowState:
    """The comparison as of the last scan."""

    folder: str
    fingerprint: str
    """Of the shadow's files as they are judged."""
    word: ShadowWord
    reason_zh: str
    """Why it is off or refused; empty while it is on."""
    reason_en: str
    since_wall_ns: int
    """When the comparison began."""
    rules: int
    same: int
    """Rules that are the same in both sets."""
    changed: int
    """Of one id and another definition."""
    only_live: int
    only_shadow: int
    differing: int
    """Rules that differ now."""
    differences: tuple[ShadowDifference, ...]
    """Those that differ now first, then the most frequent; no more than are shown."""
