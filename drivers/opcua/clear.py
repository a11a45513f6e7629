"""A whole answer and a whole request in one chunk each, on a channel without security: asyncua's checks without its objects.

Nothing is refused here.  What is not the one chunk that is due (part of an answer, a renewed token, a number out of its row,
an answer that nobody waits for, any channel that signs) goes to asyncua as it came, and asyncua judges it.
"""

import asyncio
import struct
from typing import Any, Final

from asyncua.client.ua_client import UASocketProtocol
from asyncua.common.utils import Buffer
from asyncua.crypto.security_policies import CryptographyNone

from drivers.opcua.buffers import BufferedConnection
from drivers.opcua.requests import EncodedRead

_HEAD: Final = struct.Struct("<4s5I")
"""Kind, size, channel, token, sequence number, request."""
_WHOLE: Final = b"MSGF"
_LAST_NUMBER: Final = 2**32 - 1


class ClearConnection(BufferedConnection):
    """The numbers and limits of asyncua's channel, for chunks that need nothing else of it."""

    def counts(self, size: int, channel: int, token: int, sequence: int) -> bool:
        """Count the next chunk of `size` bytes, if it passes all that asyncua checks of a whole answer; else do nothing."""
        number = self._peer_sequence_number
        if (
            number is None
            or sequence != number + 1
            or token != self.security_token.TokenId
            or channel != self.security_token.ChannelId
            or self._incoming_parts
            or size > self._limits.max_recv_buffer
            or not self._limits.is_msg_size_within_limit(size - _HEAD.size)
            or type(self.security_policy.symmetric_cryptography) is not CryptographyNone
        ):
            return False
        self._peer_sequence_number = sequence
        return True

    def head_of(self, size: int, request: int) -> bytes | None:
        """What stands before a request of `size` bytes, which is counted; None where it is not one clear chunk."""
        limits = self._limits
        if (
            size > limits.max_send_buffer - _HEAD.size
            or 0 < limits.request_size < size
            or self._sequence_number >= _LAST_NUMBER
            or type(self.security_policy.symmetric_cryptography) is not CryptographyNone
        ):
            return None
        self._sequence_number += 1
        token = self.security_token
        return _HEAD.pack(_WHOLE, _HEAD.size + size, token.ChannelId, token.TokenId, self._sequence_number, request)


class ClearProtocol(UASocketProtocol):
    """asyncua's connection, quick with whole answers and with Reads that are encoded already."""

    _connection: ClearConnection

    def data_received(self, data: bytes) -> None:
        """Take what came: whole answers at once, the rest by asyncua."""
        if self.receive_buffer:
            data = self.receive_buffer + data
            self.receive_buffer = None
        position = 0
        while size := self._take_answer(data, position):
            position += size
        if position < len(data):
            self._process_received_data(data[position:] if position else data)

    def post(self, request: EncodedRead) -> asyncio.Future[Any]:
        """Number a Read, take over a renewed token, note who waits and send it; the body of the answer to come.

        It is what asyncua does with a request, but for its encoding.

        :raises ConnectionError: there is no connection.
        :raises UaStatusCodeError: it is too large for the server.
        """
        if self.transport is None:
            raise ConnectionError("Connection is not open")
        begin, rest = request.stamped(self.authentication_token, self._request_handle + 1)
        self.revolve_security_token()
        number = self._request_id + 1
        head = self._connection.head_of(len(begin) + len(rest), number)
        if head is not None:
            message = [head + begin, rest]
        else:
            message = [self._connection.message_to_binary(begin + rest, request_id=number)]
        self._request_handle += 1
        self._request_id = number
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._callbackmap[number] = future
        self.transport.writelines(message)
        return future

    def _take_answer(self, data: bytes, position: int) -> int:
        """Give the answer at `position` to whoever waits for it; its size with its head, 0 where asyncua has to look."""
        if len(data) - position < _HEAD.size:
            return 0
        kind, size, channel, token, sequence, request = _HEAD.unpack_from(data, position)
        end = position + size
        if kind != _WHOLE or size < _HEAD.size or end > len(data):
            return 0
        waiting = self._callbackmap.get(request)
        if waiting is None or waiting.done() or not self._connection.counts(size, channel, token, sequence):
            return 0
        del self._callbackmap[request]
        waiting.set_result(Buffer(data[position + _HEAD.size : end]))
        return int(size)
