"""Protection layers inside the scan: needed while a transfer runs, and what rises while one is out."""

from monitor.plant.plant import Plant
from rules.verdicts import Verdict
from tests.monitor.scan.yard import GRACE_S, SIS, Yard


async def test_a_priority_rises_while_a_layer_is_out_and_the_value_moves_towards_its_limit(yard: Yard) -> None:
    for level in (10.5, 10.5, 10.5):
        await yard.scan(6, LT_101A=level)
    before = yard.alarm("LT-101A.H").priority
    assert yard.stands("LT-101A.H")
    for level in (10.5, 10.6, 10.7):
        await yard.scan(11, LT_101A=level)
    assert yard.alarm("LT-101A.H").priority == before, "every layer is there"
    await yard.scan(11, LT_101A=10.65)
    await yard.scan(11, BPS_101=1, LT_101A=10.65)
    assert yard.alarm("LT-101A.H").priority == before, "it moves away"
    await yard.scan(11, LT_101A=10.72)
    assert yard.alarm("LT-101A.H").priority == before - 1
    await yard.scan(11, LT_101A=10.75)
    assert yard.alarm("LT-101A.H").priority == before - 1, "once"
    highest = yard.alarm("LT-101A.HH").priority
    await yard.scan(11, LT_101A=10.9)
    await yard.scan(2)
    assert yard.stands("LT-101A.HH")
    assert yard.alarm("LT-101A.HH").priority == highest - 1, "raised as soon as it stands"


async def test_layers_are_needed_only_while_a_transfer_runs(yard: Yard) -> None:
    await yard.scan(BPS_101=1)
    yard.values["XV-101I.OPEN"] = 1.0
    await yard.scan()
    (state,) = yard.publisher.view().barriers.protections
    assert (state.available, state.required, state.short) == (2, 2, Verdict.FALSE)
    await yard.shelve("LT-101A.HH")
    assert not yard.stands("T-101.layers"), "beside a bypassed interlock nothing stays shelved"
    yard.silent = {"PLC-2"}
    await yard.scan(60)
    (state,) = yard.publisher.view().barriers.protections
    assert (state.available, state.transfer, state.short) == (0, Verdict.UNKNOWN, Verdict.TRUE)
    assert set(state.missing) == {"LT-101A.HH", SIS, "XV-101I.CLOSED"}
    assert yard.triggers("T-101.layers") == ["raised"]
    yard.silent = set()
    yard.values["XV-101I.OPEN"] = 0.0
    await yard.scan()
    assert not yard.stands("T-101.layers")


async def test_at_the_start_nothing_is_known_of_layers(barrier_plant: Plant) -> None:
    yard = Yard(barrier_plant)
    yard.silent = {tag.device for tag in barrier_plant.tags.tags}
    await yard.scan(1)
    (state,) = yard.publisher.view().barriers.protections
    assert (state.available, state.short) == (0, Verdict.UNKNOWN)
    assert not yard.stands("T-101.layers")
    await yard.scan(GRACE_S)
    (state,) = yard.publisher.view().barriers.protections
    assert state.short is Verdict.TRUE
    assert yard.stands("T-101.layers")
