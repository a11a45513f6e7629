"""Every tag as our drivers read it, against what the simulated plant says that a right decoder reads."""

import math
from functools import partial

import pytest

from tests.faults.rig import Rig, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


def test_every_tag_is_the_truth(shared: Rig) -> None:
    shared.fault("pause")
    truth = shared.truth()
    before = {name: tag["received_time"] for name, tag in shared.tags().items()}
    until(
        "every point was read after the pause",
        lambda: all(tag["received_time"] > before[name] for name, tag in shared.tags().items()),
    )
    tags = shared.tags()
    assert shared.truth() == truth, "the plant stands still"
    assert set(tags) == set(truth)
    assert len(tags) >= 300
    assert {tag["quality"] for tag in tags.values()} == {"good"}
    wrong = {
        name: (tag["value"], truth[name])
        for name, tag in tags.items()
        if not math.isclose(tag["value"], truth[name] or 0.0, rel_tol=1e-6, abs_tol=max(1e-6, tag["resolution"] / 100))
    }
    assert not wrong
    kinds = {(tag["device"], tag["discrete"]) for tag in tags.values()}
    assert len(kinds) == 6, "analog and discrete points of all three devices"


def is_of(rig: Rig, name: str, quality: str) -> bool:
    found: bool = rig.get(f"/tags/{name}")["quality"] == quality
    return found


def test_a_bad_instrument_is_bad_and_comes_back(shared: Rig) -> None:
    for name in ("LT-201A", "LT-101A", "GT-101"):  # OPC UA, float and scaled integer on Modbus
        shared.fault("bad", tag=name)
        until(f"{name} is bad", partial(is_of, shared, name, "bad"))
        tag = shared.get(f"/tags/{name}")
        assert tag["reason"]["zh"]
        assert tag["reason"]["en"]
        assert shared.truth()[name] is None
        shared.wait_for(f"{name}.bad", "unacknowledged")
        shared.fault("good", tag=name)
        until(f"{name} is good again", partial(is_of, shared, name, "good"))
        true = shared.truth()[name]
        assert true is not None
        assert math.isclose(shared.get(f"/tags/{name}")["value"], true, rel_tol=1e-6, abs_tol=1e-3)


def test_a_pulse_shorter_than_the_eye_is_on_the_record(shared: Rig) -> None:
    """A contact that closes for half a second is raised and returned, each once."""
    shared.fault("resume")
    shared.fault("set", tag="P-201.FAULT", value=1)
    shared.wait_for("P-201.FAULT.state", "unacknowledged")
    shared.fault("set", tag="P-201.FAULT", value=0)
    shared.wait_for("P-201.FAULT.state", "returned_unacknowledged")
    assert shared.triggers("P-201.FAULT.state") == ["raised", "returned"]
