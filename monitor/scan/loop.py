"""The scan itself: drain, judge, command, commit, publish.  What it decided is on disk before anyone is told."""

import asyncio
from collections.abc import Sequence
from typing import Final

from monitor.alarms.annunciations import StepColumns
from monitor.alarms.board import Board
from monitor.alarms.drift import Drift
from monitor.alarms.horn import Horns
from monitor.alarms.positions import Positions
from monitor.alarms.record import Entry
from monitor.alarms.transition import Alarm, AlarmEvent, Transition
from monitor.clock import Clock
from monitor.hazards.view import View
from monitor.interlocks.keeping import LeftOut
from monitor.interlocks.permits import Permit
from monitor.interlocks.stored import Instant, StoredInterlock
from monitor.notify.policy import decide
from monitor.scan.barriers import Barriers
from monitor.scan.conditions import Facts, GeneratedConditions, joined
from monitor.scan.diagnostics import Diagnostics
from monitor.scan.floods import FloodWatch, owners_of
from monitor.scan.inbox import Inbox
from monitor.scan.orders import carry_out
from monitor.scan.pace import Pace
from monitor.scan.plan import ScanPlan
from monitor.scan.ports import JournalPort
from monitor.scan.publisher import Publisher
from monitor.scan.shadow import Shadow
from monitor.scan.suppressions import Suppressing, carried_out
from monitor.store.commit import Commit, Committed
from rules.catalog import RuleSet
from rules.columns.latest import Latest
from rules.columns.quality import Quality
from rules.columns.readings import ReadingBatch
from rules.columns.snapshot import Snapshot
from rules.evaluate import evaluate, next_deadline_ns
from rules.memory import Memory, seed
from rules.restore import Restored, restore
from rules.stored import StoredPart

CLOCK_STEP_NS: Final = 1_000_000_000
CLOCK_STEP_SHOWN_NS: Final = 60_000_000_000
"""How long `system.clock_step` stands after a step."""
TURNS_TO_TELL: Final = 2
"""Turns of the loop until what a scan told has left: one for who waits for an answer and for the hub, one for its senders."""
_NEVER_SEEN: Final = int(Quality.NEVER_SEEN)


