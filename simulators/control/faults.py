"""What `POST /fault/<name>` can break and mend."""

from collections.abc import Callable
from typing import Final, get_args

from simulators.control.farm import Farm
from simulators.plc.messages import Behave, Behaviour
from simulators.plc.points import ModbusPoint

BAD_SENSOR_FAILURE: Final = 0x808C_0000
"""OPC UA BadSensorFailure."""

BEHAVIOURS: Final[tuple[Behaviour, ...]] = get_args(Behaviour)
DEVICES: Final[dict[str, str]] = {"plc1": "PLC-1", "plc2": "PLC-2", "sis1": "SIS-1"}

Query = dict[str, str]


class UnknownFaultError(Exception):
    """No fault has this name."""


def _known_tag(farm: Farm, query: Query) -> str:
    tag = query.get("tag", "")
    if tag not in farm.points:
        raise ValueError(f"unknown tag {tag!r}: name one of /truth as ?tag=")
    return tag


def _number(query: Query) -> float:
    try:
        return float(query["value"])
    except (KeyError, ValueError):
        raise ValueError("needs a number as ?value=") from None


def _freeze(farm: Farm, query: Query) -> None:
    farm.plant.stick(_known_tag(farm, query))


def _unfreeze(farm: Farm, query: Query) -> None:
    farm.plant.stuck.pop(_known_tag(farm, query), None)


def _show(farm: Farm, query: Query) -> None:
    farm.plant.stuck[_known_tag(farm, query)] = _number(query)


def _set(farm: Farm, query: Query) -> None:
    tag = _known_tag(farm, query)
    if tag not in farm.plant.field_inputs:
        raise ValueError(f"{tag} is not a switch or status contact of the field; use /fault/show for any instrument")
    farm.plant.field_inputs[tag] = _number(query) != 0


def _known_interlock(farm: Farm, query: Query) -> str:
    interlock = query.get("interlock", "")
    if interlock not in farm.plant.safety.tripped:
        raise ValueError(f"unknown interlock {interlock!r}")
    return interlock


def _reset(farm: Farm, query: Query) -> None:
    farm.plant.resets.add(_known_interlock(farm, query))


def _bad(farm: Farm, query: Query) -> None:
    tag = _known_tag(farm, query)
    server, point = farm.points[tag]
    if isinstance(point, ModbusPoint) and point.encoding not in ("int16", "float32"):
        raise ValueError(f"{tag} is a bit or counter on Modbus and cannot show that it is bad")
    server.bad[tag] = int(query.get("status", str(BAD_SENSOR_FAILURE)), 0)


def _good(farm: Farm, query: Query) -> None:
    tag = _known_tag(farm, query)
    farm.points[tag][0].bad.pop(tag, None)


def _lose(farm: Farm, query: Query) -> None:
    tag = _known_tag(farm, query)
    server, point = farm.points[tag]
    if not (isinstance(point, ModbusPoint) and point.encoding == "bit" and point.bit is None):
        raise ValueError(f"{tag} is no bit of a Modbus table; use /fault/bad for what can say that it is bad")
    server.bad[tag] = BAD_SENSOR_FAILURE


def _trip(farm: Farm, query: Query) -> None:
    farm.plant.safety.tripped[_known_interlock(farm, query)] = True


def _hang(farm: Farm, query: Query) -> None:
    farm.plant.safety.hung.add(_known_interlock(farm, query))


def _mend(farm: Farm, query: Query) -> None:
    farm.plant.safety.hung.discard(_known_interlock(farm, query))


def _trip_point(farm: Farm, query: Query) -> None:
    points = farm.plant.trip_points_m if "interlock" in query else farm.plant.trip_pressures_mpa
    name = query.get("interlock", query.get("tag", ""))
    if name not in points:
        raise ValueError(f"{name!r} has no trip point in the safety system")
    points[name] = _number(query)


def _release(farm: Farm, query: Query) -> None:
    place = query.get("place", "")
    places = {name for detector in farm.plant.detectors for name in detector.nearness}
    if place not in places:
        raise ValueError(f"unknown place {place!r}: one of {', '.join(sorted(places))} as ?place=, kg/s as ?value=")
    farm.plant.releases_kg_per_s[place] = max(_number(query), 0.0)


def _pause(farm: Farm, query: Query) -> None:
    del query
    farm.is_paused = True


def _resume(farm: Farm, query: Query) -> None:
    del query
    farm.is_paused = False


NAMED: Final[dict[str, Callable[[Farm, Query], None]]] = {
    "freeze": _freeze,
    "unfreeze": _unfreeze,
    "show": _show,
    "set": _set,
    "reset": _reset,
    "bad": _bad,
    "good": _good,
    "lose": _lose,
    "trip": _trip,
    "hang": _hang,
    "mend": _mend,
    "trip-point": _trip_point,
    "release": _release,
    "pause": _pause,
    "resume": _resume,
}
"""Faults by name; those of a whole device are `kill-plc2`, `start-plc2`, `silence-sis1`, `normal-sis1` ..."""


def names() -> list[str]:
    """Every fault that can be posted."""
    actions = ("kill", "start", *BEHAVIOURS)
    of_devices = [
        f"{action}-{short}"
        for short, device in DEVICES.items()
        for action in actions
        if device != "PLC-1" or action in ("kill", "start")
    ]
    return [*NAMED, *of_devices]


def apply(farm: Farm, name: str, query: Query) -> None:
    """Break or mend one thing and note it in the log.

    :raises UnknownFaultError: no such fault.
    :raises ValueError: a parameter is missing or wrong; the text says which.
    """
    action, _, short = name.partition("-")
    if name in NAMED:
        NAMED[name](farm, query)
    elif name in names():
        server = farm.servers[DEVICES[short]]
        if action == "kill":
            server.kill()
        elif action == "start":
            server.start()
        else:
            server.behave(Behave(behaviour=next(item for item in BEHAVIOURS if item == action)))
    else:
        raise UnknownFaultError(f"no fault is called {name!r}; there are: {', '.join(names())}")
    farm.note("fault", name + "".join(f" {key}={value}" for key, value in query.items()))
