"""What one evaluation leaves for the next beside the memory: derived, never stored, and written to by the next one."""

from dataclasses import dataclass

from rules.bands import Bands
from rules.hold import HoldMemory
from rules.joint import JointBands
from rules.port import State
from rules.whole import WholeSeen


@dataclass(slots=True, kw_only=True, eq=False)
class Carried:
    """Of one rule set and its last snapshot; without it everything is judged anew and told as changed.

    It belongs to the memory that it was made with: `holds`, `states` and start; beside others it is not believed.  The
    next evaluation takes it and writes to its bands, so it is given out once.
    """

    start_mono_ns: int
    holds: HoldMemory
    states: tuple[State, ...]
    awaits: bool
    """Whether any rule waited for its inputs to be read good."""
    whole: WholeSeen
    bands: Bands
    joint: JointBands
    spent: bool = False
