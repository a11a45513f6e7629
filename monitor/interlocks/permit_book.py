"""The permit book: commands and bypass bits in, steps out; every scan it is reconciled with the live bits.  Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from monitor.alarms.commands import CommandRefusedError, ConflictError
from monitor.interlocks.axes import Cover
from monitor.interlocks.permit_commands import (
    Approve,
    CheckFunction,
    CheckMeasures,
    PermitCommand,
    Refuse,
    Request,
    Revoke,
    Withdraw,
)
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
from monitor.interlocks.register import Interlock, Register
from rules.verdicts import Verdict

EARLIEST_NS: Final = 60_000_000_000
"""A permit may begin at most this long before it is asked for: clocks of phones differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What the bits and the permits say together at one moment."""

    steps: tuple[PermitStep, ...]
    cover: Mapping[str, Cover]
    """Interlock id -> what permits say; an interlock that is not here has none."""
    unused: tuple[str, ...]
    """Interlocks whose permit runs while no bit is bypassed: nobody needs it, or the wrong switch was turned."""


class PermitBook:
    """All permits that still matter, by id, and those that ended since the last `changed()`."""

    def __init__(self, register: Register) -> None:
        self._interlocks: dict[str, Interlock] = {item.id: item for item in register.interlocks}
        self._classes = register.classes
        self._permits: dict[str, Permit] = {}
        self._touched: dict[str, Permit] = {}
        self._number = 0
        self._reconciled_wall_ns = 0

    def restore(self, permits: Sequence[Permit], number: int) -> None:
        """Take over the stored open permits; `number` is that of the last permit ever given."""
        # the permit of an interlock that the register no longer has rests in the store until it is there again
        self._permits = {
            permit.id: permit for permit in permits if permit.state in OPEN and permit.interlock in self._interlocks
        }
        self._number = number

    def open(self) -> tuple[Permit, ...]:
        """Permits that still matter, oldest first."""
        return tuple(self._permits.values())

    def changed(self) -> tuple[Permit, ...]:
        """Permits that must be persisted since the last call."""
        touched, self._touched = tuple(self._touched.values()), {}
        return touched

    # --- commands -----------------------------------------------------------------------------

    def obey(self, command: PermitCommand, wall_ns: int) -> PermitStep:
        """Carry out what a person asks.

        :raises CommandRefusedError: it is not allowed; the message says why and what to do.
        :raises ConflictError: somebody was first.
        """
        if isinstance(command, Request):
            return self._request(command, wall_ns)
        permit = self._permits.get(command.id)
        if permit is None:
            raise ConflictError(f"没有进行中的旁路许可 {command.id}", f"there is no open permit {command.id}")
        if isinstance(command, Approve):
            return self._approve(permit, command, wall_ns)
        return self._other(permit, command, wall_ns)

    def _request(self, command: Request, wall_ns: int) -> PermitStep:
        interlock = self._interlocks.get(command.interlock)
        if interlock is None:
            raise CommandRefusedError(f"没有联锁 {command.interlock}", f"there is no interlock {command.interlock}")
        rules = self._classes[interlock.interlock_class]
        bits = tuple(bit.tag for bit in interlock.bypass_bits)
        _refuse_texts(command)
        unknown = [bit for bit in command.bits if bit not in bits]
        if unknown or not command.bits:
            named = "、".join(unknown) or "无"
            listed = ", ".join(bits)
            raise CommandRefusedError(
                f"旁路开关不属于此联锁：{named}；可选 {listed}", f"bypass bits must be of {listed}"
            )
        if command.start_wall_ns < wall_ns - EARLIEST_NS or command.until_wall_ns <= command.start_wall_ns:
            raise CommandRefusedError("开始时间已过或不早于结束时间", "the start is past, or not before the end")
        if command.until_wall_ns - command.start_wall_ns > rules.longest_s * 1e9:
            hours = rules.longest_s / 3600
            raise CommandRefusedError(
                f"{rules.id} 级联锁一次最长旁路 {hours:g} 小时", f"class {rules.id} may be bypassed {hours:g} h at most"
            )
        for other in self._of(interlock.id):
            # one that begins where the other ends follows it: an overdue bypass can be approved again
            if set(other.bits) & set(command.bits) and not _follows(command, other):
                raise ConflictError(
                    f"{other.requested_name} 已为此开关申请许可 {other.id}",
                    f"{other.requested_name} asked for {other.id} on this bit already",
                )
        self._number += 1
        permit = Permit(
            id=f"P-{self._number:06d}",
            interlock=interlock.id,
            bits=command.bits,
            reason=command.reason.strip(),
            risk=command.risk.strip(),
            measures=tuple(measure.strip() for measure in command.measures),
            start_wall_ns=command.start_wall_ns,
            until_wall_ns=command.until_wall_ns,
            requested_by=command.person,
            requested_name=command.person_name,
            requested_wall_ns=wall_ns,
            ladder=rules.approval,
            check_every_s=command.check_every_s,
        )
        self._keep(permit)
        return PermitStep(
            permit=permit,
            trigger=PermitTrigger.REQUESTED,
            before=None,
            wall_ns=wall_ns,
            person=command.person,
            person_name=command.person_name,
            comment=permit.reason,
        )

    def _approve(self, permit: Permit, command: Approve, wall_ns: int) -> PermitStep:
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
        approved = replace(permit, approvals=(*permit.approvals, approval))
        trigger = PermitTrigger.APPROVED if approved.next_role is None else PermitTrigger.APPROVED_BY_ONE
        return self._step(approved, trigger, wall_ns, command, comment=command.comment, role=command.role)

    def _other(
        self, permit: Permit, command: Refuse | Withdraw | Revoke | CheckMeasures | CheckFunction, wall_ns: int
    ) -> PermitStep:
        if isinstance(command, Refuse | Revoke | CheckMeasures | CheckFunction) and not command.comment.strip():
            raise CommandRefusedError("请写明情况或原因", "say why, or what was found")
        if isinstance(command, Withdraw) and command.person != permit.requested_by:
            raise CommandRefusedError(
                f"只有申请人 {permit.requested_name} 能撤回",
                f"only {permit.requested_name}, who asked, can withdraw it",
            )
        if isinstance(command, Refuse | Revoke) and command.role not in permit.ladder:
            roles = ", ".join(permit.ladder)
            raise CommandRefusedError(f"只有审批角色能这样做：{roles}", f"only the approving roles may: {roles}")
        if isinstance(command, CheckMeasures):
            check = MeasureCheck(
                wall_ns=wall_ns, person=command.person, person_name=command.person_name, note=command.comment.strip()
            )
            permit = replace(permit, checks=(*permit.checks, check), check_due_wall_ns=_next_check(permit, wall_ns))
            return self._step(permit, PermitTrigger.MEASURE_CHECKED, wall_ns, command, comment=command.comment)
        if isinstance(command, CheckFunction):
            trigger = PermitTrigger.CHECKED if command.passed else PermitTrigger.CHECK_FAILED
            return self._step(permit, trigger, wall_ns, command, comment=command.comment)
        triggers = {
            Refuse: PermitTrigger.REFUSED, Withdraw: PermitTrigger.WITHDRAWN, Revoke: PermitTrigger.REVOKED,
        }  # fmt: skip
        return self._step(permit, triggers[type(command)], wall_ns, command, comment=command.comment)

    # --- reconciliation -----------------------------------------------------------------------

    def reconcile(self, bits: Mapping[str, Mapping[str, Verdict]], wall_ns: int) -> Reconciled:
        """Compare permits with the live bits; `bits` holds interlock id -> bit tag -> does it stand bypassed.

        Needed of every interlock that has a bit TRUE or an open permit; a bit that is UNKNOWN neither begins nor ends a
        use.
        """
        steps: list[PermitStep] = []
        self._reconciled_wall_ns = wall_ns
        for permit in self.open():
            steps += self._moved(permit, bits.get(permit.interlock, {}), wall_ns)
        cover: dict[str, Cover] = {}
        unused: list[str] = []
        concerned = {*(permit.interlock for permit in self._permits.values()), *bits}
        for interlock in sorted(concerned):
            found = self._cover(interlock, bits.get(interlock, {}), wall_ns)
            if found is not Cover.NONE:
                cover[interlock] = found
            stands = any(verdict is not Verdict.FALSE for verdict in bits.get(interlock, {}).values())
            if found is Cover.ACTIVE and not stands:
                unused.append(interlock)
        return Reconciled(steps=tuple(steps), cover=cover, unused=tuple(unused))

    def next_deadline_ns(self) -> int | None:
        """Wall time at which time alone moves a permit on; None when none ever will."""
        due = [moment for permit in self._permits.values() for moment in _moments(permit)]
        # what is past was judged then: a permit that began long ago is no reason to hurry
        return min((moment for moment in due if moment > self._reconciled_wall_ns), default=None)

    def _moved(self, permit: Permit, bits: Mapping[str, Verdict], wall_ns: int) -> list[PermitStep]:
        steps: list[PermitStep] = []

        def take(trigger: PermitTrigger, **more: object) -> None:
            steps.append(self._step(self._permits[permit.id], trigger, wall_ns, **more))  # type: ignore[arg-type]

        mine = [bits.get(bit, Verdict.UNKNOWN) for bit in permit.bits]
        if permit.state in (PermitState.APPROVED, PermitState.RESTORING) and Verdict.TRUE in mine:
            if permit.is_running(wall_ns):
                take(PermitTrigger.USED)
        elif permit.state is PermitState.IN_USE and all(verdict is Verdict.FALSE for verdict in mine):
            rules = self._classes[self._interlocks[permit.interlock].interlock_class]
            take(PermitTrigger.CLEARED if rules.function_check else PermitTrigger.CLEARED_UNCHECKED)
        if permit.id in self._permits:
            for mark, role in MARKS:
                now = self._permits[permit.id]
                if mark not in now.marks_told and wall_ns >= _mark_wall_ns(now, mark) and now.state in _CLOCKED:
                    take(PermitTrigger.MARK, mark=mark, role=role)
            now = self._permits[permit.id]
            if now.check_due_wall_ns is not None and wall_ns >= now.check_due_wall_ns:
                take(PermitTrigger.MEASURE_MISSED)
            if now.state in (PermitState.REQUESTED, PermitState.APPROVED) and wall_ns >= now.until_wall_ns:
                take(PermitTrigger.ENDED)
        return steps

    def _cover(self, interlock: str, bits: Mapping[str, Verdict], wall_ns: int) -> Cover:
        permits = self._of(interlock)
        standing = {bit for bit, verdict in bits.items() if verdict is Verdict.TRUE}
        running = [permit for permit in permits if permit.is_running(wall_ns)]
        in_use = [permit for permit in permits if permit.state is PermitState.IN_USE]
        allowed = {bit for permit in running if permit.state is not PermitState.RESTORING for bit in permit.bits}
        outlived = {bit for permit in in_use if not permit.is_running(wall_ns) for bit in permit.bits}
        if standing:
            if not self._interlocks[interlock].permit_required:
                return Cover.ACTIVE
            if standing - allowed - outlived:
                return Cover.WRONG_INPUT if running or in_use else Cover.NONE
            return Cover.OVERDUE if standing - allowed else Cover.ACTIVE
        if any(permit.state is PermitState.RESTORING for permit in permits):
            return Cover.RESTORING
        return Cover.ACTIVE if allowed else Cover.NONE

    # --- steps --------------------------------------------------------------------------------

    def _of(self, interlock: str) -> list[Permit]:
        return [permit for permit in self._permits.values() if permit.interlock == interlock]

    def _step(
        self,
        permit: Permit,
        trigger: PermitTrigger,
        wall_ns: int,
        command: PermitCommand | None = None,
        *,
        comment: str = "",
        role: str = "",
        mark: int = 0,
    ) -> PermitStep:
        after = PERMIT_STEPS.get((permit.state, trigger))
        if after is None:
            raise CommandRefusedError(
                f"许可 {permit.id} 处于 {permit.state}，不能这样做",
                f"{permit.id} is {permit.state}: this cannot be done now",
            )
        person, name = (command.person, command.person_name) if command else ("", "")
        changed = _changed(replace(permit, state=after), trigger, wall_ns, mark)
        if after not in OPEN:
            changed = replace(
                changed, ended_wall_ns=wall_ns, ended_by=person, ended_name=name, ended_note=comment.strip()
            )
        self._keep(changed)
        return PermitStep(
            permit=changed,
            trigger=trigger,
            before=permit.state,
            wall_ns=wall_ns,
            person=person,
            person_name=name,
            comment=comment.strip(),
            role=role,
            mark=mark,
        )

    def _keep(self, permit: Permit) -> None:
        self._touched[permit.id] = permit
        if permit.state in OPEN:
            self._permits[permit.id] = permit
        else:
            self._permits.pop(permit.id, None)


_CLOCKED: Final = (PermitState.APPROVED, PermitState.IN_USE, PermitState.RESTORING)
"""The clock of a permit runs from its start, used or not, until it is closed."""


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


def _follows(command: Request, other: Permit) -> bool:
    return other.state is not PermitState.RESTORING and command.start_wall_ns >= other.until_wall_ns


def _next_check(permit: Permit, wall_ns: int) -> int | None:
    return None if permit.check_every_s is None else wall_ns + round(permit.check_every_s * 1e9)


def _mark_wall_ns(permit: Permit, mark: int) -> int:
    return permit.start_wall_ns + (permit.until_wall_ns - permit.start_wall_ns) * mark // 100


def _moments(permit: Permit) -> list[int]:
    moments = [permit.check_due_wall_ns] if permit.check_due_wall_ns is not None else []
    if permit.state in _CLOCKED:
        moments += [_mark_wall_ns(permit, mark) for mark, _ in MARKS if mark not in permit.marks_told]
    if permit.state is PermitState.APPROVED:
        moments.append(permit.start_wall_ns)
    if permit.state in (PermitState.REQUESTED, PermitState.APPROVED):
        moments.append(permit.until_wall_ns)
    return moments


def _refuse_texts(command: Request) -> None:
    missing = [
        (zh, en)
        for zh, en, given in (
            ("原因", "reason", command.reason.strip()),
            ("风险", "risk", command.risk.strip()),
            ("补偿措施", "compensating measures", command.measures and all(item.strip() for item in command.measures)),
        )
        if not given
    ]
    if missing:
        zh, en = "、".join(item[0] for item in missing), ", ".join(item[1] for item in missing)
        raise CommandRefusedError(f"必填：{zh}", f"must be given: {en}")
