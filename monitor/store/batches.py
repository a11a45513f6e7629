"""A queue of reading batches between the loop and one thread: putting never waits, the oldest give way."""

from collections import deque

from rules.columns.readings import ReadingBatch


class BatchQueue:
    """Bounded by rows.  `put` is for the loop, `take` for one thread; each counter has one writer, so no lock."""

    def __init__(self, max_rows: int) -> None:
        self._max_rows = max_rows
        self._batches: deque[ReadingBatch] = deque()
        self._put_rows = 0
        self._taken_rows = 0
        self.dropped_rows = 0
        """Rows of whole batches that gave way since the start."""

    @property
    def rows(self) -> int:
        """Rows waiting now."""
        return self._put_rows - self._taken_rows - self.dropped_rows

    def put(self, batch: ReadingBatch) -> None:
        """Add a batch; over the bound the oldest ones are dropped and counted."""
        if len(batch) == 0:
            return
        self._put_rows += len(batch)
        self._batches.append(batch)
        while self.rows > self._max_rows and self._batches:
            try:
                oldest = self._batches.popleft()
            except IndexError:  # the thread was quicker
                return
            self.dropped_rows += len(oldest)

    def take(self) -> list[ReadingBatch]:
        """All that waits, oldest first."""
        taken: list[ReadingBatch] = []
        while True:
            try:
                batch = self._batches.popleft()
            except IndexError:
                return taken
            self._taken_rows += len(batch)
            taken.append(batch)
