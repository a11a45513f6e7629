"""A machine on which one service after the other watches two interlocks: it dies, time passes, it begins again."""

from dataclasses import replace

from monitor.interlocks.axes import Action
from monitor.interlocks.register import Cause, Effect, Interlock, Register
from monitor.interlocks.state import InterlockState
from monitor.interlocks.stored import Instant, StoredInterlock
from monitor.interlocks.watch import InterlockWatch, Watched
from tests.monitor.interlocks.register import interlock
from tests.rules.plants import SECOND, START_WALL_NS, snapshot, table, tag

TAGS = [tag(name, discrete=True, normal_state=0) for name in ("LS-1", "BP-1", "TR-1", "XV-1", "LS-2", "TR-2")]
PLANT = table(*TAGS)
ONE = interlock("SIS-1", outputs=[Effect(tag="XV-1", acted_when=1, within_s=10.0)])
OTHER = interlock("SIS-2", inputs=[Cause(tag="LS-2", sense="state", trip_point=1.0)], trip_tag="TR-2")
BOOT, GRACE_S, HOUR_S = "b-1", 15.0, 3600.0
STALE = 3


class Machine:
    """A machine that runs one watch after the other; it may be started again, and its wall clock be set."""

    def __init__(self, *interlocks: Interlock) -> None:
        self.mono_ns, self.wall_ns, self.boot = 1_000 * SECOND, START_WALL_NS, BOOT
        self.disk: dict[str, StoredInterlock] = {}
        self.readings: dict[str, tuple[float, int]] = dict.fromkeys(PLANT.ids, (0.0, 0))
        self.unread: set[str] = set()
        self.start(*interlocks)

    def start(self, *interlocks: Interlock) -> None:
        self.watch = InterlockWatch(Register(interlocks=interlocks or (ONE, OTHER)), PLANT)
        rows = sorted(self.disk.values(), key=lambda row: row.id)
        self.left_out = [
            each.interlock for each in self.watch.restore(rows, self.now, self.mono_ns + round(GRACE_S * SECOND))
        ]

    @property
    def now(self) -> Instant:
        return Instant(self.mono_ns, self.wall_ns, self.boot)

    def pass_s(self, seconds: float, wall_s: float | None = None) -> None:
        self.mono_ns += round(seconds * SECOND)
        self.wall_ns += round((seconds if wall_s is None else wall_s) * SECOND)

    def see(self, seconds: float = 1.0, **changed: float) -> Watched:
        """One scan, and what it leaves on disk."""
        self.pass_s(seconds)
        self.readings |= {name.replace("_", "-"): (value, 0) for name, value in changed.items()}
        known = {name: reading for name, reading in self.readings.items() if name not in self.unread}
        found = self.watch.watch(replace(snapshot(PLANT, self.mono_ns, known), wall_ns=self.wall_ns))
        for row in self.watch.changed(self.now):
            if row.body is None:
                del self.disk[row.id]
            else:
                self.disk[row.id] = row
        return found

    def restart(self, down_s: float, *interlocks: Interlock, step_s: float = 0.0, reboot: bool = False) -> None:
        """The service dies, time passes, it begins again with nothing read."""
        self.pass_s(down_s, down_s + step_s)
        if reboot:
            self.boot, self.mono_ns = f"{self.boot}+", 30 * SECOND
        self.unread = set(PLANT.ids)
        self.start(*interlocks)

    def first(self, found: Watched) -> InterlockState:
        return found.states[0]


def demanded(*interlocks: Interlock, after_s: float = 8.0) -> Machine:
    """Calm, then demanded for so long without any answer."""
    machine = Machine(*interlocks)
    machine.see()
    machine.see(LS_1=1.0)
    machine.pass_s(after_s)
    return machine


def read_all(machine: Machine) -> None:
    machine.unread = set()


def fails_after_s(machine: Machine) -> float:
    """Until it has failed to trip, looked at ten times a second."""
    for tenth in range(400):
        if machine.first(machine.see(0.1)).action is Action.FAILED_TO_TRIP:
            return (tenth + 1) / 10
    raise AssertionError("it never failed")
