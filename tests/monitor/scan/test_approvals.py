"""Approvals out of the journal: the newest counts, the demo approves itself once, the folder is compared when it changed."""

from collections.abc import Sequence
from pathlib import Path

from monitor.alarms.drift import approval_entry
from monitor.alarms.record import Entry, JournalRow
from monitor.notify.people import Person
from monitor.scan.approvals import DriftWatch, approve_demo, last_approval
from monitor.store.body import entry_body
from monitor.store.journal import open_journal
from tests.monitor.store.samples import PLANT, WALL_NS, StillClock, entry, settings

ZHANG = Person(id="zhang", name_zh="张伟", name_en="Zhang Wei")


def approval(reason: str, **hashes: str) -> Entry:
    return approval_entry(
        hashes=hashes, fingerprint="files", person="zhang", person_name="张伟", reason=reason, wall_ns=WALL_NS
    )


async def test_the_newest_approval_of_a_real_journal_counts(tmp_path: Path) -> None:
    async with open_journal(tmp_path, PLANT, settings(tmp_path), StillClock()) as store:
        assert await last_approval(store) is None
        await store.record(approval("first", A="1"))
        await store.record(approval("second", A="2"))
        await store.record(entry(kind="definition"))  # of this kind, and no approval
        found = await last_approval(store)
        assert found is not None
        assert (found.reason, dict(found.hashes), found.seq) == ("second", {"A": "2"}, 2)


class Counting:
    """A journal in memory."""

    def __init__(self) -> None:
        self.recorded: list[Entry] = []

    async def entries(self, kind: str, most: int) -> Sequence[JournalRow]:
        return [
            JournalRow(
                seq=seq, wall_ns=item.wall_ns, kind=item.kind, id=None, occurrence=None, transition=None,
                person=item.person, body=entry_body("demo", item), hash=b"",
            )
            for seq, item in reversed(list(enumerate(self.recorded, start=1)))
            if item.kind == kind
        ][:most]  # fmt: skip

    async def record(self, entry: Entry) -> None:
        self.recorded.append(entry)


async def test_the_demo_approves_itself_once_and_again_when_it_changed() -> None:
    journal = Counting()
    for fingerprint, hashes in (("one", {"A": "1"}), ("one", {"A": "1"}), ("two", {"A": "1"}), ("two", {"A": "2"})):
        await approve_demo(journal, hashes, fingerprint, (ZHANG,), WALL_NS)
    assert len(journal.recorded) == 3
    found = await last_approval(journal)
    assert found is not None
    assert (found.person, found.person_name, found.fingerprint, dict(found.hashes)) == (
        "zhang",
        "张伟",
        "two",
        {"A": "2"},
    )


async def test_a_plant_without_persons_can_still_be_shown() -> None:
    journal = Counting()
    await approve_demo(journal, {"A": "1"}, "one", (), WALL_NS)
    assert journal.recorded[0].person == "demo"


async def test_the_folder_is_compared_when_it_changed() -> None:
    journal = Counting()
    await journal.record(approval("first", A="1"))
    watch = DriftWatch(await last_approval(journal), {"A": "1"}, "files")
    calm = watch.look("files")
    assert calm.state == "approved"
    assert watch.look("files") is calm
    assert watch.look("edited").state == "drifted"
    assert watch.look("files").state == "approved"


def test_without_an_approval_nothing_drifts() -> None:
    assert DriftWatch(None, {"A": "1"}, "files").look("edited").state == "never_approved"
