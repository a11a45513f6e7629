"""A request for a bypass: what it must say, how long it may ask for, and the permit that it becomes.  Pure."""

from collections.abc import Sequence
from typing import Final

from monitor.alarms.commands import CommandRefusedError, ConflictError
from monitor.interlocks.permit_commands import Request
from monitor.interlocks.permits import Permit, PermitState, PermitStep, PermitTrigger
from monitor.interlocks.register import Interlock, InterlockClass

EARLIEST_NS: Final = 60_000_000_000
"""A permit may begin at most this long before it is asked for: clocks of phones differ."""


def check_request(
    command: Request, interlock: Interlock, rules: InterlockClass, others: Sequence[Permit], wall_ns: int
) -> None:
    """Refuse a request that lacks something, asks for too much, or wants a bit for which a permit of `others` is open.

    :raises CommandRefusedError: it is not allowed; the message says why and what to do.
    :raises ConflictError: somebody was first.
    """
    _refuse_texts(command)
    _refuse_bits(command, interlock)
    _refuse_times(command, rules, wall_ns)
    for other in others:
        # one that begins where the other ends follows it: an overdue bypass can be approved again
        if set(other.bits) & set(command.bits) and not _follows(command, other):
            raise ConflictError(
                f"{other.requested_name} 已为此开关申请许可 {other.id}",
                f"{other.requested_name} asked for {other.id} on this bit already",
            )


def first_step(command: Request, permit_id: str, rules: InterlockClass, wall_ns: int) -> PermitStep:
    """The permit that a checked request becomes, and how it was asked for."""
    permit = Permit(
        id=permit_id,
        interlock=command.interlock,
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
    return PermitStep(
        permit=permit,
        trigger=PermitTrigger.REQUESTED,
        before=None,
        wall_ns=wall_ns,
        person=command.person,
        person_name=command.person_name,
        comment=permit.reason,
    )


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


def _refuse_bits(command: Request, interlock: Interlock) -> None:
    bits = tuple(bit.tag for bit in interlock.bypass_bits)
    unknown = [bit for bit in command.bits if bit not in bits]
    if unknown or not command.bits:
        named = "、".join(unknown) or "无"
        listed = ", ".join(bits)
        raise CommandRefusedError(f"旁路开关不属于此联锁：{named}；可选 {listed}", f"bypass bits must be of {listed}")


def _refuse_times(command: Request, rules: InterlockClass, wall_ns: int) -> None:
    if command.start_wall_ns < wall_ns - EARLIEST_NS or command.until_wall_ns <= command.start_wall_ns:
        raise CommandRefusedError("开始时间已过或不早于结束时间", "the start is past, or not before the end")
    if command.until_wall_ns - command.start_wall_ns > rules.longest_s * 1e9:
        hours = rules.longest_s / 3600
        raise CommandRefusedError(
            f"{rules.id} 级联锁一次最长旁路 {hours:g} 小时", f"class {rules.id} may be bypassed {hours:g} h at most"
        )


def _follows(command: Request, other: Permit) -> bool:
    return other.state is not PermitState.RESTORING and command.start_wall_ns >= other.until_wall_ns
