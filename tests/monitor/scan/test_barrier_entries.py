"""What the journal keeps of interlocks: found by the interlock, at a start as at any other time."""

from dataclasses import replace

from monitor.interlocks.axes import Action, Service
from monitor.interlocks.changes import Axis, Change
from monitor.interlocks.permits import Permit, PermitState, PermitStep, PermitTrigger
from monitor.interlocks.register import Register
from monitor.scan.barrier_entries import entries_of, permit_entry
from tests.monitor.interlocks.register import interlock

REGISTER = Register(interlocks=tuple(replace(interlock(f"SIS-{n}"), name_zh=f"联锁 {n}") for n in range(60)))
AT_NS = 1_790_000_000_000_000_000


def change(name: str, axis: Axis = "service", before: str = "unknown", after: str = Service.IN_SERVICE) -> Change:
    return Change(interlock=name, axis=axis, before=before, after=after, wall_ns=AT_NS, detail={"bypassed_by": []})


def test_nothing_turned_is_nothing_told() -> None:
    assert entries_of((), REGISTER, AT_NS) == ()


def test_a_start_tells_of_each_interlock_under_its_own_id() -> None:
    turned = [change(item.id) for item in REGISTER.interlocks]
    found = entries_of(turned, REGISTER, AT_NS)
    assert [entry.id for entry in found] == [item.id for item in REGISTER.interlocks]
    assert {entry.hazard_source for entry in found} == {"HS-1"}
    assert found[7].message_zh == "SIS-7 联锁 7 状态未知 → 投用"
    assert found[7].message_en == "SIS-7 SIS-7 unknown → in service"


def test_the_axes_of_one_interlock_stand_in_one_entry() -> None:
    turned = [change("SIS-1"), change("SIS-1", "action", Action.READY, Action.TRIPPED), change("SIS-2")]
    first, second = entries_of(turned, REGISTER, AT_NS)
    told = (first.values or {})["changes"]
    assert isinstance(told, list)
    assert [(each["interlock"], each["axis"], each["after"]) for each in told] == [
        ("SIS-1", "service", "in_service"),
        ("SIS-1", "action", "tripped"),
    ]
    assert first.message_en.endswith("unknown → in service; ready → tripped")
    assert second.id == "SIS-2"


def test_a_step_of_a_permit_is_found_by_its_interlock() -> None:
    permit = Permit(
        id="BP-1", interlock="SIS-3", bits=("BP-1",), reason="检修", risk="满罐", measures=("监护",), start_wall_ns=AT_NS,
        until_wall_ns=AT_NS + 1, requested_by="a", requested_name="甲", requested_wall_ns=AT_NS, ladder=("shift_leader",),
        state=PermitState.APPROVED,
    )  # fmt: skip
    step = PermitStep(
        permit=permit, trigger=PermitTrigger.APPROVED, before=PermitState.REQUESTED, wall_ns=AT_NS, person="b",
        person_name="乙", comment="同意", role="shift_leader",
    )  # fmt: skip
    entry = permit_entry(step, REGISTER)
    assert (entry.id, entry.kind, entry.person, entry.hazard_source) == ("SIS-3", "permit", "b", "HS-1")
    assert entry.message_zh == "BP-1 SIS-3 联锁 3 审批通过 乙：同意"
    mark = permit_entry(
        PermitStep(
            permit=permit, trigger=PermitTrigger.MARK, before=PermitState.IN_USE, wall_ns=AT_NS, mark=80, role="manager"
        ),
        REGISTER,
    )
    assert mark.message_en == "BP-1 SIS-3 SIS-3 80% of its time has passed: manager"
    assert (mark.person, (mark.values or {})["mark"]) == (None, 80)
