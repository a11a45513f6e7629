"""Bad items follow the batches, come with reasons, are bounded and made only when something changed."""

from dataclasses import dataclass

import numpy as np

from drivers.bad_items import BadItems
from drivers.port import BAD_ITEMS_MOST, BadItem
from drivers.words import Words
from rules.columns.quality import Quality
from rules.columns.readings import NO_TIME, Origin, ReadingBatch
from tests.drivers.opcua.plant import Tag


@dataclass
class Wording:
    asked: int = 0

    def __call__(self, status: int) -> Words:
        self.asked += 1
        return Words(f"状态 {status}", f"status {status}")


def batch(rows: list[int], quality: list[Quality], status: list[int]) -> ReadingBatch:
    return ReadingBatch(
        device="D",
        received_mono_ns=1,
        received_wall_ns=1,
        origin=Origin.LIVE,
        row=np.array(rows, np.int32),
        value=np.zeros(len(rows)),
        quality=np.array(quality, np.uint8),
        status=np.array(status, np.uint32),
        source_time_ns=np.full(len(rows), NO_TIME, np.int64),
    )


def tags_of(count: int) -> list[Tag]:
    return [Tag(tag=f"t{row}", row=row, address="i=1") for row in range(count)]


def test_items_come_change_and_go() -> None:
    words = Wording()
    bad = BadItems(tags_of(5), words)
    assert len(bad.items) == 0
    bad.take(batch([1, 3], [Quality.BAD, Quality.GOOD], [7, 0]))
    bad.take(batch([4], [Quality.NEVER_SEEN], [9]))
    assert list(bad.items) == [BadItem("t1", "status 7", "状态 7"), BadItem("t4", "status 9", "状态 9")]
    bad.take(batch([1, 3], [Quality.BAD, Quality.GOOD], [8, 0]))
    assert list(bad.items) == [BadItem("t1", "status 8", "状态 8"), BadItem("t4", "status 9", "状态 9")]
    bad.take(batch([1, 3], [Quality.GOOD, Quality.GOOD], [0, 0]))
    assert list(bad.items) == [BadItem("t4", "status 9", "状态 9")]


def test_nothing_is_put_into_words_while_nothing_changes() -> None:
    words = Wording()
    bad = BadItems(tags_of(5), words)
    for status in (0, 1, 2):  # a good value may come with another status each time
        bad.take(batch([0, 1], [Quality.GOOD, Quality.BAD], [status, 7]))
        assert bad.items is bad.items
    assert words.asked == 1


def test_the_list_is_bounded() -> None:
    bad = BadItems(tags_of(500), Wording())
    bad.take(batch(list(range(500)), [Quality.BAD] * 500, [7] * 500))
    assert len(bad.items) == BAD_ITEMS_MOST
    assert bad.items[-1].tag == f"t{BAD_ITEMS_MOST - 1}"


def test_a_device_without_tags() -> None:
    assert BadItems([], Wording()).items == ()
