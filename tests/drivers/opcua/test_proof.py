"""What proves itself is used; what differs from asyncua's decoding is not, and says so."""

from dataclasses import replace

import numpy as np
import pytest
from asyncua.ua.uaerrors import UaStatusCodeError

from drivers.opcua import answers, publish, reference, wire
from drivers.opcua.decoder import Decoder
from drivers.opcua.proof import ProvenDecoding
from drivers.opcua.publish import Publication
from drivers.opcua.wire import UndecodableError
from tests.drivers.opcua.encoding import BOOLEAN, DOUBLE, Item, publish_body, read_body

UNIFORM = [DOUBLE] * 6
MIXED = [DOUBLE, BOOLEAN] * 6


class Counting:
    """How often asyncua was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked = 0
        self._read, self._changes = reference.decode_read, reference.decode_changes
        monkeypatch.setattr(reference, "decode_read", self._counted_read)
        monkeypatch.setattr(reference, "decode_changes", self._counted_changes)

    def _counted_read(self, body: bytes, count: int) -> wire.Columns:
        self.asked += 1
        return self._read(body, count)

    def _counted_changes(self, body: bytes) -> tuple[np.typing.NDArray[np.uint32], wire.Columns]:
        self.asked += 1
        return self._changes(body)


def body_of(items: list[Item]) -> bytes:
    return read_body([item.encode() for item in items])


def message_of(items: list[Item]) -> bytes:
    return publish_body([[(row, item.encode()) for row, item in enumerate(items)]])


def test_each_way_is_proven_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Counting(monkeypatch)
    decoding = ProvenDecoding("plc")
    runs, template, changes = Decoder(has_handles=False), Decoder(has_handles=False), Decoder(has_handles=True)
    for wanted in (1, 1, 1):
        decoding.read(body_of(UNIFORM), 6, runs)
        assert counting.asked == wanted
    for wanted in (2, 2):
        assert decoding.read(body_of(MIXED), 12, template).value.tolist() == [21.5, 1.0] * 6
        assert counting.asked == wanted
    assert decoding.publish(publish_body([]), changes).is_keep_alive
    assert counting.asked == 2, "a keep-alive has nothing to compare"
    for wanted in (3, 3):
        assert decoding.publish(message_of(UNIFORM), changes).handle.tolist() == list(range(6))
        assert counting.asked == wanted
    assert decoding.slow_because == ""


def wrong(columns: wire.Columns) -> wire.Columns:
    value = columns.value.copy()
    value[-1] += 1.0
    return replace(columns, value=value)


def test_a_wrong_bulk_decoder_of_reads_is_found_out(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    original = answers.decode
    monkeypatch.setattr(answers, "decode", lambda body, count, decoder: wrong(original(body, count, decoder)))
    decoding = ProvenDecoding("opc.tcp://plc")
    for _ in range(2):
        assert decoding.read(body_of(UNIFORM), 6, Decoder(has_handles=False)).value.tolist() == [21.5] * 6
    assert "differs from asyncua" in decoding.slow_because
    assert "opc.tcp://plc" in caplog.text


def test_one_that_goes_wrong_in_the_way_not_yet_proven_is_found_out_too(monkeypatch: pytest.MonkeyPatch) -> None:
    decoding = ProvenDecoding("plc")
    decoding.read(body_of(UNIFORM), 6, Decoder(has_handles=False))
    original = answers.decode
    monkeypatch.setattr(answers, "decode", lambda body, count, decoder: wrong(original(body, count, decoder)))
    assert decoding.read(body_of(MIXED), 12, Decoder(has_handles=False)).value.tolist() == [21.5, 1.0] * 6
    assert decoding.slow_because


@pytest.mark.parametrize("part", ["handle", "columns"])
def test_a_wrong_bulk_decoder_of_changes_is_found_out(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    original = publish.decode

    def mistaken(body: bytes, decoder: Decoder) -> Publication:
        found = original(body, decoder)
        return (
            replace(found, handle=found.handle + np.uint32(1))
            if part == "handle"
            else replace(found, columns=wrong(found.columns))
        )

    monkeypatch.setattr(publish, "decode", mistaken)
    decoding = ProvenDecoding("plc")
    for _ in range(2):
        publication = decoding.publish(message_of(MIXED), Decoder(has_handles=True))
        assert publication.handle.tolist() == list(range(12))
        assert publication.columns.value.tolist() == [21.5, 1.0] * 6
        assert publication.sequence_number == 17
    assert "differs from asyncua" in decoding.slow_because


def test_changes_that_asyncua_cannot_decode_are_lost_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def unable(body: bytes) -> None:
        raise UndecodableError("cannot")

    monkeypatch.setattr(reference, "decode_changes", unable)
    publication = ProvenDecoding("plc").publish(message_of(MIXED), Decoder(has_handles=True))
    assert publication.undecodable == 12
    assert len(publication.handle) == len(publication.columns) == 0
    assert publication.sequence_number == 17, "it is acknowledged all the same"


def test_a_refusal_is_what_asyncua_would_raise() -> None:
    with pytest.raises(UaStatusCodeError) as refused:
        ProvenDecoding("plc").read(read_body([], status=0x80100000), 0, Decoder(has_handles=False))
    assert refused.value.code == 0x80100000
    body = bytearray(publish_body([]))
    body[16:20] = b"\x00\x00\x79\x80"
    with pytest.raises(UaStatusCodeError):
        ProvenDecoding("plc").publish(bytes(body), Decoder(has_handles=True))
