"""The plant as of the last committed scan: the only thing screens, streams and pushes may show."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from monitor.alarms.drift import Drift
from monitor.alarms.flood import PositionFlood
from monitor.alarms.horn import HornState
from monitor.alarms.transition import Alarm
from monitor.hazards.links import LinkStatus
from monitor.hazards.shadow import ShadowState
from monitor.hazards.suppressed import Suppressed
from monitor.interlocks.view import BarrierView
from rules.columns.snapshot import Snapshot
from rules.memory import Memory


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelStatus:
    """What can be said of one notification channel."""

    channel: str
    up: bool
    refused: bool
    last_error: str
    last_accepted_wall_ns: int | None
    waiting: int
    """Rows in the outbox that it has not accepted."""
    oldest_waiting_wall_ns: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Frozen after the commit, replaced by the next scan; nothing in it is undecided or unstored."""

    scan: int
    """Number of the scan since start."""
    mono_ns: int
    """End of the scan: its age is what `/health` and every screen tell."""
    wall_ns: int
    snapshot: Snapshot
    alarms: tuple[Alarm, ...]
    """In the order of the plant's definitions."""
    journal_seq: int
    """Last journal row that is on disk."""
    links: Mapping[str, LinkStatus]
    channels: Mapping[str, ChannelStatus]
    blind: tuple[int, ...]
    """Rows that cannot be judged now."""
    plant_differs: bool
    """The files of the plant folder are not what runs."""
    overruns: int
    """Inbox overruns since start."""
    horns: tuple[HornState, ...] = ()
    """One for each operator position."""
    floods: tuple[PositionFlood, ...] = ()
    """One for each operator position; the same object while nothing changes."""
    suppressed: Suppressed = field(default_factory=Suppressed)
    """What logic of the plant keeps silent."""
    barriers: BarrierView = field(default_factory=BarrierView)
    """Interlocks, permits, protection layers."""
    drift: Drift | None = None
    """What runs against what was approved; None until it was compared."""
    shadow: ShadowState | None = None
    """What a shadow set of rules says otherwise; None where there is none."""
    memory: Memory | None = None
    """What the rules remembered after this scan: with the snapshot it says why a rule is what it is."""
