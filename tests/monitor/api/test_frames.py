"""Frames and the queue of one client, without a socket: nothing lost, nothing out of order, nothing unbounded."""

from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.api import dto
from monitor.api.client import MOST_WAITING_EVENTS, OVERFLOW_CODE, StreamClient, StreamEndedError
from monitor.api.frames import TIMES_EVERY_NS, FrameEncoder
from monitor.api.stream import asks_resync
from monitor.hazards.view import View
from rules.columns.quality import Quality
from tests.monitor.api.fake_board import FakeBoard
from tests.monitor.api.fake_plant import MONO_NS, PLANT, WALL_NS, FakeClock, snapshot


def view(**columns: Any) -> View:
    board = FakeBoard(FakeClock())
    board.publish(snapshot=snapshot(**columns))
    return board.view()


def frame(text: str) -> dto.StreamTags:
    return dto.StreamTags.model_validate(orjson.loads(text))


def test_the_snapshot_holds_all_rows() -> None:
    values = np.array([np.nan, np.inf, 0.0, 1.0, 0.0, 3.25])
    encoder = FrameEncoder(PLANT, "e", view(value=values))
    shown = frame(encoder.snapshot(MONO_NS + 20_000_000, WALL_NS))
    assert (shown.type, shown.epoch, shown.frame, shown.prev) == ("snapshot", "e", 1, 0)
    assert shown.row == [0, 1, 2, 3, 4, 5]
    assert shown.value == [None, None, 0.0, 1.0, 0.0, 3.25]
    assert shown.source_time_ms == [1767225599973.0, 1767225599973.0, None, None, None, None]
    assert shown.received_ms == [1767225600023.0] * 6
    assert (shown.scan_age_ms, shown.status, shown.at) == (20.0, "ok", "2026-01-01T00:00:00.123Z")


def test_a_snapshot_is_made_once_per_frame() -> None:
    encoder = FrameEncoder(PLANT, "e", view())
    first = encoder.snapshot(MONO_NS, WALL_NS)
    assert encoder.snapshot(MONO_NS + 1, WALL_NS + 1) is first
    encoder.advance(view(), MONO_NS, WALL_NS)
    assert encoder.snapshot(MONO_NS, WALL_NS) is not first


def test_only_what_changed_travels() -> None:
    encoder = FrameEncoder(PLANT, "e", view())
    nothing = frame(encoder.advance(view(), MONO_NS, WALL_NS))
    assert (nothing.frame, nothing.prev, nothing.row) == (2, 1, [])
    values = np.array([5.0, 0.5, 0.0, 0.0, 0.0, np.nan])
    assert frame(encoder.advance(view(value=values), MONO_NS, WALL_NS)).row == [1, 5]
    # NaN stays NaN: no change; a quality alone is one
    quality = np.array([0, 0, Quality.STALE, 0, 0, 0], np.uint8)
    changed = frame(encoder.advance(view(value=values, quality=quality), MONO_NS, WALL_NS))
    assert (changed.row, changed.quality) == ([2], [int(Quality.STALE)])


def test_times_alone_travel_once_a_second() -> None:
    encoder = FrameEncoder(PLANT, "e", view())
    received = np.full(6, WALL_NS - 100_000_000, np.int64)
    received[3] += TIMES_EVERY_NS - 1
    assert frame(encoder.advance(view(received_wall_ns=received.copy()), MONO_NS, WALL_NS)).row == []
    received[3] += 1
    assert frame(encoder.advance(view(received_wall_ns=received.copy()), MONO_NS, WALL_NS)).row == [3]
    assert frame(encoder.advance(view(received_wall_ns=received.copy()), MONO_NS, WALL_NS)).row == []


def test_a_late_scan_is_told_in_every_frame() -> None:
    encoder = FrameEncoder(PLANT, "e", view())
    late = frame(encoder.advance(view(), MONO_NS + 3_000_000_000, WALL_NS))
    assert (late.status, late.scan_age_ms) == ("late", 3000.0)


