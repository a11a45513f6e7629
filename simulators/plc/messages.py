"""What the parent and its server processes say to each other over their pipe."""

from dataclasses import dataclass
from typing import Literal

Behaviour = Literal["normal", "exception", "garbage", "silence"]
"""How a Modbus server answers: rightly, with exception 6 (busy), with bytes that are no frame, not at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Values of all points of one device, in the order of its map, sampled at one moment."""

    sampled_wall_ns: int
    values: tuple[float, ...]
    bad: tuple[tuple[int, int], ...] = ()
    """(position, OPC UA status code) of points served with a bad status; Modbus shows an analog one as a broken wire, and
    refuses the address of a bit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behave:
    """Answer in this way from now on."""

    behaviour: Behaviour


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """The server has its first values and takes connections."""

    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The server cannot listen."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Discretes that changed in the served tables, and when that write was done."""

    wall_ns: int
    changes: tuple[tuple[str, float], ...]


ToServer = Frame | Behave
FromServer = Listening | Failed | Written
