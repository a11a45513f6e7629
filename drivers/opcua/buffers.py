"""What client and server may send each other in one chunk and one message: the Acknowledge as OPC 10000-6, 7.1.2.4 means it.

asyncua 2.1.0 takes the server's receive buffer for its own and holds the limits for requests against the answers: a server
with small buffers is cut off by its own answer.
"""

from dataclasses import dataclass
from typing import Any, Final

from asyncua import ua
from asyncua.common.connection import MessageChunk, SecureConnection, TransportLimits
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import UaStatusCodeError

LARGEST_ANSWER: Final = 64 * 1024 * 1024
"""Bytes of one answer with all its chunks: ten thousand values with long texts; more is no answer but an attack."""
_CHUNK: Final = 65_535
_SMALLEST_CHUNK: Final = 8_192
"""By the standard no buffer is smaller; one that says so would leave no room for a body."""


@dataclass
class Buffers(TransportLimits):
    """The limits of one connection; those of asyncua are for what we receive, and `max_send_buffer` for what we send."""

    max_recv_buffer: int = _CHUNK
    max_send_buffer: int = _CHUNK
    max_chunk_count: int = 0
    max_message_size: int = LARGEST_ANSWER
    request_size: int = 0
    """Bytes that the server takes in one request; 0: as many as we like."""
    request_chunks: int = 0

    def update_client_limits(self, msg: ua.Acknowledge) -> None:
        """Take over what the server says of its buffers."""
        self.max_recv_buffer = min(LARGEST_ANSWER, max(_CHUNK, msg.SendBufferSize))
        if msg.ReceiveBufferSize:
            self.max_send_buffer = min(_CHUNK, max(_SMALLEST_CHUNK, msg.ReceiveBufferSize))
        self.request_size = msg.MaxMessageSize
        self.request_chunks = msg.MaxChunkCount


class BufferedConnection(SecureConnection):
    """asyncua's channel, refusing a request that the server would refuse by closing the connection.

    It also tells which answer the server gave up: asyncua drops it, and whoever waits for it would wait for ever.
    """

    _limits: Buffers
    given_up: tuple[int, int] | None = None
    """Request and StatusCode of the answer that was aborted last."""

    def _receive(self, msg: MessageChunk) -> Any:
        message = super()._receive(msg)
        if message is None and msg.MessageHeader.ChunkType == ua.ChunkType.Abort:  # type: ignore[comparison-overlap]  # asyncua types its bytes as an enumeration
            self.given_up = msg.SequenceHeader.RequestId, int.from_bytes(msg.Body[:4], "little")
        return message

    def message_to_binary(
        self, message: bytes, message_type: Any = ua.MessageType.SecureMessage, request_id: int = 0
    ) -> bytes:
        """Encode, sign and encrypt one request.

        :raises UaStatusCodeError: BadRequestTooLarge, as the server would say it: ask for less.
        """
        if message_type == ua.MessageType.SecureMessage and self._is_too_large(len(message)):
            raise UaStatusCodeError(StatusCodes.BadRequestTooLarge)  # type: ignore[no-untyped-call]  # asyncua has no type there
        encoded: bytes = super().message_to_binary(message, message_type, request_id)
        return encoded

    def _is_too_large(self, size: int) -> bool:
        limits = self._limits
        if 0 < limits.request_size < size:
            return True
        if not limits.request_chunks:
            return False
        room = MessageChunk.max_body_size(self.security_policy.symmetric_cryptography, limits.max_send_buffer)
        return -(-size // room) > limits.request_chunks
