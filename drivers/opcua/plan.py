"""Addresses of tags to what is read together: one scan class after the other, each with its nodes and its scaling."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Self
from uuid import UUID

import numpy as np
import numpy.typing as npt

from drivers.ne43 import Bands
from drivers.objections import WrongValueError
from drivers.port import Address

_NODE_ADDRESS: Final = re.compile(
    r"(?:nsu=(?P<uri>[^;]+);|ns=(?P<index>[0-9]+);)?(?P<kind>[isgb])=(?P<id>.+)", re.DOTALL
)
_UNSCALED: Final = (0.0, 1.0, 0.0, 1.0)
_FORMS: Final = "nsu=<namespace uri>;s=<identifier>, ns=<index>;s=<identifier>, i=<number>"


@dataclass(frozen=True, slots=True)
class NodeAddress:
    """A node as the plant folder names it; with a URI its namespace index is found at every session."""

    namespace_uri: str | None
    namespace_index: int
    """Where no URI is given."""
    kind: str
    """`i` number, `s` string, `g` GUID, `b` base64."""
    identifier: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScanClass:
    """Nodes that are read with one period; the columns have one element for each node."""

    period_ns: int
    nodes: tuple[NodeAddress, ...]
    row: npt.NDArray[np.int32]
    discrete: npt.NDArray[np.bool_]
    scale: npt.NDArray[np.float64]
    """4 rows: raw low, raw span, low, span in engineering units; (0, 1, 0, 1) where the server speaks engineering units."""
    scaled: bool
    """Some node has a raw range."""
    span: npt.NDArray[np.float64]
    """Width of the range of each node in what the server sends."""
    bands: Bands

    def part(self, places: npt.NDArray[np.intp]) -> Self:
        """Some of these nodes, by their places."""
        return replace(
            self,
            nodes=tuple(self.nodes[place] for place in places.tolist()),
            row=self.row[places],
            discrete=self.discrete[places],
            scale=self.scale[:, places],
            span=self.span[places],
            bands=self.bands.part(places),
        )

    def to_eu(self, raw: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Turn raw values into engineering units, exact at both ends of the range."""
        raw_low, raw_span, low, span = self.scale
        scaled: npt.NDArray[np.float64] = (raw - raw_low) / raw_span * span + low
        return scaled


def parse_node_address(text: str) -> NodeAddress:
    """Read a NodeId in text form.

    :raises WrongValueError: it is none, in words.
    """
    match = _NODE_ADDRESS.fullmatch(text.strip())
    if match is None:
        raise WrongValueError(f"{text!r} 不是节点；应写成 {_FORMS}", f"{text!r} is not a node; write one of {_FORMS}")
    kind, identifier = match["kind"], match["id"]
    if kind == "i" and not (identifier.isascii() and identifier.isdigit() and int(identifier) < 2**32):
        zh = f"{text!r}：i= 后应为 0 到 4294967295 的整数"
        raise WrongValueError(zh, f"{text!r}: i= takes a whole number from 0 to 4294967295")
    if kind == "g":
        _check_guid(text, identifier)
    if kind == "b" and (len(identifier) % 4 or re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", identifier) is None):
        raise WrongValueError(f"{text!r}：b= 后应为 base64", f"{text!r}: b= takes base64")
    index = int(match["index"] or 0)
    if index >= 2**16:
        raise WrongValueError(f"{text!r}：命名空间索引最大为 65535", f"{text!r}: a namespace index is at most 65535")
    return NodeAddress(match["uri"], index, kind, identifier)


def plan(addresses: Sequence[Address]) -> tuple[ScanClass, ...]:
    """Group addresses by scan class period, the fastest first, in their order.

    :raises WrongValueError: an address is no node, in words.
    """
    periods = sorted({address.scan_period_ns for address in addresses})
    return tuple(
        _scan_class(period, [address for address in addresses if address.scan_period_ns == period])
        for period in periods
    )


def joined(scan_classes: Sequence[ScanClass]) -> ScanClass:
    """All nodes of one device behind each other; the period is that of the quickest."""
    return ScanClass(
        period_ns=min((each.period_ns for each in scan_classes), default=0),
        nodes=tuple(node for each in scan_classes for node in each.nodes),
        row=np.concatenate([np.empty(0, np.int32), *(each.row for each in scan_classes)]),
        discrete=np.concatenate([np.empty(0, np.bool_), *(each.discrete for each in scan_classes)]),
        scale=np.concatenate([np.empty((4, 0)), *(each.scale for each in scan_classes)], axis=1),
        scaled=any(each.scaled for each in scan_classes),
        span=np.concatenate([np.empty(0), *(each.span for each in scan_classes)]),
        bands=Bands.joined([each.bands for each in scan_classes]),
    )


def chunks(count: int, size: int) -> Iterator[slice]:
    """Cut `count` nodes into slices of at most `size`, as even as they come."""
    pieces = -(-count // size)
    for piece in range(pieces):
        yield slice(piece * count // pieces, (piece + 1) * count // pieces)


def _scan_class(period_ns: int, addresses: Sequence[Address]) -> ScanClass:
    scales = [_scale(address) for address in addresses]
    return ScanClass(
        period_ns=period_ns,
        nodes=tuple(parse_node_address(address.address) for address in addresses),
        row=np.array([address.row for address in addresses], np.int32),
        discrete=np.array([address.type == "bool" for address in addresses], np.bool_),
        scale=np.array(scales, np.float64).T,
        scaled=any(scale != _UNSCALED for scale in scales),
        span=np.array(
            [
                abs(address.high - address.low if scale == _UNSCALED else scale[1])
                for address, scale in zip(addresses, scales, strict=True)
            ],
            np.float64,
        ),
        bands=Bands.of(addresses),
    )


def _scale(address: Address) -> tuple[float, float, float, float]:
    """Raw low, raw span, low and span of the line through (raw_low, low) and (raw_high, high)."""
    if (
        address.type == "bool"
        or address.raw_low is None
        or address.raw_high is None
        or address.raw_low == address.raw_high
    ):
        return _UNSCALED
    return address.raw_low, address.raw_high - address.raw_low, address.low, address.high - address.low


def _check_guid(text: str, identifier: str) -> None:
    try:
        UUID(identifier)
    except ValueError:
        example = "09087e75-8e5e-499b-954f-f2a9603db28a"
        zh = f"{text!r}：g= 后应为 GUID，如 {example}"
        raise WrongValueError(zh, f"{text!r}: g= takes a GUID such as {example}") from None
