"""What the journal gives to figures, floods, the sequence sheet and the history of definitions."""

from pathlib import Path

from monitor.alarms.lifecycle import State, Trigger
from monitor.store.commit import Commit
from monitor.store.journal import JournalStore, open_journal
from tests.monitor.store.samples import PLANT, WALL_NS, StillClock, alarm, entry, settings, transition

S = 1_000_000_000


async def put(store: JournalStore, second: int, alarm_id: str, trigger: Trigger, occurrence: int, number: int) -> None:
    at = WALL_NS + second * S
    step = transition(
        alarm_id,
        occurrence,
        number,
        trigger=trigger,
        after=State.UNACKNOWLEDGED,
        decided_wall_ns=at,
        person="wang" if trigger is Trigger.ACKNOWLEDGED else None,
        annunciated=trigger is not Trigger.SHELVED,
    )
    await store.commit(Commit(wall_ns=at, transitions=(step,)))


async def filled(store: JournalStore) -> None:
    await put(store, 0, "A", Trigger.RAISED, 1, 1)
    await put(store, 10, "B", Trigger.RAISED, 1, 1)
    await store.record(entry(wall_ns=WALL_NS + 11 * S))
    await put(store, 20, "A", Trigger.ACKNOWLEDGED, 1, 2)
    await put(store, 30, "A", Trigger.RETURNED, 1, 3)
    await put(store, 40, "A", Trigger.RAISED, 2, 1)
    await put(store, 50, "B", Trigger.SHELVED, 1, 2)


async def test_steps_of_a_period_with_what_began_before(tmp_path: Path) -> None:
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        await filled(store)
        found = await store.annunciations(WALL_NS + 15 * S, WALL_NS + 50 * S)
        listed = [
            (found.ids[name], found.triggers[trigger], (at - WALL_NS) // S, person)
            for name, trigger, at, person in zip(
                found.name.tolist(), found.trigger.tolist(), found.wall_ns.tolist(), found.person.tolist(), strict=True
            )
        ]
        assert listed == [
            ("A", "raised", 0, False),
            ("A", "acknowledged", 20, True),
            ("A", "returned", 30, False),
            ("A", "raised", 40, False),
        ]
        everything = await store.annunciations(0, 2**62)
        assert everything.is_new().tolist() == [True, True, False, False, True, False]
        assert len(await store.annunciations(WALL_NS + 60 * S, WALL_NS + 70 * S)) == 0


async def test_the_newest_steps_are_enough_after_a_restart(tmp_path: Path) -> None:
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        await filled(store)
        found = await store.recent_annunciations(WALL_NS, 2)
        assert [(found.ids[name], seq) for name, seq in zip(found.name.tolist(), found.seq.tolist(), strict=True)] == [
            ("B", 2),
            ("A", 6),
        ]
        assert len(await store.recent_annunciations(WALL_NS, 100)) == 3
        assert len(await store.recent_annunciations(WALL_NS + 25 * S, 100)) == 1


async def test_what_a_person_writes_is_not_taken_for_a_field(tmp_path: Path) -> None:
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        for number, (annunciated, priority) in enumerate(((True, 1), (False, 4), (True, 2), (False, 3)), start=1):
            step = transition(
                occurrence=number,
                comment='"annunciated":true,"priority":9 \\"annunciated":true',
                annunciated=annunciated,
                alarm=alarm(occurrence=number, priority=priority, detail=('"priority":7', '"annunciated":true')),
            )
            await store.commit(Commit(wall_ns=WALL_NS + number, transitions=(step,)))
        found = await store.annunciations(0, 2**62)
    assert found.annunciated.tolist() == [True, False, True, False]
    assert found.priority.tolist() == [1, 4, 2, 3]
    assert found.wall_ns.tolist() == [WALL_NS + number for number in range(1, 5)]


async def test_only_turns_of_a_condition_are_events(tmp_path: Path) -> None:
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        await filled(store)
        bodies = await store.turns(WALL_NS, WALL_NS + 100 * S, 10)
        assert [(body["seq"], body["id"], body["trigger"]) for body in bodies] == [
            (1, "A", "raised"),
            (2, "B", "raised"),
            (5, "A", "returned"),
            (6, "A", "raised"),
        ]
        assert len(await store.turns(WALL_NS, WALL_NS + 100 * S, 2)) == 3


async def test_entries_of_a_kind_newest_first(tmp_path: Path) -> None:
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        for at in range(3):
            await store.record(entry(kind="definition", wall_ns=WALL_NS + at, values={"at": at}))
            await filled_once(store, at)
        found = await store.entries("definition", 2)
        assert [row.seq for row in found] == [5, 3]
        assert {row.kind for row in found} == {"definition"}


async def filled_once(store: JournalStore, at: int) -> None:
    await put(store, at, "A", Trigger.RAISED, at + 1, 1)


async def test_steps_of_a_definition(tmp_path: Path) -> None:
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        await put(store, 0, "A", Trigger.RAISED, 1, 1)
        await put(store, 1, "A", Trigger.DEFINITION_CHANGED, 1, 2)
        await put(store, 2, "B", Trigger.DEFINITION_REMOVED, 1, 2)
        assert [row.seq for row in await store.definition_steps("A", 10)] == [2]
        assert [row.seq for row in await store.definition_steps("B", 10)] == [3]
        assert await store.definition_steps("C", 10) == []
