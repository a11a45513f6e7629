import pytest

from monitor.interlocks.register import BypassBit, Interlock
from monitor.interlocks.state import InterlockState, judge
from rules.columns.quality import Quality
from tests.rules.plants import snapshot, table, tag

PLANT = table(
    tag("HS-1", discrete=True),
    tag("HS-2", discrete=True),
    tag("XA-1", discrete=True),
    tag("XA-0", discrete=True, normal_state=1),
    tag("LT-1"),
)


def interlock(*bits: tuple[str, int], trip_tag: str | None = None) -> Interlock:
    return Interlock(
        id="SIF-1",
        name_zh="",
        name_en="",
        hazard_source="MHS-1",
        process_unit="",
        interlock_class="A",
        sil=2,
        causes=(),
        effects=(),
        bypass_bits=tuple(BypassBit(tag=name, bypassed_when=state) for name, state in bits),
        trip_tag=trip_tag,
    )


def state(of: Interlock, **readings: tuple[float, int]) -> InterlockState:
    named = {name.replace("_", "-"): reading for name, reading in readings.items()}
    (judged,) = judge([of], PLANT, snapshot(PLANT, 1, named))
    return judged


@pytest.mark.parametrize("polarity", [0, 1])
@pytest.mark.parametrize(
    ("quality", "bypassed", "in_service"),
    [
        (Quality.GOOD, "bypassed", "in_service"),
        (Quality.UNCERTAIN, "bypassed", "unknown"),
        (Quality.BAD, "unknown", "unknown"),
        (Quality.STALE, "unknown", "unknown"),
        (Quality.NEVER_SEEN, "unknown", "unknown"),
    ],
)
def test_one_bit_in_every_quality_and_polarity(polarity: int, quality: int, bypassed: str, in_service: str) -> None:
    of = interlock(("HS-1", polarity))
    assert state(of, HS_1=(float(polarity), quality)).service == bypassed
    assert state(of, HS_1=(float(1 - polarity), quality)).service == in_service


def test_any_bypassed_bit_wins_and_is_named_any_unknown_one_spoils_in_service() -> None:
    of = interlock(("HS-1", 1), ("HS-2", 1))
    both = state(of, HS_1=(0.0, 2), HS_2=(1.0, 0))
    assert (both.service, both.bypassed_by) == ("bypassed", ("HS-2",))
    assert state(of, HS_1=(0.0, 0), HS_2=(0.0, 3)).service == "unknown"
    assert state(of, HS_1=(0.0, 0), HS_2=(0.0, 0)) == InterlockState(
        id="SIF-1", service="in_service", tripped=None, bypassed_by=()
    )


def test_without_a_bypass_bit_nobody_knows() -> None:
    assert state(interlock()).service == "unknown"


@pytest.mark.parametrize(
    ("reading", "tripped"),
    [((1.0, 0), True), ((0.0, 0), False), ((0.0, 1), None), ((1.0, 1), True), ((1.0, 2), None), ((0.5, 0), None)],
)
def test_tripped(reading: tuple[float, int], tripped: bool | None) -> None:
    assert state(interlock(trip_tag="XA-1"), XA_1=reading).tripped is tripped


def test_the_normal_state_of_the_trip_tag_says_what_tripped_is() -> None:
    assert state(interlock(trip_tag="XA-0"), XA_0=(0.0, 0)).tripped is True
    assert state(interlock(trip_tag="XA-0"), XA_0=(1.0, 0)).tripped is False


def test_an_analog_trip_tag_says_nothing() -> None:
    assert state(interlock(trip_tag="LT-1"), LT_1=(1.0, 0)).tripped is None


def test_order_is_kept_and_a_strange_tag_is_an_error() -> None:
    frozen = snapshot(PLANT, 1, {})
    assert [item.id for item in judge([interlock(), interlock(("HS-1", 1))], PLANT, frozen)] == ["SIF-1"] * 2
    with pytest.raises(KeyError):
        judge([interlock(("NOPE", 1))], PLANT, frozen)
