"""The OPC UA device as a process: asyncua serves its nodes, the parent's frames fill them."""

import asyncio
import contextlib
import logging
import signal
import time
from collections import deque
from collections.abc import Sequence
from datetime import UTC
from multiprocessing.connection import Connection
from typing import Any, NoReturn

from asyncua import ua
from asyncua.common.node import Node
from asyncua.server.server import Server
from asyncua.ua.attribute_ids import AttributeIds

from simulators.plc.messages import Behave, Failed, Frame, Listening, ToServer, Written
from simulators.plc.points import OpcUaPoint, is_discrete
from simulators.plc.process import ChangeWatch, Inlet, tell

VARIANTS = {
    "bool": ua.VariantType.Boolean,
    "int16": ua.VariantType.Int16,
    "uint16": ua.VariantType.UInt16,
    "float": ua.VariantType.Float,
    "double": ua.VariantType.Double,
}
NANOSECONDS = 1_000_000_000


def _moment(wall_ns: int) -> ua.DateTime:
    return ua.DateTime.fromtimestamp(wall_ns / NANOSECONDS, UTC)


def _node_id(identifier: str, index: int) -> ua.NodeId:
    return ua.NodeId(ua.String(identifier), ua.Int16(index))


def _native(point: OpcUaPoint, value: float) -> bool | int | float:
    if point.variant == "bool":
        return bool(value)
    return value if point.variant in ("float", "double") else round(value)


class OpcUaTables:
    """The variables of the server.

    Values go straight into the address space: cheap, and a polling client sees them; who subscribed is told by `notify`.
    """

    def __init__(self, server: Server, points: Sequence[OpcUaPoint]) -> None:
        self._server = server
        self.points = tuple(points)
        self._attributes: list[Any] = []
        self._last: list[tuple[float, int | None] | None] = [None] * len(self.points)
        self._changed: list[ua.DateTime] = [_moment(0)] * len(self.points)
        self._untold: deque[tuple[Any, ua.DataValue]] = deque()
        self._wake = asyncio.Event()

    async def build(self, namespace: str) -> None:
        """Create folders and variables with the string node ids of the map."""
        index = await self._server.register_namespace(namespace)
        folders: dict[str, Node] = {"": self._server.nodes.objects}
        for point in self.points:
            parts = point.node.split(".")
            leaf = point.tag if point.node.endswith("." + point.tag) else parts[-1]
            path = point.node[: -len(leaf) - 1].split(".")
            parent = ""
            for name in path:
                child = f"{parent}.{name}" if parent else name
                if child not in folders:
                    folders[child] = await folders[parent].add_folder(_node_id(child, index), f"{index}:{name}")
                parent = child
            variant = VARIANTS[point.variant]
            node = await folders[parent].add_variable(
                _node_id(point.node, index), f"{index}:{leaf}", _native(point, 0.0), variant
            )
            data = self._server.iserver.aspace[node.nodeid]
            self._attributes.append(data.attributes[AttributeIds.Value])

    def write(self, frame: Frame) -> None:
        """Replace every value; analogs carry the moment of sampling, discretes the moment of their last change."""
        bad = dict(frame.bad)
        sampled = _moment(frame.sampled_wall_ns)
        now = _moment(time.time_ns())
        for place, point in enumerate(self.points):
            value, status = frame.values[place], bad.get(place)
            if self._last[place] != (value, status):
                self._last[place] = (value, status)
                self._changed[place] = now
            source = self._changed[place] if is_discrete(point) else sampled
            native = None if status is not None else _native(point, value)
            variant = ua.Variant() if native is None else ua.Variant(native, VARIANTS[point.variant])
            data = ua.DataValue(
                variant, ua.StatusCode(ua.UInt32(status or 0)), SourceTimestamp=source, ServerTimestamp=now
            )
            attribute = self._attributes[place]
            attribute.value = data
            if attribute.datachange_callbacks:
                self._untold.append((attribute, data))
        if self._untold:
            self._wake.set()

    async def notify(self) -> NoReturn:
        """Tell the subscriptions what changed, in order, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._untold:
                attribute, data = self._untold.popleft()
                for handle, callback in list(attribute.datachange_callbacks.items()):
                    with contextlib.suppress(KeyError):  # the subscription went meanwhile
                        await callback(handle, data)


async def _serve(pipe: "Connection[object, object]", device: str, points: Sequence[OpcUaPoint], namespace: str,
                 port: int) -> None:  # fmt: skip
    server = Server()
    await server.init()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{port}/redline/")
    server.set_server_name(f"Redline simulated {device}")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    tables = OpcUaTables(server, points)
    await tables.build(namespace)
    watch = ChangeWatch(points)

    def take(message: ToServer) -> None:
        if isinstance(message, Behave):
            return
        tables.write(message)
        changes = watch.changes(message)
        if changes:
            tell(pipe, Written(wall_ns=time.time_ns(), changes=changes))

    inlet = Inlet(pipe, take)
    await inlet.first_frame.wait()
    try:
        await server.start()
    except OSError as error:
        tell(pipe, Failed(reason=f"{device}: cannot listen on 127.0.0.1:{port}: {error}"))
        return
    tell(pipe, Listening(address=f"opc.tcp://127.0.0.1:{port}/redline/"))
    async with asyncio.TaskGroup() as tasks:
        notifying = tasks.create_task(tables.notify())
        await inlet.ended.wait()
        notifying.cancel()
    await server.stop()


def run(pipe: "Connection[object, object]", device: str, points: Sequence[OpcUaPoint], namespace: str,
        port: int) -> None:  # fmt: skip
    """Main function of the process; ends with the pipe."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)
    asyncio.run(_serve(pipe, device, points, namespace, port))
