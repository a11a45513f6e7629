"""What is known of every condition: TRUE, FALSE or UNKNOWN.  Unknown is not normal."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Self

import numpy as np
import numpy.typing as npt


class Verdict(IntEnum):
    """Three-valued truth (Kleene), stored as uint8; UNKNOWN never clears an alarm and never counts as healthy."""

    FALSE = 0
    TRUE = 1
    UNKNOWN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What verdicts rest on: columns of one length, of the positions that were asked for."""

    value: npt.NDArray[np.float64]
    """The value judged, in the unit of the alarm; NaN where there is none."""
    limit: npt.NDArray[np.float64]
    """What it was compared with; NaN where there is none."""
    quality: npt.NDArray[np.uint8]
    source_time_ns: npt.NDArray[np.int64]
    """Of the value that decided; NO_TIME where the protocol has none."""
    received_wall_ns: npt.NDArray[np.int64]
    """When that value arrived; 0 where nothing arrived."""

    def at(self, positions: npt.NDArray[np.intp]) -> "Evidence":
        """The same of these positions only."""
        return Evidence(
            value=self.value[positions],
            limit=self.limit[positions],
            quality=self.quality[positions],
            source_time_ns=self.source_time_ns[positions],
            received_wall_ns=self.received_wall_ns[positions],
        )

    def then(self, more: "Evidence") -> "Evidence":
        """These and then those of `more`."""
        return Evidence(
            value=np.concatenate((self.value, more.value)),
            limit=np.concatenate((self.limit, more.limit)),
            quality=np.concatenate((self.quality, more.quality)),
            source_time_ns=np.concatenate((self.source_time_ns, more.source_time_ns)),
            received_wall_ns=np.concatenate((self.received_wall_ns, more.received_wall_ns)),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Verdicts:
    """One verdict for each alarm definition, in the order of `ids`; what it rests on is looked up where it is asked for."""

    ids: tuple[str, ...]
    verdict: npt.NDArray[np.uint8]
    """After on- and off-delay (n)."""
    condition: npt.NDArray[np.uint8]
    """Before the delays: what the readings say at this moment (n)."""
    changed: npt.NDArray[np.intp]
    """Ascending: every position whose verdict, condition or detail may differ from the last evaluation, or that is to be
    renewed; all at the first."""
    renew: npt.NDArray[np.intp]
    """Ascending: TRUE and to be announced anew although it was TRUE before (a further blind point with a priority 1 or 2)."""
    look_up: Callable[[npt.NDArray[np.intp]], Evidence] = field(repr=False)
    """What the verdicts of some positions rest on."""
    details: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """Position -> names, of verdicts that carry a list, such as the blind points."""

    @classmethod
    def dense(
        cls,
        *,
        ids: tuple[str, ...],
        verdict: npt.NDArray[np.uint8],
        condition: npt.NDArray[np.uint8],
        evidence: Evidence,
        renew: npt.NDArray[np.intp] | None = None,
        details: Mapping[int, tuple[str, ...]] | None = None,
    ) -> Self:
        """Verdicts whose evidence (of all n) is at hand and of which any may have changed."""
        return cls(
            ids=ids,
            verdict=verdict,
            condition=condition,
            changed=np.arange(len(ids)),
            renew=np.zeros(0, np.intp) if renew is None else renew,
            look_up=evidence.at,
            details=details or {},
        )

    def __len__(self) -> int:
        return len(self.ids)

    def at(self, positions: npt.NDArray[np.intp]) -> Evidence:
        """What the verdicts of these positions rest on."""
        return self.look_up(positions)

    def evidence(self) -> Evidence:
        """What all verdicts rest on: as long as the plant is large, for tests and tools."""
        return self.look_up(np.arange(len(self.ids)))
