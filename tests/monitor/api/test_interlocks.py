"""Protections as people see them: what nobody knows is neither short nor enough."""

import pytest

from monitor.api.interlocks import present_protection
from monitor.interlocks.layers import LayerState, ProtectionState
from monitor.interlocks.register import Layer, Protection
from rules.verdicts import Verdict

LAYERS = tuple(Layer(id=name, name_zh=f"{name} 层", name_en=name, tags=(name,)) for name in ("alarm", "gas"))
TANK = Protection(id="T-101.layers", equipment="T-101", hazard_source="HS-1", required=2, layers=LAYERS)


@pytest.mark.parametrize(("verdict", "told"), [(Verdict.TRUE, True), (Verdict.FALSE, False), (Verdict.UNKNOWN, None)])
def test_what_is_not_known_is_null(verdict: Verdict, told: bool | None) -> None:
    state = ProtectionState(
        id="T-101.layers", available=1, required=2, transfer=verdict, short=verdict,
        layers=(
            LayerState(id="alarm", available=True, missing=()), LayerState(id="gas", available=False, missing=("GT-1",)),
        ),
    )  # fmt: skip
    shown = present_protection(TANK, state)
    assert (shown.short, shown.transfer, shown.available) == (told, told, 1)
    assert [(layer.id, layer.available, layer.missing) for layer in shown.layers] == [
        ("alarm", True, []),
        ("gas", False, ["GT-1"]),
    ]
    assert shown.layers[1].name.zh == "gas 层"
