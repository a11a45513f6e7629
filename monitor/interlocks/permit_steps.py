"""Steps of one permit: what a person asks, and what its bits and the time alone do to it.  Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from monitor.alarms.commands import CommandRefusedError, ConflictError, Instruction
from monitor.interlocks.permit_commands import Approve, CheckFunction, CheckMeasures, Refuse, Revoke, Withdraw
from monitor.interlocks.permits import (
    MARKS,
    OPEN,
    PERMIT_STEPS,
    Approval,
    MeasureCheck,
    Permit,
    PermitState,
    PermitStep,
    PermitTrigger,
)
from rules.verdicts import Verdict

_CLOCKED: Final = (PermitState.APPROVED, PermitState.IN_USE, PermitState.RESTORING)
"""The clock of a permit runs from its start, used or not, until it is closed."""
_ENDS: Final[dict[type, PermitTrigger]] = {
    Refuse: PermitTrigger.REFUSED,
    Withdraw: PermitTrigger.WITHDRAWN,
    Revoke: PermitTrigger.REVOKED,
}


# --- what people ask ------------------------------------------------------------------------------


def approved(permit: Permit, command: Approve, wall_ns: int) -> PermitStep:
    """The next approval of the ladder.

    :raises CommandRefusedError: not in this role, or not by this person.
    :raises ConflictError: nobody waits for it any more.
    """
    if permit.state is not PermitState.REQUESTED:
        raise ConflictError(f"许可 {permit.id} 不再等待审批", f"{permit.id} waits for no approval any more")
    if command.role != permit.next_role:
        raise CommandRefusedError(
            f"现在应由 {permit.next_role} 审批", f"the next approval is that of the role {permit.next_role}"
        )
    before = {permit.requested_by, *(approval.person for approval in permit.approvals)}
    if command.person in before:
        raise CommandRefusedError(
            "申请人和每级审批人必须是不同的人", "who asks and who approves must be different persons"
        )
    approval = Approval(role=command.role, person=command.person, person_name=command.person_name, wall_ns=wall_ns)
    permit = replace(permit, approvals=(*permit.approvals, approval))
    trigger = PermitTrigger.APPROVED if permit.next_role is None else PermitTrigger.APPROVED_BY_ONE
    return _step(permit, trigger, wall_ns, command, role=command.role)


def told(
    permit: Permit, command: Refuse | Withdraw | Revoke | CheckMeasures | CheckFunction, wall_ns: int
) -> PermitStep:
    """What any other command on a permit does.

    :raises CommandRefusedError: without a reason, by somebody who may not, or not in this state.
    """
    _refuse_person(permit, command)
    if isinstance(command, CheckMeasures):
        check = MeasureCheck(
            wall_ns=wall_ns, person=command.person, person_name=command.person_name, note=command.comment.strip()
        )
        permit = replace(permit, checks=(*permit.checks, check), check_due_wall_ns=_next_check(permit, wall_ns))
        return _step(permit, PermitTrigger.MEASURE_CHECKED, wall_ns, command)
    if isinstance(command, CheckFunction):
        return _step(permit, PermitTrigger.CHECKED if command.passed else PermitTrigger.CHECK_FAILED, wall_ns, command)
    return _step(permit, _ENDS[type(command)], wall_ns, command)


def _refuse_person(permit: Permit, command: Refuse | Withdraw | Revoke | CheckMeasures | CheckFunction) -> None:
    if not isinstance(command, Withdraw) and not command.comment.strip():
        raise CommandRefusedError("请写明情况或原因", "say why, or what was found")
    if isinstance(command, Withdraw) and command.person != permit.requested_by:
        raise CommandRefusedError(
            f"只有申请人 {permit.requested_name} 能撤回",
            f"only {permit.requested_name}, who asked, can withdraw it",
        )
    if isinstance(command, Refuse | Revoke) and command.role not in permit.ladder:
        roles = ", ".join(permit.ladder)
        raise CommandRefusedError(f"只有审批角色能这样做：{roles}", f"only the approving roles may: {roles}")


# --- what bits and time do ------------------------------------------------------------------------


def moved(permit: Permit, bits: Mapping[str, Verdict], function_check: bool, wall_ns: int) -> list[PermitStep]:
    """What its live bits (bit tag -> does it stand bypassed) and the time make of an open permit, in order."""
    steps: list[PermitStep] = []

    def now() -> Permit:
        return steps[-1].permit if steps else permit

    mine = [bits.get(bit, Verdict.UNKNOWN) for bit in permit.bits]
    if permit.state in (PermitState.APPROVED, PermitState.RESTORING) and Verdict.TRUE in mine:
        if permit.is_running(wall_ns):
            steps.append(_step(permit, PermitTrigger.USED, wall_ns))
    elif permit.state is PermitState.IN_USE and all(verdict is Verdict.FALSE for verdict in mine):
        trigger = PermitTrigger.CLEARED if function_check else PermitTrigger.CLEARED_UNCHECKED
        steps.append(_step(permit, trigger, wall_ns))
    if now().state not in OPEN:
        return steps
    for mark, role in MARKS:
        if mark not in now().marks_told and wall_ns >= _mark_wall_ns(permit, mark) and now().state in _CLOCKED:
            steps.append(_step(now(), PermitTrigger.MARK, wall_ns, mark=mark, role=role))
    due_wall_ns = now().check_due_wall_ns
    if due_wall_ns is not None and wall_ns >= due_wall_ns:
        steps.append(_step(now(), PermitTrigger.MEASURE_MISSED, wall_ns))
    if now().state in (PermitState.REQUESTED, PermitState.APPROVED) and wall_ns >= permit.until_wall_ns:
        steps.append(_step(now(), PermitTrigger.ENDED, wall_ns))
    return steps


def moments(permit: Permit) -> list[int]:
    """Wall times at which time alone moves a permit on."""
    found = [permit.check_due_wall_ns] if permit.check_due_wall_ns is not None else []
    if permit.state in _CLOCKED:
        found += [_mark_wall_ns(permit, mark) for mark, _ in MARKS if mark not in permit.marks_told]
    if permit.state is PermitState.APPROVED:
        found.append(permit.start_wall_ns)
    if permit.state in (PermitState.REQUESTED, PermitState.APPROVED):
        found.append(permit.until_wall_ns)
    return found


# --- one step -------------------------------------------------------------------------------------


def _step(
    permit: Permit,
    trigger: PermitTrigger,
    wall_ns: int,
    command: Instruction | None = None,
    *,
    role: str = "",
    mark: int = 0,
) -> PermitStep:
    after = PERMIT_STEPS.get((permit.state, trigger))
    if after is None:
        raise CommandRefusedError(
            f"许可 {permit.id} 处于 {permit.state}，不能这样做",
            f"{permit.id} is {permit.state}: this cannot be done now",
        )
    person, name, comment = (command.person, command.person_name, command.comment.strip()) if command else ("", "", "")
    changed = _changed(replace(permit, state=after), trigger, wall_ns, mark)
    if after not in OPEN:
        changed = replace(changed, ended_wall_ns=wall_ns, ended_by=person, ended_name=name, ended_note=comment)
    return PermitStep(
        permit=changed,
        trigger=trigger,
        before=permit.state,
        wall_ns=wall_ns,
        person=person,
        person_name=name,
        comment=comment,
        role=role,
        mark=mark,
    )


def _changed(permit: Permit, trigger: PermitTrigger, wall_ns: int, mark: int) -> Permit:
    """What a step changes beside the state."""
    if trigger is PermitTrigger.USED:
        return replace(
            permit,
            used_wall_ns=permit.used_wall_ns or wall_ns,
            cleared_wall_ns=None,
            check_due_wall_ns=_next_check(permit, wall_ns),
        )
    if trigger in (PermitTrigger.CLEARED, PermitTrigger.CLEARED_UNCHECKED):
        return replace(permit, cleared_wall_ns=wall_ns, check_due_wall_ns=None)
    if trigger is PermitTrigger.MARK:
        return replace(permit, marks_told=(*permit.marks_told, mark))
    if trigger is PermitTrigger.MEASURE_MISSED:
        return replace(permit, missed=permit.missed + 1, check_due_wall_ns=_next_check(permit, wall_ns))
    return permit


def _next_check(permit: Permit, wall_ns: int) -> int | None:
    return None if permit.check_every_s is None else wall_ns + round(permit.check_every_s * 1e9)


def _mark_wall_ns(permit: Permit, mark: int) -> int:
    return permit.start_wall_ns + (permit.until_wall_ns - permit.start_wall_ns) * mark // 100
