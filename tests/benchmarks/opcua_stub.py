"""`python -m tests.benchmarks.opcua_stub PORT [FOLDER]`: an OPC UA server that answers from ready-made bytes, for the benchmark.

asyncua's server does channel, security and session; Reads of namespace 2 are answered with bytes made at the first such
request, changes are published from ready-made bytes too: a client that measures itself against it meets its own limit.
FOLDER has `server.der` and `server.pem` for Basic256Sha256; without it the channel is clear.  A line `RATE` on standard input
makes it publish so many changes a second, 1000 a message, 0 none.
"""

import asyncio
import json
import logging
import struct
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.server.binary_server_asyncio import OPCUAProtocol
from asyncua.server.server import Server
from asyncua.server.uaprocessor import UaProcessor
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.ua_binary import nodeid_to_binary, struct_from_binary

from tests.drivers.opcua.encoding import Item, publish_body, read_body

NAMESPACE: Final = 2
UNIFORM: Final = range(1, 11_001)
"""Numbers of the nodes with one layout each: 10,000 Double, then 1000 Boolean, all with both times."""
BOOLEANS: Final = range(10_001, 11_001)
MIXED: Final = range(20_001, 31_001)
"""Double, Boolean, Int32 and Float in turn; one in a hundred Bad and without a value."""
CHANGES: Final = 1000
"""In one message."""
_READ: Final = ua.NodeId(ua.Int32(ObjectIds.ReadRequest_Encoding_DefaultBinary))
_PUBLISH: Final = ua.NodeId(ua.Int32(ObjectIds.PublishRequest_Encoding_DefaultBinary))
_MONITOR: Final = ua.NodeId(ua.Int32(ObjectIds.CreateMonitoredItemsRequest_Encoding_DefaultBinary))
_EPOCH: Final = 116_444_736_000_000_000
HANDLE_BEFORE: Final = 19
"""Bytes from a request's number to its parameters, without an audit entry."""


def item(number: int) -> Item:
    """The DataValue of a node."""
    now = time.time_ns() // 100 + _EPOCH
    if number in MIXED and number % 100 == 7:
        return Item(11, None, 0x808C0000, now, None, now, None)
    variant = 1 if number in BOOLEANS else 11
    if number in MIXED:
        variant = (11, 1, 6, 10)[number % 4]
    return Item(variant, number % 2 if variant == 1 else number, None, now, None, now, None)


@dataclass
class Publishing:
    """Who waits for a publication, and what is published."""

    handles: list[int] = field(default_factory=list)
    waiting: deque[tuple[UaProcessor, Any, int]] = field(default_factory=deque)
    subscription: int = 0
    sequence: int = 0
    sent: int = 0
    bodies: dict[int, bytes] = field(default_factory=dict)
    """By the first handle."""
    at_rest: asyncio.Event = field(default_factory=asyncio.Event)
    """Nothing is published, and nothing of the last subscription is left."""

    def send(self) -> bool:
        """Answer one waiting request with the next changes; False when none waits."""
        if not self.waiting or len(self.handles) < CHANGES:
            return False
        processor, sequence_header, request = self.waiting.popleft()
        self.sequence += 1
        first = self.sent % len(self.handles)
        if first not in self.bodies:
            handles = self.handles[first : first + CHANGES]
            self.bodies[first] = publish_body(
                [[(handle, item(1).encode()) for handle in handles]], available=(1,), acknowledged=()
            )
        self.sent += CHANGES
        body = bytearray(self.bodies[first])
        struct.pack_into("<I", body, 28, self.subscription)
        struct.pack_into("<I", body, 41, self.sequence)
        answer(processor, sequence_header, request, body)
        return True


