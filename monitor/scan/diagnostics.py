"""What the service measures of itself while it runs; read by the API, judged by nobody."""

from dataclasses import dataclass, field

from monitor.clock import Clock
from monitor.scan.durations import Durations, Spread


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """The measurements of one running service; satisfies `monitor.api.ports.Diagnostics`."""

    clock: Clock
    lag: Durations = field(default_factory=Durations)
    scans: Durations = field(default_factory=Durations)
    intervals: Durations = field(default_factory=Durations)

    def loop_lag(self, window_ns: int) -> Spread:
        """By how much a sleep of the event loop overran lately."""
        return self.lag.spread(self.clock.mono_ns(), window_ns)

    def scan_duration(self, window_ns: int) -> Spread:
        """From draining the inbox to the published view, the commit included."""
        return self.scans.spread(self.clock.mono_ns(), window_ns)

    def scan_interval(self, window_ns: int) -> Spread:
        """Between the ends of two scans: how old what is shown may have been."""
        return self.intervals.spread(self.clock.mono_ns(), window_ns)
