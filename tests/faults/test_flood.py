"""A flood on the whole chain: it begins on the stream, folds, survives kill -9, ends, and stands in figures and sequence."""

from collections.abc import Iterator

import pytest

from tests.faults.rig import Rig, Row, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

WINDOW_S = 60
TANKS = ("101", "102", "103", "104", "105", "201", "202", "203", "204")
SHOWN = {f"{kind}-{tank}{side}": 500.0 for tank in TANKS for kind, side in (("FT", "I"), ("FT", "O"), ("IT", ""))}


@pytest.fixture
def flooding(rig: Rig) -> Iterator[Rig]:
    """A plant whose floods are counted over a minute: the key exists for every plant."""
    text = (rig.plant / "plant.toml").read_text(encoding="utf-8")
    (rig.plant / "plant.toml").write_text(
        f"{text}\n[alarm_performance]\nflood_window_s = {WINDOW_S}\n", encoding="utf-8"
    )
    rig.start()
    rig.watch()
    yield rig


def wanted(rig: Rig) -> set[str]:
    """Alarms that the instruments above will raise."""
    return {f"{tag}.H" for tag in SHOWN} & set(rig.alarms())


def position(rig: Rig, name: str) -> Row:
    found: Row = next(item for item in rig.get("/flood")["positions"] if item["position"] == name)
    return found


def flooded(rig: Rig) -> list[str]:
    return [item["position"] for item in rig.get("/flood")["positions"] if item["in_flood"]]


def told(rig: Rig, name: str, *, in_flood: bool) -> bool:
    """The last word of the stream on this position."""
    last = rig.seen.floods[-1]["positions"] if rig.seen.floods else []
    return any(item["position"] == name and item["in_flood"] is in_flood for item in last)


def test_a_flood_from_begin_to_end(flooding: Rig) -> None:
    rig = flooding
    expected = wanted(rig)
    assert len(expected) >= 20
    assert flooded(rig) == []
    for tag, value in SHOWN.items():
        rig.fault("show", tag=tag, value=value)
    until("all alarms stand", lambda: expected <= set(rig.active()))
    positions = until("a flood has begun", lambda: flooded(rig))
    name = positions[0]
    until("the stream told it", lambda: told(rig, name, in_flood=True))
    begun = position(rig, name)
    assert begun["count"] > 10
    assert begun["peak"] >= begun["count"]

    # every alarm in one place; a fold holds what belongs together, life safety and interlocks stay above
    listed = [*begun["pinned"], *(alarm_id for fold in begun["folds"] for alarm_id in fold["alarms"])]
    assert len(listed) == len(set(listed))
    alarms = rig.alarms()
    heard = {alarm_id for alarm_id in expected if alarms[alarm_id]["position"] in (name, None)}
    assert heard <= set(listed)
    assert len(begun["folds"]) < len(heard)
    for fold in begun["folds"]:
        assert set(fold["first_out"]) <= set(fold["alarms"])
        if fold["by"] == "equipment":
            assert {alarms[alarm_id]["equipment"] for alarm_id in fold["alarms"]} == {fold["key"]}
    assert all(alarms[alarm_id]["class"] in ("life_safety", "interlock") for alarm_id in begun["pinned"])

    # killed in the flood: it goes on, and does not begin again
    rig.kill()
    rig.start()
    rig.watch()
    again = position(rig, name)
    assert (again["in_flood"], again["since"]) == (True, begun["since"])

    for tag in SHOWN:
        rig.fault("unfreeze", tag=tag)
    until("the flood is over", lambda: name not in flooded(rig), WINDOW_S + 60)
    until("the stream told that too", lambda: told(rig, name, in_flood=False))
    entries = [entry["values"] for entry in rig.entries("flood") if entry["values"]["position"] == name]
    assert [entry["begins"] for entry in entries] == [True, False]

    (figures,) = rig.get("/figures", position=name)["positions"]
    assert figures["floods"] == 1
    assert figures["annunciations"] >= len(heard)
    assert figures["flood_s"] > 0
    counted = {step["id"] for step in rig.transitions() if step["trigger"] == "raised" and step["annunciated"]}
    assert {item["id"] for item in figures["top"]} <= counted

    sheet = rig.get("/sequence")
    assert {event["id"] for event in sheet["events"] if event["trigger"] == "raised"} >= expected
    earliest = [event["earliest"] for event in sheet["events"]]
    assert earliest == sorted(earliest)
    for row, event in enumerate(sheet["events"]):
        reach = event["undecided_with_next"]
        assert all(later["earliest"] <= event["latest"] for later in sheet["events"][row + 1 : row + 1 + reach])
        assert all(later["earliest"] >= event["latest"] for later in sheet["events"][row + 1 + reach :])
    assert {event["time_from"] for event in sheet["events"]} >= {"source", "received"}
