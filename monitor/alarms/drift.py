"""The master alarm database as approved against what runs and what the folder holds; the target is no difference.  Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from monitor.alarms.record import Entry

DriftKind = Literal["never_approved", "changed", "removed"]
DriftState = Literal["never_approved", "approved", "drifted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What a named person approved, with a reason: the hash of every definition and of all files."""

    seq: int
    wall_ns: int
    person: str
    person_name: str
    reason: str
    fingerprint: str
    hashes: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionDrift:
    """One definition that runs otherwise than approved."""

    id: str
    drift: DriftKind
    approved_hash: str | None
    running_hash: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What was found when the three were compared."""

    approval: Approval | None
    running_fingerprint: str
    folder_fingerprint: str
    definitions: tuple[DefinitionDrift, ...]
    """By id; empty where nothing was ever approved."""

    @property
    def files_differ(self) -> bool:
        """Whether the files in the folder are others than the approved ones."""
        return self.approval is not None and self.folder_fingerprint != self.approval.fingerprint

    @property
    def state(self) -> DriftState:
        """A plant that was never approved has nothing to drift from: that is shown, and is no alarm."""
        if self.approval is None:
            return "never_approved"
        return "drifted" if self.definitions or self.files_differ else "approved"


def compare(
    approval: Approval | None, running: Mapping[str, str], running_fingerprint: str, folder_fingerprint: str
) -> Drift:
    """Compare the last approval with the definition hashes that run and with the folder."""
    approved = {} if approval is None else approval.hashes
    found = []
    for alarm_id in sorted(running.keys() | approved.keys()) if approval is not None else ():
        before, now = approved.get(alarm_id), running.get(alarm_id)
        if before == now:
            continue
        kind: DriftKind = "never_approved" if before is None else "removed" if now is None else "changed"
        found.append(DefinitionDrift(id=alarm_id, drift=kind, approved_hash=before, running_hash=now))
    return Drift(
        approval=approval,
        running_fingerprint=running_fingerprint,
        folder_fingerprint=folder_fingerprint,
        definitions=tuple(found),
    )


def approval_entry(
    *, hashes: Mapping[str, str], fingerprint: str, person: str, person_name: str, reason: str, wall_ns: int
) -> Entry:
    """The journal entry by which a person approves what the plant folder says."""
    return Entry(
        kind="definition",
        wall_ns=wall_ns,
        message_zh=f"{person_name} 批准 {len(hashes)} 条报警定义：{reason}",
        message_en=f"{person_name} approved {len(hashes)} alarm definitions: {reason}",
        person=person,
        person_name=person_name,
        values={"approved": dict(hashes), "plant_fingerprint": fingerprint, "reason": reason},
    )


def approval_of(seq: int, body: Mapping[str, Any]) -> Approval | None:
    """Read an approval back from the body of its entry; None where the entry is none."""
    values = body.get("values") or {}
    if body.get("kind") != "definition" or "approved" not in values:
        return None
    return Approval(
        seq=seq,
        wall_ns=int(body["wall_ns"]),
        person=str(body["person"]),
        person_name=str(body["person_name"]),
        reason=str(values["reason"]),
        fingerprint=str(values["plant_fingerprint"]),
        hashes={str(alarm_id): str(found) for alarm_id, found in values["approved"].items()},
    )
