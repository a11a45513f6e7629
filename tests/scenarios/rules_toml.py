"""An alarm of a scenario that is written as a table of `rules.toml`: read by the same readers, without a plant around it."""

from collections.abc import Mapping
from typing import Any

from monitor.plant.kinds.port import Surroundings
from monitor.plant.mistakes import Mistake
from monitor.plant.plant import TagAddress
from monitor.plant.record import Record
from monitor.plant.rules import READERS
from monitor.plant.site import Site
from monitor.plant.tags import TagRow
from rules.catalog import Delays, Rule
from rules.columns.tags import Tag, TagTable

BESIDE = ("id", "kind", "priority", "class", "latch", "on_delay_s", "off_delay_s")


def read_rule(alarm: Mapping[str, Any], delays: Delays, table: TagTable, modes: Mapping[str, str]) -> Rule:
    """The rule of `alarm`; the plant around it has no equipment and no interlocks."""
    mistakes: list[Mistake] = []
    reader = READERS[alarm["kind"]]
    record = Record("scenario", alarm, lambda _key: 0, mistakes.append)
    record.only((*BESIDE, *reader.keys))
    around = Surroundings(
        site=Site(),
        tags={item.id: TagRow(tag=item, address=_address(item), record=record) for item in table.tags},
        table=table,
        interlocks={},
        modes=modes,
    )
    read = reader.read(record, alarm["id"], delays, around)
    assert read is not None and not mistakes, [mistake.text("en") for mistake in mistakes]
    return read.rule


def _address(tag: Tag) -> TagAddress:
    return TagAddress(
        tag=tag.id,
        row=0,
        address="",
        type="",
        word_order="",
        raw_low=None,
        raw_high=None,
        low=tag.low,
        high=tag.high,
        scan_period_ns=tag.scan_period_ns,
    )