def answer(processor: UaProcessor, sequence_header: Any, request: int, body: bytes | bytearray) -> None:
    """Send a ready-made body with the number of its request."""
    stamped = bytearray(body)
    struct.pack_into("<qI", stamped, 4, time.time_ns() // 100 + _EPOCH, request)
    message = processor._connection.message_to_binary(bytes(stamped), request_id=sequence_header.RequestId)
    assert processor._transport is not None
    processor._transport.write(message)


def take_over(publishing: Publishing) -> None:
    """Put ready-made answers before asyncua's."""
    processor: Any = UaProcessor
    original = processor._process_message
    answers: dict[bytes, bytes] = {}

    def read(parameters: bytes) -> bytes:
        if parameters not in answers:
            wanted = struct_from_binary(ua.ReadParameters, Buffer(parameters)).NodesToRead
            answers[parameters] = read_body([item(each.NodeId.Identifier).encode() for each in wanted])
        return answers[parameters]

    async def process(self: Any, kind: Any, request: Any, sequence: Any, body: Any) -> Any:
        if kind == _READ and is_ours(bytes(body)):
            answer(self, sequence, request.RequestHandle, read(bytes(body)))
            if self._connection.security_policy.Mode == ua.MessageSecurityMode.None_:
                token = len(nodeid_to_binary(request.AuthenticationToken))
                lengths[24 + 4 + token + 8 + HANDLE_BEFORE + len(body)] = len(body)
            return True
        if kind == _PUBLISH:
            publishing.waiting.append((self, sequence, request.RequestHandle))
            return True
        if kind == _MONITOR:
            monitor(
                self, sequence, request, struct_from_binary(ua.CreateMonitoredItemsParameters, body.copy()), publishing
            )
            return True
        return await original(self, kind, request, sequence, body)

    processor._process_message = process
    protocol: Any = OPCUAProtocol
    slowly = protocol.data_received
    lengths: dict[int, int] = {}

    def data_received(self: Any, data: bytes) -> None:
        """Answer a Read that is known on the spot: the client shall not sleep meanwhile, that costs it the caches."""
        known = lengths.get(len(data)) if not self._buffer and data[:4] == b"MSGF" else None
        parameters = data[-known:] if known else b""
        if known and parameters in answers and self.messages.empty():
            shortcut(self, data, answers[parameters], len(data) - known - HANDLE_BEFORE)
        else:
            slowly(self, data)

    protocol.data_received = data_received


def shortcut(protocol: Any, data: bytes, body: bytes, handle_at: int) -> None:
    """Send a ready-made body over a clear channel, all numbers as asyncua's server would write them."""
    connection = protocol.processor._connection
    connection._peer_sequence_number, request = struct.unpack_from("<II", data, 16)
    connection._sequence_number += 1
    frame = bytearray(24 + len(body))
    token = connection.security_token
    head = (b"MSGF", len(frame), token.ChannelId, token.TokenId, connection._sequence_number, request)
    struct.pack_into("<4s5I", frame, 0, *head)
    frame[24:] = body
    frame[28:40] = struct.pack("<q", time.time_ns() // 100 + _EPOCH) + data[handle_at : handle_at + 4]
    protocol.transport.write(frame)


def is_ours(parameters: bytes) -> bool:
    """Tell whether the first node that a Read asks for is of our namespace, in one of its two numeric forms."""
    kind = parameters[16]
    return (kind == 1 and parameters[17] == NAMESPACE) or (kind == 2 and parameters[17] == NAMESPACE)


def monitor(self: Any, sequence: Any, request: Any, parameters: Any, publishing: Publishing) -> None:
    """Say yes to every monitored item and keep its ClientHandle."""
    publishing.subscription = parameters.SubscriptionId
    response = ua.CreateMonitoredItemsResponse()
    for each in parameters.ItemsToCreate:
        publishing.handles.append(each.RequestedParameters.ClientHandle)
        result = ua.MonitoredItemCreateResult(MonitoredItemId=ua.UInt32(len(publishing.handles)))
        result.FilterResult = ua.ExtensionObject()
        response.Results.append(result)
    self.send_response(request.RequestHandle, sequence, response)


async def publish(publishing: Publishing, rate: list[int]) -> None:
    """Publish at the rate that was told last."""
    due = time.monotonic()
    while True:
        if rate[0] == 0:
            publishing.handles.clear()
            publishing.waiting.clear()
            publishing.bodies.clear()
            publishing.sequence = publishing.sent = 0
            publishing.at_rest.set()
            while rate[0] == 0:
                await asyncio.sleep(0.01)
            due = time.monotonic()
        due += CHANGES / rate[0]
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        if not publishing.send():
            due = time.monotonic()


async def serve(port: int, folder: Path | None) -> None:
    """Serve until standard input ends."""
    logging.disable(logging.CRITICAL)
    publishing, rate = Publishing(), [0]
    take_over(publishing)
    server = Server()
    await server.init()
    server.set_endpoint(f"opc.tcp://127.0.0.1:{port}/stub")
    if folder is None:
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    else:
        server.set_security_policy([ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt])
        await server.set_application_uri("urn:test:server")
        await server.load_certificate(folder / "server.der")
        await server.load_private_key(folder / "server.pem")
    await server.register_namespace("urn:stub")
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    async with server, asyncio.TaskGroup() as tasks:
        print(json.dumps({"listening": port}), flush=True)
        publisher = tasks.create_task(publish(publishing, rate))
        while line := await orders.readline():
            rate[0] = int(line)
            if rate[0]:
                publishing.at_rest.clear()
            else:  # a message that is under way must not meet the next subscription
                await publishing.at_rest.wait()
            print(json.dumps({"rate": rate[0]}), flush=True)
        publisher.cancel()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None))
