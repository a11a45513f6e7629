"""What a server said last of every node that it watches for us, as columns.  Pure."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from drivers.opcua import wire
from rules.columns.readings import NO_TIME

Places = npt.NDArray[np.intp]


class Image:
    """The newest value, status and source time of each node; place = ClientHandle."""

    def __init__(self, count: int) -> None:
        self._value = np.full(count, np.nan)
        self._status = np.zeros(count, np.uint32)
        self._source_time_ns = np.full(count, NO_TIME, np.int64)
        self._texts: dict[int, str] = {}
        self._notified = np.zeros(count, np.bool_)

    def __len__(self) -> int:
        return int(self._value.shape[0])

    def take(self, places: Places, columns: wire.Columns, *, notified: bool) -> None:
        """Keep what a server said of some nodes, each named once; `notified`: of its own accord."""
        self._value[places] = columns.value
        self._status[places] = columns.status
        self._source_time_ns[places] = columns.source_time_ns
        if self._texts:
            for place in places.tolist():
                self._texts.pop(place, None)
        self._texts.update((int(places[index]), text) for index, text in columns.texts)
        self._notified[places] = notified

    def columns(self, places: Places) -> wire.Columns:
        """What was said last of some nodes."""
        texts = self._texts
        told = [(index, texts[place]) for index, place in enumerate(places.tolist()) if place in texts] if texts else ()
        return wire.Columns(
            value=self._value[places],
            status=self._status[places],
            source_time_ns=self._source_time_ns[places],
            texts=tuple(told),
        )

    def differing(self, places: Places, columns: wire.Columns, dead_band: npt.NDArray[np.float64]) -> Places:
        """The places of which a read says something else than the last notification, by more than the dead band of each."""
        before = self.columns(places)
        apart = np.abs(before.value - columns.value) > dead_band[places]
        lost = np.isnan(before.value) != np.isnan(columns.value)
        differs: npt.NDArray[np.bool_] = apart | lost | (before.status != columns.status)
        return places[differs]

    def silent(self, places: Places) -> Places:
        """Those of these places of which no notification came since they were read."""
        return places[~self._notified[places]]


def rounds(handles: npt.NDArray[np.uint32]) -> Iterator[Places]:
    """Positions in a notification so that no node stands twice in one round: each change of a node is a reading of its own.

    In order: the first changes of all nodes, then the second ones.
    """
    order = np.argsort(handles, kind="stable")
    inside = handles[order]
    begins = np.flatnonzero(np.concatenate((np.ones(1, np.bool_), inside[1:] != inside[:-1])))
    number = np.empty(handles.shape[0], np.intp)
    number[order] = np.arange(handles.shape[0]) - np.repeat(begins, np.diff(np.append(begins, handles.shape[0])))
    for round_number in range(int(number.max(initial=-1)) + 1):
        yield np.flatnonzero(number == round_number)
