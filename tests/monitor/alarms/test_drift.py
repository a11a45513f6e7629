"""Drift of the master alarm database: every difference is named, none is invented, an approval survives the journal."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from monitor.alarms.drift import Approval, approval_entry, approval_of, compare
from monitor.store.body import entry_body

hashes = st.dictionaries(st.sampled_from(("A", "B", "C", "D.HH")), st.sampled_from(("1", "2", "3")))


def approval(found: dict[str, str], fingerprint: str = "files") -> Approval:
    return Approval(
        seq=7, wall_ns=1, person="li", person_name="李娜", reason="MOC-1", fingerprint=fingerprint, hashes=found
    )


def test_never_approved_is_shown_and_is_no_drift() -> None:
    found = compare(None, {"A": "1"}, "files", "files")
    assert (found.state, found.definitions, found.files_differ) == ("never_approved", (), False)


def test_what_runs_as_approved() -> None:
    found = compare(approval({"A": "1", "B": "2"}), {"B": "2", "A": "1"}, "files", "files")
    assert (found.state, found.definitions) == ("approved", ())


def test_new_changed_and_removed_definitions() -> None:
    found = compare(approval({"A": "1", "B": "2"}), {"A": "9", "C": "3"}, "other", "other")
    assert found.state == "drifted"
    assert [(item.id, item.drift, item.approved_hash, item.running_hash) for item in found.definitions] == [
        ("A", "changed", "1", "9"),
        ("B", "removed", "2", None),
        ("C", "never_approved", None, "3"),
    ]


def test_a_file_that_differs_is_drift_before_it_runs() -> None:
    found = compare(approval({"A": "1"}), {"A": "1"}, "files", "edited")
    assert (found.state, found.files_differ, found.definitions) == ("drifted", True, ())


@given(hashes, hashes)
def test_drift_is_the_difference(approved: dict[str, str], running: dict[str, str]) -> None:
    found = compare(approval(approved), running, "files", "files")
    differing = {
        alarm_id for alarm_id in approved.keys() | running.keys() if approved.get(alarm_id) != running.get(alarm_id)
    }
    assert [item.id for item in found.definitions] == sorted(differing)
    assert (found.state == "approved") == (approved == running)


@given(hashes, st.text(min_size=1, max_size=20))
def test_an_approval_is_read_back_from_its_entry(found: dict[str, str], reason: str) -> None:
    entry = approval_entry(
        hashes=found, fingerprint="files", person="li", person_name="李娜", reason=reason, wall_ns=12
    )
    body = orjson.loads(entry_body("demo", entry))
    again = approval_of(3, body)
    assert again is not None
    assert (again.seq, again.wall_ns, again.person, again.person_name) == (3, 12, "li", "李娜")
    assert (again.fingerprint, dict(again.hashes)) == ("files", found)
    assert again.reason == reason
    assert str(len(found)) in entry.message_en


def test_other_entries_are_no_approvals() -> None:
    assert approval_of(1, {"kind": "definition", "values": {}}) is None
    assert approval_of(1, {"kind": "start", "values": {"approved": {}}}) is None
