"""`/definitions`: what was approved, what runs, what the folder says."""

from typing import Literal

from monitor.api.dto.base import Dto, Text


class DefinitionDrift(Dto):
    """One alarm definition that runs otherwise than approved."""

    id: str
    drift: Literal["never_approved", "changed", "removed"]
    approved_hash: str | None
    running_hash: str | None


class ShadowDifference(Dto):
    """One rule that was TRUE in one set and not in the other."""

    id: str
    live: bool | None
    """TRUE in the live set now; None where it has no such rule."""
    shadow: bool | None
    since: str | None
    """They differ since; None while they agree."""
    times: int
    """How often they began to differ since the comparison began."""
    live_raised: int
    """How often it became TRUE since then."""
    shadow_raised: int


class Shadow(Dto):
    """A second set of rules judged beside the live one, and what it says otherwise; it raises nothing."""

    state: Literal["none", "on", "refused", "off"]
    """none: not asked for; refused: changed files have mistakes, what was read before goes on; off: it failed."""
    reason: Text
    folder: str
    fingerprint: str
    since: str | None
    """When the comparison began."""
    rules: int
    same: int
    changed: int
    """Of one id and another definition."""
    only_live: int
    only_shadow: int
    differing: int
    """Rules that differ now."""
    differences: list[ShadowDifference]
    """Those that differ now first, the longest first, then the most frequent; at most 200."""


class Drift(Dto):
    """The master alarm database as approved, as it runs, and as it stands in the plant folder."""

    state: Literal["unknown", "never_approved", "approved", "drifted"]
    """`unknown`: not compared yet; `never_approved`: no approval was ever recorded, which is shown but no alarm."""
    drift: int
    """Definitions that run otherwise than approved; the target is 0."""
    files_differ: bool
    """The files in the folder are not the approved ones."""
    approved_at: str | None
    approved_by: str | None
    approved_by_name: str | None
    reason: str
    approved_fingerprint: str | None
    running_fingerprint: str
    folder_fingerprint: str
    definitions: list[DefinitionDrift]


class DefinitionStep(Dto):
    """One entry in the history of a definition."""

    seq: int
    at: str
    step: Literal["approved", "changed_when_active", "removed_when_active"]
    hash: str | None
    person: str | None
    person_name: str | None
    message: Text


class DefinitionHistory(Dto):
    """What is recorded about one definition, newest first."""

    id: str
    running_hash: str | None
    approved_hash: str | None
    steps: list[DefinitionStep]
