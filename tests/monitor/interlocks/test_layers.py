"""How many layers really stand."""

import pytest

from monitor.interlocks.axes import Service
from monitor.interlocks.layers import Sight, judge_layers
from monitor.interlocks.register import Layer, Protection
from rules.verdicts import Verdict

TANK = Protection(
    id="T-101.layers",
    equipment="T-101",
    hazard_source="HS-1",
    required=2,
    layers=(
        Layer(id="alarm", name_zh="高高报警", name_en="HH alarm", alarms=("LT-101.HH",)),
        Layer(id="sis", name_zh="联锁", name_en="interlock", interlocks=("SIS-101",)),
        Layer(id="gas", name_zh="气体", name_en="gas", tags=("GD-1", "GD-2"), faults=("GD-1.FAULT",)),
    ),
)


def state(
    service: Service = Service.IN_SERVICE,
    *,
    blind: frozenset[str] = frozenset(),
    standing: frozenset[str] = frozenset(),
    transfer: Verdict = Verdict.TRUE,
) -> tuple[int, Verdict, tuple[str, ...]]:
    (found,) = judge_layers(
        [TANK],
        {"T-101.layers": transfer},
        Sight(
            service={"SIS-101": service},
            alarm_works=lambda alarm: alarm not in blind,
            is_sound=lambda alarm: alarm not in standing,
            is_readable=lambda tag: tag not in blind,
        ),
    )
    return found.available, found.short, found.missing


def test_all_layers_stand() -> None:
    assert state() == (3, Verdict.FALSE, ())


@pytest.mark.parametrize("service", [service for service in Service if service is not Service.IN_SERVICE])
def test_an_interlock_that_is_not_in_service_is_no_layer(service: Service) -> None:
    assert state(service) == (2, Verdict.FALSE, ("SIS-101",))


def test_a_fault_that_stands_takes_its_layer_out() -> None:
    assert state(standing=frozenset({"GD-1.FAULT"})) == (2, Verdict.FALSE, ("GD-1.FAULT",))


def test_too_few_while_a_transfer_runs_or_may_run() -> None:
    blind = frozenset({"LT-101.HH", "GD-2"})
    assert state(blind=blind) == (1, Verdict.TRUE, ("LT-101.HH", "GD-2"))
    assert state(blind=blind, transfer=Verdict.UNKNOWN)[1] is Verdict.TRUE
    assert state(blind=blind, transfer=Verdict.FALSE)[1] is Verdict.FALSE


def test_without_a_condition_the_layers_are_always_needed() -> None:
    sight = Sight(
        service={}, alarm_works=lambda alarm: False, is_sound=lambda alarm: True, is_readable=lambda tag: True
    )
    (found,) = judge_layers([TANK], {}, sight)
    assert (found.transfer, found.short, found.available) == (Verdict.TRUE, Verdict.TRUE, 1)
