"""`interlocks.toml`: the register of interlocks."""

from collections.abc import Collection, Mapping

from monitor.interlocks.register import BypassBit, Interlock
from monitor.plant.document import Document
from monitor.plant.record import Record
from monitor.plant.site import Site
from monitor.plant.tags import TagRow

KEYS = (
    "id", "name_zh", "name_en", "hazard_source", "process_unit", "class", "sil", "causes", "effects", "trip_tag", "trip_point",
    "trip_eu", "bypass",
)  # fmt: skip
TAG = ("位号", "tag")


def read_interlocks(document: Document, site: Site, tags: Mapping[str, TagRow]) -> tuple[Interlock, ...]:
    """Read the register; mistakes go to the document's report."""
    document.record().only(("schema", "interlocks"))
    found: dict[str, Interlock] = {}
    for record in document.records("interlocks"):
        interlock = _interlock(record, site, tags)
        if interlock.id in found or interlock.id in site.devices:
            record.wrong("id", f"编号 {interlock.id} 重复", f"id {interlock.id} stands twice")
        found[interlock.id] = interlock
    return tuple(found.values())


def _interlock(record: Record, site: Site, tags: Mapping[str, TagRow]) -> Interlock:
    record.only(KEYS)
    interlock_id = record.identifier("id")
    name_zh = record.text("name_zh")
    trip_tag = record.reference("trip_tag", tags, TAG, required=False) or None
    if trip_tag is not None and trip_tag in tags:
        _must_be_discrete(record, "trip_tag", trip_tag, tags)
    return Interlock(
        id=interlock_id,
        name_zh=name_zh,
        name_en=record.text("name_en", required=False, default=name_zh),
        hazard_source=record.reference("hazard_source", site.hazard_sources, ("重大危险源", "hazard source")),
        process_unit=record.reference("process_unit", site.process_units, ("装置单元", "process unit"), required=False),
        interlock_class=record.text("class", required=False, default="A"),
        sil=record.integer("sil", minimum=1, maximum=4),
        causes=_tags(record, "causes", tags),
        effects=_tags(record, "effects", tags),
        bypass_bits=tuple(_bypass_bit(item, tags) for item in record.records("bypass", required=True)),
        trip_tag=trip_tag,
        trip_point=record.number("trip_point"),
        trip_eu=record.text("trip_eu", required=False),
    )


def _tags(record: Record, key: str, known: Collection[str]) -> tuple[str, ...]:
    found = record.texts(key)
    for tag in found:
        record.must_know(key, tag, known, TAG)
    return found


def _bypass_bit(record: Record, tags: Mapping[str, TagRow]) -> BypassBit:
    record.only(("tag", "bypassed_when"))
    tag = record.reference("tag", tags, TAG)
    if tag in tags:
        _must_be_discrete(record, "tag", tag, tags)
    when = record.integer("bypassed_when", minimum=0, maximum=1)
    if when is None:
        record.wrong("bypassed_when", "必填：旁路时该位为 0 还是 1", "must be given: does 0 or 1 mean bypassed")
    return BypassBit(tag=tag, bypassed_when=1 if when is None else when)


def _must_be_discrete(record: Record, key: str, tag: str, tags: Mapping[str, TagRow]) -> None:
    if not tags[tag].tag.discrete:
        record.wrong(key, f"位号 {tag} 不是开关量（type = bool）", f"tag {tag} is not discrete (type = bool)")
