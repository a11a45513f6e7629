"""Which tags of a device have no usable value, and why: kept batch by batch, put into words only when something changed."""

from collections.abc import Callable, Sequence

import numpy as np

from drivers.port import BAD_ITEMS_MOST, Address, BadItem
from drivers.words import Words
from rules.columns.quality import is_usable
from rules.columns.readings import ReadingBatch


class BadItems:
    """The bad tags of one device since its driver was entered."""

    def __init__(self, addresses: Sequence[Address], words: Callable[[int], Words]) -> None:
        """`words` says what a status means that came with an unusable value."""
        self._tag = {address.row: address.tag for address in addresses}
        rows = max(self._tag, default=-1) + 1
        self._bad = np.zeros(rows, np.bool_)
        self._status = np.zeros(rows, np.uint32)
        self._words = words
        self._items: tuple[BadItem, ...] | None = ()

    def take(self, batch: ReadingBatch) -> None:
        """Note what a batch says of its rows."""
        bad = ~is_usable(batch.quality)
        status = np.where(bad, batch.status, 0).astype(np.uint32)
        if np.array_equal(bad, self._bad[batch.row]) and np.array_equal(status, self._status[batch.row]):
            return
        self._bad[batch.row] = bad
        self._status[batch.row] = status
        self._items = None

    @property
    def items(self) -> tuple[BadItem, ...]:
        """The first `BAD_ITEMS_MOST` of them by row; the same object until something changes."""
        if self._items is None:
            rows = np.nonzero(self._bad)[0][:BAD_ITEMS_MOST].tolist()
            said = [self._words(int(self._status[row])) for row in rows]
            self._items = tuple(
                BadItem(self._tag[row], words.en, words.zh) for row, words in zip(rows, said, strict=True)
            )
        return self._items
