"""DataValues to columns by whichever bulk method suits, remembering layouts between the answers to one question."""

from typing import Final

from drivers.errors import BadFrameError
from drivers.opcua.data_values import Sheet, blank_sheet
from drivers.opcua.runs import take_runs, take_uniform
from drivers.opcua.template import Template, learn

_MOST_RUNS: Final = 4
"""Beyond that many layouts in an answer, gathering by a learnt layout is cheaper (performance.md 1)."""
_MOST_TEMPLATES: Final = 8
"""Publish responses differ in their number of changes; answers to one Read do not."""


class Decoder:
    """Decodes the DataValues in the answers to one question, or in the notifications of one subscription."""

    def __init__(self, *, has_handles: bool) -> None:
        self._has_handles = has_handles
        self._templates: dict[int, Template] = {}
        self.how = ""
        """How the last answer was decoded: "runs" or "template"."""

    def take(self, body: bytes, position: int, count: int) -> tuple[Sheet, int]:
        """Decode `count` DataValues that begin at `position`; return the rows and the position behind them.

        :raises BadFrameError: the body ends before they do.
        :raises UndecodableError: nobody can know where one of them ends.
        """
        if count > len(body):
            raise BadFrameError(f"{count} values in {len(body)} bytes")
        self.how = "template"
        template = self._templates.get(count)
        if template is not None:
            found = template.take(body, position)
            if found is not None:
                return found
        uniform = take_uniform(body, position, count, has_handles=self._has_handles) if count else None
        if uniform is not None:
            self.how = "runs"
            return uniform
        sheet = blank_sheet(count, has_handles=self._has_handles)
        rows, end = take_runs(body, position, sheet, _MOST_RUNS)
        if rows == count:
            self.how = "runs"
            return sheet, end
        template = learn(body, position, count, has_handles=self._has_handles)
        found = template.take(body, position)
        if found is None:
            raise BadFrameError("the answer ends before its diagnostics")
        while len(self._templates) >= _MOST_TEMPLATES:
            del self._templates[next(iter(self._templates))]
        self._templates[count] = template
        return found
