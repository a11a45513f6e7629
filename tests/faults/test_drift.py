"""Drift on the whole chain: the demo starts approved, a file that is edited is an alarm, an approval ends it."""

import pytest

from tests.faults.rig import Rig, redline, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
EDITED = "P-101.FAULT.state"


def test_what_is_edited_is_drift_until_it_is_approved(rig: Rig) -> None:
    rig.start()
    until("the plant is compared", lambda: rig.get("/definitions/drift")["state"] == "approved")
    calm = rig.get("/definitions/drift")
    assert (calm["drift"], calm["files_differ"], calm["definitions"]) == (0, False, [])
    assert calm["approved_fingerprint"] == calm["running_fingerprint"] == calm["folder_fingerprint"]
    assert len(rig.entries("definition")) == 1
    assert rig.state("system.drift") == "normal"

    sheet = (rig.plant / "alarms.csv").read_text(encoding="utf-8").splitlines()
    header = sheet[0].split(",")
    place = next(at for at, line in enumerate(sheet) if line.startswith(f"{EDITED},"))
    cells = sheet[place].split(",")
    cells[header.index("on_delay_s")] = "2"
    edited = [*sheet[:place], ",".join(cells), *sheet[place + 1 :]]
    (rig.plant / "alarms.csv").write_text("\n".join(edited) + "\n", encoding="utf-8")
    rig.wait_for("system.drift", "unacknowledged")
    found = rig.get("/definitions/drift")
    assert (found["state"], found["files_differ"], found["drift"]) == ("drifted", True, 0)
    assert (rig.scanning() or {})["approval"] == "drifted"

    # approving needs the state folder, a person of the plant and a reason
    command = ("approve", str(rig.plant), "--state", str(rig.state_dir), "--language", "en")
    refused = redline(*command, "--person", "zhao-mingyuan", "--reason", "MOC-12")
    assert refused.returncode == 1, "the service holds the state folder"
    assert rig.stop() == 0
    for person, reason in (("nobody", "MOC-12"), ("zhao-mingyuan", " ")):
        assert redline(*command, "--person", person, "--reason", reason).returncode == 1
    assert len(rig.entries("definition")) == 1
    approved = redline(*command, "--person", "zhao-mingyuan", "--reason", "MOC-12")
    assert approved.returncode == 0, approved.stderr
    assert "MOC-12" in approved.stdout

    rig.start()
    until("the plant is compared", lambda: rig.get("/definitions/drift")["state"] != "unknown")
    after = rig.get("/definitions/drift")
    assert (after["state"], after["drift"], after["reason"]) == ("approved", 0, "MOC-12")
    assert (after["approved_by"], after["approved_by_name"]) == ("zhao-mingyuan", "赵明远")
    rig.wait_for("system.drift", "returned_unacknowledged", "normal")
    assert len(rig.entries("definition")) == 2, "the demo does not approve what stands approved"
    history = rig.get(f"/definitions/{EDITED}/history")
    assert [step["step"] for step in history["steps"]] == ["approved", "approved"]
    assert history["steps"][0]["hash"] == history["running_hash"] == history["approved_hash"]
    assert history["steps"][0]["hash"] != history["steps"][1]["hash"]
    assert len(rig.get("/definitions/P-102.FAULT.state/history")["steps"]) == 1
