"""The farm as built: tanks, detectors, safety functions, and where everything stands at the start."""

from typing import Final

from simulators.plant.controller import Phase, Sequence
from simulators.plant.gas import Detector
from simulators.plant.geometry import Cylinder, Sphere
from simulators.plant.sis import SafetyFunction
from simulators.plant.tank import TankDesign

SPHERES: Final = (201, 202, 203, 204)
METHANOL: Final = (101, 102, 103, 104, 105, 106, 107, 108)
ALL_TANKS: Final = (*SPHERES, *METHANOL)

START_LEVEL_M: Final[dict[int, float]] = {
    201: 6.2, 202: 7.4, 203: 5.1, 204: 8.0,
    101: 8.4, 102: 6.3, 103: 4.7, 104: 7.9, 105: 5.5, 106: 3.8, 107: 8.1, 108: 6.0,
}  # fmt: skip
START_PHASE: Final[dict[int, Phase]] = {
    201: Phase.FILL, 202: Phase.SEND, 203: Phase.REST_LOW, 204: Phase.REST_FULL,
    101: Phase.REST_FULL, 102: Phase.FILL, 103: Phase.SEND, 104: Phase.REST_FULL,
    105: Phase.REST_LOW, 106: Phase.FILL, 107: Phase.SEND, 108: Phase.REST_FULL,
}  # fmt: skip


def tank_design(number: int) -> TankDesign:
    """The design of one tank by its number."""
    if number in SPHERES:
        return TankDesign(
            number=number,
            name=f"V-{number}",
            vessel=Sphere(12.3),
            overflow_m=11.4,
            switch_high_m=10.8,
            switch_low_m=0.6,
            inflow_m3_per_h=100.0,
            outflow_m3_per_h=80.0,
            valve_travel_s=4.0,
        )
    return TankDesign(
        number=number,
        name=f"T-{number}",
        vessel=Cylinder(12.0, 12.0),
        overflow_m=11.6,
        switch_high_m=11.2,
        switch_low_m=0.5,
        inflow_m3_per_h=120.0,
        outflow_m3_per_h=100.0,
        valve_travel_s=2.0,
    )


def sequence(number: int) -> Sequence:
    """The controller's sequence of one tank, with limits well inside the alarm limits."""
    return Sequence(phase=START_PHASE[number], fill_to_m=9.0, send_to_m=3.0, stop_filling_m=9.5)


def detectors() -> tuple[Detector, ...]:
    """All gas detectors; nearness by place of release (tank or compressor name)."""
    combustible = 30.0
    spheres = [
        Detector(f"GT-{n}", {f"V-{near}": 1.0 if near == n else 0.15 for near in SPHERES}, combustible) for n in SPHERES
    ]
    compressors = [
        Detector("GT-205", {"C-201A": 1.0, "C-201B": 0.3}, combustible),
        Detector("GT-206", {"C-201B": 1.0, "C-201A": 0.3}, combustible),
    ]
    bunds = [
        Detector(f"GT-{number}", {f"T-{101 + 2 * bund}": 1.0, f"T-{102 + 2 * bund}": 1.0}, combustible)
        for bund, number in enumerate((101, 102, 103, 104))
    ]
    toxic = [
        Detector("AT-101", {f"T-{n}": 0.4 for n in METHANOL}, 400.0, 1000.0),
        Detector("AT-102", {f"T-{n}": 0.1 for n in METHANOL}, 400.0, 1000.0),
    ]
    return (*spheres, *compressors, *bunds, *toxic)


def safety_functions() -> tuple[SafetyFunction, ...]:
    """All safety functions; the emergency stops' key switches read 0 when bypassed, all others 1."""
    methanol_high = [
        SafetyFunction(
            name=f"SIS-{n}", demands=(f"LSHH-{n}",), bypass=f"BPS-{n}", bypassed_when=True, closes_inlets=(n,)
        )
        for n in METHANOL
    ]
    sphere_high = [
        SafetyFunction(
            name=f"SIS-{n}",
            demands=(f"LSHH-{n}", f"PSHH-{n}"),
            bypass=f"BPS-{n}",
            bypassed_when=True,
            closes_inlets=(n,),
        )
        for n in SPHERES
    ]
    sphere_low = [
        SafetyFunction(
            name=f"SIS-{n + 10}",
            demands=(f"LSLL-{n}",),
            bypass=f"BPS-{n + 10}",
            bypassed_when=True,
            closes_outlets=(n,),
            stops_pumps=(n,),
        )
        for n in SPHERES
    ]
    emergency = [
        SafetyFunction(
            name=name,
            demands=(name,),
            bypass=bypass,
            bypassed_when=False,
            closes_inlets=tanks,
            closes_outlets=tanks,
            stops_pumps=tanks,
        )
        for name, bypass, tanks in (("ESD-1", "BPS-901", SPHERES), ("ESD-2", "BPS-902", METHANOL))
    ]
    return (*methanol_high, *sphere_high, *sphere_low, *emergency)


def trip_points() -> dict[str, float]:
    """Safety function -> level (m) at which its switch acts, as set in the safety system."""
    high = {f"SIS-{n}": tank_design(n).switch_high_m for n in ALL_TANKS}
    return high | {f"SIS-{n + 10}": tank_design(n).switch_low_m for n in SPHERES}


def field_inputs() -> dict[str, bool]:
    """Every switch, key and status contact that people or faults set, in its normal state."""
    normal: dict[str, bool] = {function.bypass: not function.bypassed_when for function in safety_functions()}
    normal |= {"ESD-1.BUTTON": True, "ESD-2.BUTTON": True}
    for number in ALL_TANKS:
        normal[f"LT-{number}B.OOS"] = False
        normal[f"P-{number}.FAULT"] = False
    for name in ("C-201A", "C-201B", "P-003A", "P-003B"):
        normal[f"{name}.FAULT"] = False
    for detector in detectors():
        normal[f"{detector.tag}.FAULT"] = False
    for name in ("PLC-1.BATTERY", "PLC-2.BATTERY", "PLC-2.FORCED", "SIS-1.FAULT", "SIS-1.POWER-FAIL"):
        normal[name] = False
    return normal
