"""`redline run --shadow`: rules that are tried beside the running ones, seen over HTTP, told to nobody."""

import shutil

import pytest

from tests.faults.rig import Rig, until

ALARM = "P-201.FAULT.state"
ROW = f"{ALARM},P-201.FAULT,state,1,,0,1,"


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_other_rules_are_tried_on_the_running_plant_and_raise_nothing(rig: Rig) -> None:
    shadow = rig.folder / "shadow"
    shadow.mkdir()
    shutil.copy(rig.plant / "alarms.csv", shadow)
    rig.edit("alarms.csv", ROW, ROW.replace(",,0,", ",,600,"))  # the running rule waits ten minutes
    rig.start("--shadow", str(shadow))
    told = rig.get("/shadow")
    assert (told["state"], told["changed"], told["only_live"], told["only_shadow"]) == ("on", 1, 0, 0)
    assert told["same"] == told["rules"] - 1

    rig.fault("set", tag="P-201.FAULT", value=1)

    def differs() -> bool:
        return [one["id"] for one in rig.get("/shadow")["differences"] if one["since"]] == [ALARM]

    until("the shadow rule is TRUE and the running one is not", differs)
    (one,) = rig.get("/shadow")["differences"]
    assert (one["live"], one["shadow"], one["times"], one["live_raised"], one["shadow_raised"]) == (
        False,
        True,
        1,
        0,
        1,
    )
    assert rig.state(ALARM) == "normal"
    why = rig.get(f"/alarms/{ALARM}/explanation")
    assert (why["verdict"], why["condition"]) == ("false", "true")
    left = next(figure["value"] for figure in why["figures"] if figure["name"]["en"] == "left")
    assert 500 < left < 600

    (shadow / "alarms.csv").write_text("id,tag\n", encoding="utf-8")
    until("the mistake is shown", lambda: rig.get("/shadow")["state"] == "refused")
    assert "alarms.csv" in rig.get("/shadow")["reason"]["en"]
    shutil.copy(rig.plant / "alarms.csv", shadow)
    until("the same rules agree", lambda: rig.get("/shadow")["changed"] == 0)
    # the running rules' own delay was not taken over by what was tried before: it begins with the new files
    assert rig.get("/shadow")["state"] == "on"
    assert rig.triggers(ALARM) == []