VALUES = st.lists(st.sampled_from([0.0, 1.0, -2.5, float("nan")]), min_size=6, max_size=6)
QUALITIES = st.lists(st.sampled_from([0, 1, 2, 3, 4]), min_size=6, max_size=6)


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.tuples(VALUES, QUALITIES), min_size=1, max_size=8), start=st.integers(0, 7))
def test_a_client_that_folds_frames_sees_the_plant(steps: list[tuple[list[float], list[int]]], start: int) -> None:
    """From any snapshot on, applying each frame gives what the last view holds."""
    encoder = FrameEncoder(PLANT, "e", view())
    seen: dict[int, tuple[float | None, int]] = {}
    last = 0
    for number, (values, quality) in enumerate(steps):
        if number == min(start, len(steps) - 1):
            whole = frame(encoder.snapshot(MONO_NS, WALL_NS))
            seen = dict(zip(whole.row, zip(whole.value, whole.quality, strict=True), strict=True))
            last = whole.frame
        now = view(value=np.array(values), quality=np.array(quality, np.uint8))
        part = frame(encoder.advance(now, MONO_NS, WALL_NS))
        if seen:
            assert part.prev == last
            last = part.frame
            seen.update(zip(part.row, zip(part.value, part.quality, strict=True), strict=True))
    values, quality = steps[-1]
    shown = [None if np.isnan(value) else value for value in values]
    assert seen == dict(enumerate(zip(shown, quality, strict=True)))


# --- the queue of one client --------------------------------------------------------------------
class Whole:
    """A source whose texts name themselves."""

    def __init__(self) -> None:
        self.frame = 1
        self.seq = 10

    def flood_text(self) -> str | None:
        return None

    def alarms_text(self) -> str:
        return f"alarms {self.seq}"

    def snapshot_text(self) -> str:
        return f"snapshot {self.frame}"

    def next_frame(self, *clients: StreamClient) -> None:
        prev, self.frame = self.frame, self.frame + 1
        for client in clients:
            client.offer_frame(prev, f"tags {self.frame}")


def drained(client: StreamClient, source: Whole) -> list[str]:
    texts = []
    while (text := client.next_text(source)) is not None:
        texts.append(text)
    return texts


def test_alarms_then_snapshot_then_frames() -> None:
    source, client = Whole(), StreamClient(b"")
    source.next_frame(client)
    assert drained(client, source) == ["alarms 10", "snapshot 2"]
    source.next_frame(client)
    assert drained(client, source) == ["tags 3"]
    assert drained(client, source) == []


def test_events_go_before_frames_and_are_never_skipped() -> None:
    source, client = Whole(), StreamClient(b"")
    client.offer_event(9, "before the start")
    drained(client, source)
    client.offer_event(10, "already in the list of all alarms")
    for seq in range(11, 14):
        client.offer_event(seq, f"event {seq}")
    source.next_frame(client)
    source.next_frame(client)
    assert drained(client, source) == ["event 11", "event 12", "event 13", "snapshot 3"]


def test_a_slow_client_skips_frames_and_gets_a_snapshot() -> None:
    source, slow, fast = Whole(), StreamClient(b""), StreamClient(b"")
    drained(slow, source)
    drained(fast, source)
    for number in range(2, 12):
        source.next_frame(slow, fast)
        assert drained(fast, source) == [f"tags {number}"]
    assert drained(slow, source) == ["snapshot 11"]
    source.next_frame(slow)
    assert drained(slow, source) == ["tags 12"]


def test_resync_sends_what_waits_then_everything() -> None:
    source, client = Whole(), StreamClient(b"")
    drained(client, source)
    client.offer_event(11, "event 11")
    source.seq = 11
    client.want_everything()
    client.want_everything()
    assert drained(client, source) == ["event 11", "alarms 11", "snapshot 1"]


def test_over_the_bound_the_stream_ends_and_the_memory_is_free() -> None:
    source, client = Whole(), StreamClient(b"")
    drained(client, source)
    for seq in range(11, 11 + MOST_WAITING_EVENTS):
        client.offer_event(seq, "e")
    client.offer_event(5000, "one too many")
    client.offer_event(5001, "and another")
    assert not client._events
    with pytest.raises(StreamEndedError) as ended:
        client.next_text(source)
    assert ended.value.code == OVERFLOW_CODE
    client.end(4401, "the first reason stays")
    with pytest.raises(StreamEndedError) as ended:
        client.next_text(source)
    assert ended.value.code == OVERFLOW_CODE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"type":"resync"}', True),
        ('{"type":"resync","more":1}', True),
        ('{"type":"other"}', False),
        ("[]", False),
        ("null", False),
        ("", False),
        ("{", False),
        (None, False),
        ("[" * 5000, False),
    ],
)
def test_only_resync_is_understood(text: str | None, expected: bool) -> None:
    assert asks_resync(text) is expected
