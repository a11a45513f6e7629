"""One unit alone on its line: what the tests of the transport read."""

from collections.abc import Sequence
from typing import Any

import pytest

from drivers.errors import LinkLostError
from drivers.modbus.line import Line
from drivers.modbus.settings import ModbusSettings
from drivers.modbus.wire import Answer, ReadFunction, ReadRequest, Request
from tests.drivers.modbus.device import Device
from tests.drivers.modbus.peer import Peer

REQUESTS = [
    ReadRequest(7, ReadFunction.READ_HOLDING_REGISTERS, 100, 5),
    ReadRequest(7, ReadFunction.READ_INPUT_REGISTERS, 0, 125),
    ReadRequest(7, ReadFunction.READ_COILS, 3, 21),
    ReadRequest(7, ReadFunction.READ_DISCRETE_INPUTS, 0, 2000),
]


EXPECTED = [
    Device().read(table, request.start, request.count)
    for table, request in zip(("hr", "ir", "co", "di"), REQUESTS, strict=True)
]


class Alone:
    """A line with one user and one timeout."""

    def __init__(self, line: Line, timeout_s: float) -> None:
        self.line = line
        self.timeout_s = timeout_s
        self.idle = line.idle
        self.close = line.close

    async def read(self, requests: Sequence[Request], for_s: float = float("inf")) -> list[Answer]:
        return await self.line.read(requests, self.timeout_s, for_s)


async def connected(peer: Peer, timeout_s: float = 5.0, **settings: Any) -> Alone:
    line = Line(ModbusSettings(host="127.0.0.1", port=peer.port, **settings).line)
    await line.open(REQUESTS[0], timeout_s)
    return Alone(line, timeout_s)


async def lost(transport: Alone) -> None:
    """The connection is over: it neither reads nor idles."""
    with pytest.raises(LinkLostError):
        await transport.read(REQUESTS[:1])
    with pytest.raises(LinkLostError):
        await transport.idle(0.0)
    await transport.close()
