"""The safety instrumented system: each function trips on demand unless bypassed, latches, and is reset by hand."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple


class Step(NamedTuple):
    """What decides the next state of one function."""

    tripped: bool
    demand: bool
    bypassed: bool
    reset: bool


NEXT_TRIPPED: Final[dict[Step, bool]] = {
    Step(tripped=False, demand=False, bypassed=False, reset=False): False,
    Step(tripped=False, demand=False, bypassed=False, reset=True): False,
    Step(tripped=False, demand=False, bypassed=True, reset=False): False,
    Step(tripped=False, demand=False, bypassed=True, reset=True): False,
    Step(tripped=False, demand=True, bypassed=False, reset=False): True,
    Step(tripped=False, demand=True, bypassed=False, reset=True): True,
    Step(tripped=False, demand=True, bypassed=True, reset=False): False,
    Step(tripped=False, demand=True, bypassed=True, reset=True): False,
    # once tripped it stays until somebody resets it, and no reset is taken while an unbypassed demand stands
    Step(tripped=True, demand=False, bypassed=False, reset=False): True,
    Step(tripped=True, demand=False, bypassed=False, reset=True): False,
    Step(tripped=True, demand=False, bypassed=True, reset=False): True,
    Step(tripped=True, demand=False, bypassed=True, reset=True): False,
    Step(tripped=True, demand=True, bypassed=False, reset=False): True,
    Step(tripped=True, demand=True, bypassed=False, reset=True): True,
    Step(tripped=True, demand=True, bypassed=True, reset=False): True,
    Step(tripped=True, demand=True, bypassed=True, reset=True): False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyFunction:
    """One interlock: its demand inputs are true when abnormal; valves it closes, pumps it stops."""

    name: str
    demands: tuple[str, ...]
    bypass: str
    bypassed_when: bool
    closes_inlets: tuple[int, ...] = ()
    closes_outlets: tuple[int, ...] = ()
    stops_pumps: tuple[int, ...] = ()


class SafetySystem:
    """All functions with their trip latches, and the relays that somebody broke."""

    __slots__ = ("functions", "hung", "tripped")

    def __init__(self, functions: tuple[SafetyFunction, ...]) -> None:
        self.functions = functions
        self.tripped: dict[str, bool] = {function.name: False for function in functions}
        self.hung: set[str] = set()
        """Functions whose relay is welded: they never trip."""

    def step(self, demands: Mapping[str, bool], switches: Mapping[str, bool], resets: frozenset[str]) -> None:
        """Judge every function once; `switches` holds the bypass switches as they stand."""
        for function in self.functions:
            self.tripped[function.name] = NEXT_TRIPPED[
                Step(
                    tripped=self.tripped[function.name],
                    demand=any(demands[demand] for demand in function.demands),
                    bypassed=switches[function.bypass] == function.bypassed_when,
                    reset=function.name in resets,
                )
            ]

            if function.name in self.hung:
                self.tripped[function.name] = False

    def inlets_closed(self) -> frozenset[int]:
        """Tanks whose inlet a tripped function holds closed."""
        return frozenset(n for item in self.functions if self.tripped[item.name] for n in item.closes_inlets)

    def outlets_closed(self) -> frozenset[int]:
        """Tanks whose outlet a tripped function holds closed."""
        return frozenset(n for item in self.functions if self.tripped[item.name] for n in item.closes_outlets)

    def pumps_stopped(self) -> frozenset[int]:
        """Tanks whose pump a tripped function holds stopped."""
        return frozenset(n for item in self.functions if self.tripped[item.name] for n in item.stops_pumps)
