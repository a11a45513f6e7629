"""The permit book: commands and bypass bits in, steps out; every scan it is reconciled with the live bits.  Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from monitor.alarms.commands import CommandRefusedError, ConflictError
from monitor.interlocks.axes import Cover
from monitor.interlocks.permit_commands import Approve, PermitCommand, Request
from monitor.interlocks.permit_requests import check_request, first_step
from monitor.interlocks.permit_steps import approved, moments, moved, told
from monitor.interlocks.permits import OPEN, Permit, PermitState, PermitStep
from monitor.interlocks.register import Interlock, Register
from rules.verdicts import Verdict


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
            return self._keep(approved(permit, command, wall_ns))
        return self._keep(told(permit, command, wall_ns))

    def _request(self, command: Request, wall_ns: int) -> PermitStep:
        interlock = self._interlocks.get(command.interlock)
        if interlock is None:
            raise CommandRefusedError(f"没有联锁 {command.interlock}", f"there is no interlock {command.interlock}")
        rules = self._classes[interlock.interlock_class]
        check_request(command, interlock, rules, self._of(interlock.id), wall_ns)
        self._number += 1
        return self._keep(first_step(command, f"P-{self._number:06d}", rules, wall_ns))

    def reconcile(self, bits: Mapping[str, Mapping[str, Verdict]], wall_ns: int) -> Reconciled:
        """Compare permits with the live bits; `bits` holds interlock id -> bit tag -> does it stand bypassed.

        Needed of every interlock that has a bit TRUE or an open permit; a bit that is UNKNOWN neither begins nor ends a
        use.
        """
        steps: list[PermitStep] = []
        self._reconciled_wall_ns = wall_ns
        for permit in self.open():
            rules = self._classes[self._interlocks[permit.interlock].interlock_class]
            found_steps = moved(permit, bits.get(permit.interlock, {}), rules.function_check, wall_ns)
            steps.extend(self._keep(step) for step in found_steps)
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
        due = [moment for permit in self._permits.values() for moment in moments(permit)]
        # what is past was judged then: a permit that began long ago is no reason to hurry
        return min((moment for moment in due if moment > self._reconciled_wall_ns), default=None)

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

    def _of(self, interlock: str) -> list[Permit]:
        return [permit for permit in self._permits.values() if permit.interlock == interlock]

    def _keep(self, step: PermitStep) -> PermitStep:
        permit = step.permit
        self._touched[permit.id] = permit
        if permit.state in OPEN:
            self._permits[permit.id] = permit
        else:
            self._permits.pop(permit.id, None)
        return step
