"""Bulk decoding that has proven itself: the first real answer of a session is decoded both ways.

Were the layout on the wire not what we think, wrong values would look right; where the two ways differ, asyncua decodes for
the rest of the session, and `slow_because` says so.
"""

import logging
from dataclasses import replace

import numpy as np

from drivers.opcua import answers, publish, reference, wire
from drivers.opcua.decoder import Decoder
from drivers.opcua.publish import Publication
from drivers.opcua.stack import service_error

logger = logging.getLogger(__name__)


class ProvenDecoding:
    """Decodes the answers of one session."""

    def __init__(self, name: str) -> None:
        """`name` is the server's, for the log."""
        self._name = name
        self._proven: set[str] = set()
        self.slow_because = ""
        """Why answers are decoded element by element for the rest of this session; empty when they are not."""

    def read(self, body: bytes, count: int, decoder: Decoder) -> wire.Columns:
        """Decode the body of a ReadResponse to `count` nodes.

        :raises UaStatusCodeError: the server refused the whole Read.
        :raises BadFrameError: it is damaged, or answers another number of nodes.
        :raises UndecodableError: a value in it cannot be decoded; ask for fewer at a time to find out which.
        """
        try:
            if self.slow_because:
                return reference.decode_read(body, count)
            columns = answers.decode(body, count, decoder)
        except wire.ServiceRefusedError as error:
            raise service_error(error.status) from error
        if decoder.how in self._proven:
            return columns
        slow = reference.decode_read(body, count)
        return columns if self._prove(decoder.how, wire.agree(columns, slow)) else slow

    def publish(self, body: bytes, decoder: Decoder) -> Publication:
        """Decode the body of a PublishResponse; `decoder` is made with `has_handles=True` and kept.

        :raises UaStatusCodeError: the server refused the Publish.
        :raises BadFrameError: it is damaged.
        :raises UndecodableError: something in it, but no change of value, has no end that can be known.
        """
        try:
            publication = publish.decode(body, decoder)
        except wire.ServiceRefusedError as error:
            raise service_error(error.status) from error
        way = f"{decoder.how} of changes"
        if not len(publication.handle) or (not self.slow_because and way in self._proven):
            return publication
        try:
            handle, slow = reference.decode_changes(body)
        except wire.UndecodableError as error:
            logger.warning("%s: changes that asyncua cannot decode: %s", self._name, error)
            lost = publication.undecodable + len(publication.handle)
            return replace(publication, handle=np.empty(0, np.uint32), columns=wire.blank(0, 0), undecodable=lost)
        same = np.array_equal(handle, publication.handle) and wire.agree(publication.columns, slow)
        if not self.slow_because and self._prove(way, same):
            return publication
        return replace(publication, handle=handle, columns=slow)

    def _prove(self, way: str, same: bool) -> bool:
        if same:
            self._proven.add(way)
            return True
        self.slow_because = "an answer decoded in bulk differs from asyncua's decoding"
        logger.error("%s: %s (%s); decoding element by element", self._name, self.slow_because, way)
        return False