class Scanner:
    """Owns Latest, the rules' memory and the board; the only writer of alarms."""

    def __init__(
        self, plan: ScanPlan, inbox: Inbox, publisher: Publisher, journal: JournalPort, clock: Clock, facts: Facts
    ) -> None:
        self._plan = plan
        self._inbox = inbox
        self._publisher = publisher
        self._journal = journal
        self._clock = clock
        self._facts = facts
        self._latest = Latest(plan.table)
        self._board = Board(plan.definitions, plan.philosophy)
        positions = Positions(plan.philosophy.positions)
        self._horns = Horns(positions)
        self._floods = FloodWatch(owners_of(positions, plan.definitions), plan.performance.flood)
        self._barriers = Barriers(
            plan.register, plan.definitions, plan.table, plan.transfer_conditions, plan.start_grace_ns
        )
        self._generated = GeneratedConditions(
            plan.definitions,
            plan.table,
            plan.rule_set,
            plan.start_grace_ns,
            plan.device_bad_share,
            len(self._barriers.ids),
        )
        self._judged_ids = (*plan.rule_set.ids, *self._barriers.ids)
        self._ids = (*self._judged_ids, *self._generated.ids)
        self._suppressing = Suppressing(
            plan.suppressions, plan.suppression_conditions, self._ids, plan.table, plan.start_grace_ns
        )
        self._start_mono_ns = clock.mono_ns()
        self._memory = seed(plan.rule_set, {}, self._start_mono_ns)
        self._generated_memory = self._generated.remember((), self._start_mono_ns)
        self._suppressing.restore((), self._start_mono_ns)
        self._restored: tuple[Transition, ...] = ()
        self._entries: list[Entry] = []
        self._clocks = (self._start_mono_ns, clock.wall_ns())
        self._clock_step_until_ns = 0
        self._pace = Pace(inbox, clock)
        self._scan = 0
        self._seq = 0
        self._settled = asyncio.Event()
        self.plant_differs = False
        self.drift: Drift | None = None
        self.shadow: Shadow | None = None
        """Rules that are judged beside the live ones, after each scan; they raise nothing."""
        self.diagnostics = Diagnostics(clock)
        """How long scans take and how far apart they end."""
        self._last_end_ns = self._start_mono_ns

    def restore(self, alarms: Sequence[Alarm], seq: int, stored: Sequence[StoredPart] = ()) -> Restored:
        """Take over the board and the rules' memory of the last run before the first scan; returns what became of the
        memory.  `seq` is the last journal row on disk.
        """
        wall_ns = self._clock.wall_ns()
        self._restored = self._board.restore(alarms, wall_ns)
        standing = self._board.alarms()
        active = {alarm.id: alarm.condition_true for alarm in standing}
        restored = restore(self._plan.rule_set, stored, active, self._start_mono_ns, wall_ns)
        self._memory = restored.memory
        self._generated_memory = self._generated.remember(standing, self._start_mono_ns)
        self._suppressing.restore(standing, self._start_mono_ns)
        self._horns.restore(self._plan.definitions, standing)
        self._seq = seq
        return restored

    def restore_permits(self, permits: Sequence[Permit], number: int) -> None:
        """Take over the bypass permits of the last run before the first scan; `number` is the last one ever given."""
        self._barriers.restore(permits, number)

    def restore_interlocks(self, rows: Sequence[StoredInterlock], boot: str) -> tuple[LeftOut, ...]:
        """Go on with the open demands and trips of the last run before the first scan; returns what was left out.

        `boot`: by what this start of the machine is known (`monitor.clock.boot_id`).
        """
        return self._barriers.remember(rows, Instant(self._start_mono_ns, self._clock.wall_ns(), boot))

    @property
    def rule_set(self) -> RuleSet:
        """What it judges."""
        return self._plan.rule_set

    @property
    def memory(self) -> Memory:
        """What the rules remember now."""
        return self._memory

    def remember(self, steps: StepColumns) -> None:
        """Count floods on from what the last run annunciated, before the first scan."""
        self._floods.seed(steps, self._clock.mono_ns(), self._clock.wall_ns())

    def note(self, entry: Entry) -> None:
        """Have the next commit write an entry that is not an alarm."""
        self._entries.append(entry)
        self._inbox.wake()

    async def settled(self) -> None:
        """Return when the board can be believed: every point was read once, or the start grace is over."""
        await self._settled.wait()

    async def run(self) -> None:
        """Scan until cancelled.

        :raises Exception: a commit failed; the service must end, nothing decided may go on untold.
        """
        while True:
            await self.wait()
            await self.scan()
            # a batch may wait already: its scan must not come between a decision and those who wait for it
            for _ in range(TURNS_TO_TELL):
                await asyncio.sleep(0)

    async def scan(self) -> None:
        """One scan, from what waits in the inbox to the published view."""
        mono_ns, wall_ns = self._tell_time()
        transitions, self._restored = list(self._restored), ()
        snapshot, blind = self._latest_snapshot(transitions, mono_ns, wall_ns)
        done = carry_out(self._publisher.commands(), self._board, self._horns, self._barriers, wall_ns)
        transitions += done.transitions
        self._entries += done.entries
        self._horns.hear(transitions)
        self._entries += self._floods.hear(transitions, mono_ns, wall_ns)
        committed = await self._commit(tuple(transitions), wall_ns)
        self._publish(snapshot, blind, transitions, committed)
        for waiting, outcome in done.answers:
            self._publisher.answer(waiting, outcome)
        if not self._settled.is_set() and self._is_settled(snapshot, mono_ns):
            self._settled.set()
        self._measure(mono_ns)
        if self.shadow is not None:
            self.shadow.judge()

    def _measure(self, begun_ns: int) -> None:
        ended_ns = self._clock.mono_ns()
        self.diagnostics.scans.add(ended_ns, ended_ns - begun_ns)
        self.diagnostics.intervals.add(ended_ns, ended_ns - self._last_end_ns)
        self._last_end_ns = ended_ns

    async def wait(self) -> None:
        """Until there is something to do; see `Pace`."""
        rules_ns = next_deadline_ns(self._plan.rule_set, self._memory)
        generated_ns = self._generated.next_deadline_ns(self._generated_memory)
        await self._pace.wait((rules_ns, generated_ns, self._barriers.next_mono_ns(), self._wall_deadline_ns()))

    def _wall_deadline_ns(self) -> int | None:
        """Mono time at which the board or a permit does something by itself."""
        due = [
            moment for moment in (self._board.next_deadline_ns(), self._barriers.next_wall_ns()) if moment is not None
        ]
        if not due:
            return None
        mono_ns, wall_ns = self._clocks
        return mono_ns + min(due) - wall_ns

    def _tell_time(self) -> tuple[int, int]:
        """Both clocks, and a journal entry and a condition when the wall clock stepped."""
        mono_ns, wall_ns = self._clock.mono_ns(), self._clock.wall_ns()
        step_ns = (wall_ns - self._clocks[1]) - (mono_ns - self._clocks[0])
        self._clocks = (mono_ns, wall_ns)
        if abs(step_ns) > CLOCK_STEP_NS:
            self._clock_step_until_ns = mono_ns + CLOCK_STEP_SHOWN_NS
            self._board.clock_stepped(step_ns)
            self._suppressing.clock_stepped(step_ns)
            seconds = step_ns / 1e9
            self._entries.append(
                Entry(
                    kind="clock_step",
                    wall_ns=wall_ns,
                    message_zh=f"系统时钟跳变 {seconds:+.3f} 秒",
                    message_en=f"The system clock stepped by {seconds:+.3f} s",
                    values={"step_ns": step_ns},
                )
            )
        self._facts.system["system.clock_step"] = mono_ns < self._clock_step_until_ns
        return mono_ns, wall_ns

    def _latest_snapshot(
        self, transitions: list[Transition], mono_ns: int, wall_ns: int
    ) -> tuple[Snapshot, tuple[int, ...]]:
        """Evaluate what waits, step by step; one step when nothing waits, since time passes too."""
        steps: list[list[ReadingBatch]] = self._inbox.drain() or [[]]
        links = self._inbox.links()
        self._facts.system["system.clock_skew"] = any(link.clock_is_off for link in links.values())
        blind: tuple[int, ...] = ()
        for step in steps:
            for batch in step:
                self._latest.apply(batch)
            snapshot = self._latest.freeze(mono_ns, wall_ns)
            verdicts, self._memory = evaluate(self._plan.rule_set, snapshot, self._memory, mono_ns)
            if self.shadow is not None:
                self.shadow.see(snapshot, self._memory)
            generated, self._generated_memory, blind = self._generated.judge(
                snapshot, links, self._facts, self._generated_memory
            )
            verdicts, barriers, entries = self._barriers.judge(snapshot, self._board.alarms(), verdicts)
            self._entries += entries
            all_three = joined(self._ids, joined(self._judged_ids, verdicts, barriers), generated)
            transitions += self._suppressing.apply(self._board, snapshot, all_three, wall_ns)
            follow = self._barriers.follow(self._board.alarms(), snapshot)
            transitions += carried_out(follow, self._board, wall_ns)
        return snapshot, blind

    async def _commit(self, transitions: tuple[Transition, ...], wall_ns: int) -> Committed | None:
        """Write what was decided; None when nothing was."""
        changed = self._board.changed()
        entries, self._entries = tuple(self._entries), []
        permits = self._barriers.watch.book.changed()
        interlocks = self._barriers.changed(*self._clocks)
        if not (transitions or changed or entries or permits or interlocks):
            return None
        rows, supersede = decide(transitions, self._plan.notification, wall_ns)
        commit = Commit(
            wall_ns=wall_ns,
            transitions=transitions,
            alarms=changed,
            outbox=tuple(rows),
            supersede=tuple(supersede),
            entries=entries,
            permits=permits,
            interlocks=interlocks,
        )
        committed = await self._journal.commit(commit)
        self._seq = committed.seq
        return committed

    def _publish(
        self,
        snapshot: Snapshot,
        blind: tuple[int, ...],
        transitions: Sequence[Transition],
        committed: Committed | None,
    ) -> None:
        events = [
            AlarmEvent(seq=seq, transition=transition, journaled_wall_ns=committed.journaled_wall_ns)
            for seq, transition in zip(committed.transition_seqs, transitions, strict=True)
        ] if committed is not None else []  # fmt: skip
        self._scan += 1
        view = View(
            scan=self._scan,
            mono_ns=self._clock.mono_ns(),
            wall_ns=self._clock.wall_ns(),
            snapshot=snapshot,
            alarms=self._board.alarms(),
            horns=self._horns.states(),
            floods=self._floods.states,
            drift=self.drift,
            barriers=self._barriers.view(),
            journal_seq=self._seq,
            links=self._inbox.links(),
            channels=dict(self._facts.channels),
            blind=blind,
            plant_differs=self.plant_differs,
            overruns=self._inbox.overruns,
            memory=self._memory,
            shadow=self.shadow.state if self.shadow is not None else None,
            suppressed=self._suppressing.now(),
        )
        self._publisher.publish(view, events)

    def _is_settled(self, snapshot: Snapshot, mono_ns: int) -> bool:
        seen = not bool((snapshot.quality == _NEVER_SEEN).any())
        return seen or mono_ns - self._start_mono_ns >= self._plan.start_grace_ns
