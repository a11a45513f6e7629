"""Points of PLC-1 (OPC UA): the LPG spheres, their pumps, the unloading compressors, the weather station.

Written by hand from the (fictional) controller project, not from tags.csv: a test compares the two.
"""

from typing import Final

from simulators.plc.points import OpcUaPoint, Variant

NAMESPACE: Final = "urn:redline:simulated-plant"

_SPHERE: Final[tuple[tuple[str, Variant], ...]] = (
    ("LT-{n}A", "double"),
    ("LT-{n}B", "double"),
    ("LT-{n}B.OOS", "bool"),
    ("PT-{n}A", "float"),
    ("PT-{n}B", "float"),
    ("TT-{n}A", "float"),
    ("TT-{n}B", "float"),
    ("FT-{n}I", "float"),
    ("FT-{n}O", "float"),
    ("XV-{n}I.OPEN", "bool"),
    ("XV-{n}I.CLOSED", "bool"),
    ("XV-{n}O.OPEN", "bool"),
    ("XV-{n}O.CLOSED", "bool"),
)
_PUMP: Final[tuple[tuple[str, Variant], ...]] = (
    ("IT-{n}", "float"),
    ("VT-{n}", "float"),
    ("TT-{n}P", "float"),
    ("PT-{n}P", "float"),
)
_COMPRESSOR: Final[tuple[tuple[str, str, Variant], ...]] = (
    ("C-201{c}.RUN", "RUN", "bool"),
    ("C-201{c}.FAULT", "FAULT", "bool"),
    ("IT-C201{c}", "CURRENT", "float"),
    ("PT-C201{c}", "DISCHARGE_PRESSURE", "float"),
    ("TT-C201{c}", "DISCHARGE_TEMPERATURE", "float"),
)


def _points() -> list[OpcUaPoint]:
    points: list[OpcUaPoint] = []
    for n in (201, 202, 203, 204):
        for name, variant in _SPHERE:
            tag = name.format(n=n)
            points.append(OpcUaPoint(tag=tag, node=f"SphereFarm.V-{n}.{tag}", variant=variant))
        points += [
            OpcUaPoint(tag=f"P-{n}.{name}", node=f"SphereFarm.P-{n}.{name}", variant="bool")
            for name in ("RUN", "FAULT")
        ]
        for name, variant in _PUMP:
            tag = name.format(n=n)
            points.append(OpcUaPoint(tag=tag, node=f"SphereFarm.P-{n}.{tag}", variant=variant))
    for c in "AB":
        for name, leaf, variant in _COMPRESSOR:
            points.append(OpcUaPoint(tag=name.format(c=c), node=f"Unloading.C-201{c}.{leaf}", variant=variant))
    points += [
        OpcUaPoint(tag="TT-001", node="Site.Weather.TT-001", variant="float"),
        OpcUaPoint(tag="ST-001", node="Site.Weather.ST-001", variant="float"),
        OpcUaPoint(tag="MT-001", node="Site.Weather.MT-001", variant="int16"),
        OpcUaPoint(tag="PT-200", node="Unloading.M-200.PT-200", variant="float"),
        OpcUaPoint(tag="FT-200", node="Unloading.M-200.FT-200", variant="double"),
        OpcUaPoint(tag="PLC-1.HEARTBEAT", node="Controller.HEARTBEAT", variant="uint16"),
        OpcUaPoint(tag="PLC-1.BATTERY", node="Controller.BATTERY", variant="bool"),
    ]
    return points


POINTS: Final[tuple[OpcUaPoint, ...]] = tuple(_points())
