"""`[[alarm_classes]]`, `[shelving]` and `[[operator_positions]]` of `plant.toml`: the plant's alarm philosophy."""

from collections.abc import Mapping
from typing import Final

from monitor.alarms.classes import BUILT_IN, CAREFUL, HOUR_NS, AlarmClassRules, Philosophy, ShelvingLimits
from monitor.alarms.positions import ROLE_NAMES, OperatorPosition
from monitor.hazards.source import HazardSource, ProcessUnit
from monitor.plant.document import Document
from monitor.plant.record import Record

NS: Final = 1_000_000_000
CLASS_KEYS: Final = (
    "id",
    "shelvable",
    "suppressible",
    "longest_shelve_h",
    "comment_required",
    "re_alarm_after_s",
    "raise_priority_after_s",
    "highly_managed",
    "authorised_by_name",
    "latch_default",
)
SHELVING_KEYS: Final = ("most_at_once", "most_risk", "weights")
POSITION_KEYS: Final = ("id", "name_zh", "name_en", "hazard_sources", "process_units", "accounts", "roles")
LONGEST_SHELVE_H: Final = 24.0 * 7


def read_philosophy(
    document: Document, hazard_sources: Mapping[str, HazardSource], process_units: Mapping[str, ProcessUnit]
) -> Philosophy:
    """Read the three tables; what is not given is built in.  Mistakes go to the document's report."""
    classes = dict(BUILT_IN)
    given: set[str] = set()
    for record in document.records("alarm_classes"):
        rules = _class(record)
        if rules.id in given:
            record.wrong("id", f"编号 {rules.id} 重复", f"id {rules.id} stands twice")
        given.add(rules.id)
        classes[rules.id] = rules
    return Philosophy(
        classes=classes,
        shelving=_shelving(document.record("shelving")),
        positions=_positions(document, hazard_sources, process_units),
    )


def _class(record: Record) -> AlarmClassRules:
    record.only(CLASS_KEYS)
    class_id = record.identifier("id")
    plain = BUILT_IN.get(class_id) or AlarmClassRules(id=class_id)
    longest_h = record.number("longest_shelve_h", minimum=0.01, maximum=LONGEST_SHELVE_H)
    rules = AlarmClassRules(
        id=class_id,
        shelvable=record.flag("shelvable", default=plain.shelvable),
        suppressible=record.flag("suppressible", default=plain.suppressible),
        longest_shelve_ns=plain.longest_shelve_ns if longest_h is None else round(longest_h * HOUR_NS),
        comment_required=record.flag("comment_required"),
        re_alarm_after_ns=_seconds(record, "re_alarm_after_s"),
        raise_priority_after_ns=_seconds(record, "raise_priority_after_s"),
        highly_managed=record.flag("highly_managed"),
        authorised_by_name=record.flag("authorised_by_name"),
        latch_default=record.flag("latch_default"),
    )
    if rules.authorised_by_name and (rules.highly_managed or class_id in CAREFUL):
        record.wrong(
            "authorised_by_name",
            "此类报警停用时，授权人必须本人登录",
            "for alarms of this class the one who authorises a removal from service must log in",
        )
    if rules.highly_managed and record.is_given("shelvable") and rules.shelvable:
        record.wrong(
            "shelvable",
            "重点管理（highly_managed）的报警不允许搁置，两者只能取其一",
            "highly managed alarms are never shelved: choose one of the two",
        )
    if rules.highly_managed and record.is_given("suppressible") and rules.suppressible:
        record.wrong(
            "suppressible",
            "重点管理（highly_managed）的报警不允许按设计抑制，两者只能取其一",
            "highly managed alarms are never suppressed by design: choose one of the two",
        )
    return rules


def _seconds(record: Record, key: str) -> int | None:
    after_s = record.number(key, minimum=1, maximum=7 * 24 * 3600)
    return None if after_s is None else round(after_s * NS)


def _shelving(record: Record) -> ShelvingLimits:
    record.only(SHELVING_KEYS)
    plain = ShelvingLimits()
    most = record.integer("most_at_once", default=plain.most_at_once, minimum=0, maximum=10_000)
    risk = record.number("most_risk", default=plain.most_risk, minimum=0, maximum=1e6)
    return ShelvingLimits(
        most_at_once=plain.most_at_once if most is None else most,
        most_risk=plain.most_risk if risk is None else risk,
        weights=_weights(record, plain.weights),
    )


def _weights(record: Record, plain: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    given = record.values.get("weights")
    if given is None:
        return plain
    if isinstance(given, list) and len(given) == 4:
        numbers = [float(item) for item in given if isinstance(item, int | float) and not isinstance(item, bool)]
        if len(numbers) == 4 and all(0 <= number <= 1e6 for number in numbers):
            return numbers[0], numbers[1], numbers[2], numbers[3]
    record.wrong(
        "weights",
        "应为优先级 1 到 4 的四个非负数，如 [10, 5, 2, 1]",
        "must be four numbers for priorities 1 to 4, such as [10, 5, 2, 1]",
    )
    return plain


def _positions(
    document: Document, hazard_sources: Mapping[str, HazardSource], process_units: Mapping[str, ProcessUnit]
) -> tuple[OperatorPosition, ...]:
    positions: dict[str, OperatorPosition] = {}
    owners: dict[tuple[str, str], str] = {}
    for record in document.records("operator_positions"):
        record.only(POSITION_KEYS)
        position_id = record.identifier("id")
        if position_id in positions:
            record.wrong("id", f"编号 {position_id} 重复", f"id {position_id} stands twice")
        name_zh = record.text("name_zh")
        position = OperatorPosition(
            id=position_id,
            name_zh=name_zh,
            name_en=record.text("name_en", required=False, default=name_zh),
            hazard_sources=_owned(record, "hazard_sources", hazard_sources, ("重大危险源", "hazard source"), owners),
            process_units=_owned(record, "process_units", process_units, ("装置单元", "process unit"), owners),
            accounts=record.texts("accounts"),
            roles=_roles(record),
        )
        if not (position.hazard_sources or position.process_units):
            zh, en = (
                "岗位至少要管一个重大危险源或装置单元",
                "a position owns at least one hazard source or process unit",
            )
            record.wrong("hazard_sources", zh, en)
        if not (position.accounts or position.roles):
            zh = "没有账号或角色在此岗位：其报警只有值班长及以上能确认"
            record.wrong("accounts", zh, "nobody sits here: only shift leaders and above can answer it", "warning")
        positions[position_id] = position
    return tuple(positions.values())


def _owned(
    record: Record, key: str, known: Mapping[str, object], noun: tuple[str, str], owners: dict[tuple[str, str], str]
) -> tuple[str, ...]:
    """Ids that a position owns; each area has one owner."""
    for area in record.texts(key):
        if record.must_know(key, area, known, noun) and (key, area) in owners:
            other = owners[key, area]
            record.wrong(key, f"{area} 已由岗位 {other} 负责", f"{area} is owned by position {other} already")
        owners.setdefault((key, area), str(record.values.get("id", "")))
    return record.texts(key)


def _roles(record: Record) -> tuple[str, ...]:
    for role in record.texts("roles"):
        record.must_know("roles", role, ROLE_NAMES, ("角色", "role"))
    return record.texts("roles")
