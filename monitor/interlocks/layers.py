"""Protection layers: how many independent ones a tank or unit really has now, and whether that is enough.  Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from monitor.interlocks.axes import Service
from monitor.interlocks.register import Layer, Protection
from rules.verdicts import Verdict

AVAILABLE: Final = frozenset({Service.IN_SERVICE})
"""An interlock is a layer only while it is in service; unknown is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerState:
    """One layer now."""

    id: str
    available: bool
    missing: tuple[str, ...]
    """What of it is out: alarms, interlocks, tags."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionState:
    """One tank or unit now."""

    id: str
    available: int
    required: int
    transfer: Verdict
    """Whether a transfer runs; UNKNOWN is taken as running."""
    short: Verdict
    """TRUE: fewer layers than required while a transfer runs or may run."""
    layers: tuple[LayerState, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """What is out in all its layers."""
        return tuple(name for layer in self.layers for name in layer.missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What one scan knows of the parts of layers."""

    service: Mapping[str, Service]
    """Of the interlocks that layers name."""
    alarm_works: Callable[[str], bool]
    """An alarm is neither blind nor suppressed."""
    is_sound: Callable[[str], bool]
    """An alarm that tells a fault is readable and not TRUE."""
    is_readable: Callable[[str], bool]
    """A tag."""


def judge_layers(
    protections: Sequence[Protection], transfer: Mapping[str, Verdict], sight: Sight
) -> tuple[ProtectionState, ...]:
    """The state of every protection; `transfer` by protection id (one that names no condition always needs its layers)."""
    return tuple(_judge(item, transfer.get(item.id, Verdict.TRUE), sight) for item in protections)


def _judge(protection: Protection, transfer: Verdict, sight: Sight) -> ProtectionState:
    layers = tuple(_layer(layer, sight) for layer in protection.layers)
    available = sum(layer.available for layer in layers)
    is_short = available < protection.required and transfer is not Verdict.FALSE
    return ProtectionState(
        id=protection.id,
        available=available,
        required=protection.required,
        transfer=transfer,
        short=Verdict.TRUE if is_short else Verdict.FALSE,
        layers=layers,
    )


def _layer(layer: Layer, sight: Sight) -> LayerState:
    missing = (
        *(alarm for alarm in layer.alarms if not sight.alarm_works(alarm)),
        *(interlock for interlock in layer.interlocks if sight.service.get(interlock) not in AVAILABLE),
        *(tag for tag in layer.tags if not sight.is_readable(tag)),
        *(fault for fault in layer.faults if not sight.is_sound(fault)),
    )
    return LayerState(id=layer.id, available=not missing, missing=missing)
