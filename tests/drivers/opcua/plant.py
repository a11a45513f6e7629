"""A real OPC UA server on loopback, and addresses on it."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from asyncua import ua
from asyncua.server.server import Server
from asyncua.server.user_managers import UserManager

from tests.drivers.opcua.address_space import use_template
from tests.patience import eventually as eventually
from tests.ports import free_port as free_port

URI = "urn:test:plc"


class SystemClock:
    def mono_ns(self) -> int:
        return time.monotonic_ns()

    def wall_ns(self) -> int:
        return time.time_ns()


@dataclass(frozen=True, kw_only=True)
class Tag:
    tag: str
    row: int
    address: str
    type: str = "float64"
    word_order: str = ""
    raw_low: float | None = None
    raw_high: float | None = None
    low: float = 0.0
    high: float = 100.0
    scan_period_ns: int = 50_000_000
    signal: str = ""


def tags(names: Iterable[str], *, period_s: float = 0.05, uri: str = URI, **more: Any) -> list[Tag]:
    return [
        Tag(tag=name, row=row, address=f"nsu={uri};s={name}", scan_period_ns=round(period_s * 1e9), **more)
        for row, name in enumerate(names)
    ]


class Plc:
    """An asyncua server whose nodes a test sets; entering listens."""

    def __init__(
        self, port: int | None = None, *, namespaces_before: tuple[str, ...] = (), users: UserManager | None = None
    ) -> None:
        self.port = port or free_port()
        self.endpoint = f"opc.tcp://127.0.0.1:{self.port}/plc"
        self._namespaces = (*namespaces_before, URI)
        self.server = Server(user_manager=users)
        use_template(self.server)
        self.nodes: dict[str, Any] = {}
        self.index = 0

    async def __aenter__(self) -> Self:
        await self.server.init()
        self.server.set_endpoint(self.endpoint)
        self.server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        for uri in self._namespaces:
            self.index = await self.server.register_namespace(uri)
        await self.server.start()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        ticking = self.server.iserver.time_task
        if ticking is not None:  # its end would be waited for up to a second
            ticking.cancel()
            await asyncio.wait([ticking])
            self.server.iserver.time_task = None
        await self.server.stop()
        for session in list(self.server.iserver._external_sessions.values()):  # they would outlive it by their timeout
            await session.close_session(True)

    async def add(self, name: str, value: object, variant: ua.VariantType = ua.VariantType.Double) -> None:
        node_id = ua.NodeId(name, self.index)  # type: ignore[arg-type]  # asyncua's own types are narrower
        self.nodes[name] = await self.server.nodes.objects.add_variable(
            node_id, ua.QualifiedName(name, self.index), ua.Variant(value, variant)
        )

    async def set(self, name: str, value: ua.DataValue) -> None:
        await self.server.write_attribute_value(self.nodes[name].nodeid, value)
