"""PLC-1 by subscription through the whole chain: quiet values stay good, a change is an alarm, a restart heals."""

from collections.abc import Iterator

import pytest

from tests.faults.rig import Rig, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with Rig(tmp_path_factory.mktemp("rig")) as running:
        running.edit(
            "plant.toml",
            'name_en = "Sphere farm PLC-1"\n',
            'name_en = "Sphere farm PLC-1"\nacquisition = "subscribe_with_integrity_polls"\nintegrity_period_s = 5\n',
        )
        running.start()
        yield running


def good(rig: Rig) -> bool:
    return all(tag["quality"] == "good" for tag in rig.tags().values() if tag["device"] == "PLC-1")


def test_quiet_values_stay_good_and_a_change_is_an_alarm(rig: Rig) -> None:
    until("all is good", lambda: good(rig))
    rig.fault("pause")  # nothing changes any more: only keep-alives and integrity polls speak for the values
    first = {name: tag["received_time"] for name, tag in rig.tags().items() if tag["device"] == "PLC-1"}
    until(
        "every value was vouched for again, and again",
        lambda: all(rig.tags()[name]["received_time"] > received for name, received in first.items()),
    )
    assert good(rig)
    assert not [alarm for alarm in rig.active() if "PLC-1" in alarm]
    rig.fault("resume")
    rig.fault("show", tag="PT-203A", value=1.7)
    rig.wait_for("PT-203A.HH", "unacknowledged")
    rig.fault("unfreeze", tag="PT-203A")
    rig.wait_for("PT-203A.HH", "returned_unacknowledged")
    assert rig.device("PLC-1")["state"] == "up", rig.device("PLC-1")


def test_a_server_that_dies_and_comes_back_is_watched_again(rig: Rig) -> None:
    rig.fault("kill-plc1")
    rig.wait_for("PLC-1.link", "unacknowledged")
    rig.fault("start-plc1")
    rig.wait_for("PLC-1.link", "returned_unacknowledged")
    until("all is good again", lambda: good(rig))
    rig.fault("show", tag="PT-203A", value=1.7)
    rig.wait_for("PT-203A.HH", "unacknowledged")
    rig.fault("unfreeze", tag="PT-203A")
