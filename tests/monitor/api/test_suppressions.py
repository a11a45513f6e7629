"""Shelving, out of service, group acknowledgement, positions and horns, over HTTP."""

import json
from dataclasses import replace
from typing import Any

import pytest

from monitor.alarms.classes import BUILT_IN, AlarmClassRules, Philosophy
from monitor.alarms.commands import SuppressByDesign
from monitor.alarms.positions import OperatorPosition
from monitor.api.app import ApiOptions
from monitor.api.ports import Account
from monitor.api.throttle import FREE_FAILURES
from tests.monitor.api.fake_plant import DEFINITIONS, PLANT
from tests.monitor.api.fakes import PASSWORD, FakeAccounts, Site, assert_problem

API = "/api/v1"
HOUR_S = 3600.0
WEST = OperatorPosition(id="west", name_zh="西区", name_en="West", hazard_sources=("HS-1",), accounts=("operator",))
EAST = OperatorPosition(id="east", name_zh="东区", name_en="East", process_units=("U-2",), roles=("engineer",))
EAST_DEFINITIONS = tuple(replace(item, process_unit="U-2") if item.id == "AT-201.H" else item for item in DEFINITIONS)


def divided(**classes: AlarmClassRules) -> Site:
    """Two positions; AT-201.H belongs to east, PLC-2.link to nobody, the rest to west."""
    philosophy = Philosophy(positions=(WEST, EAST), classes={**BUILT_IN, **classes})
    return Site(plant=replace(PLANT, definitions=EAST_DEFINITIONS, philosophy=philosophy))


def shelving(occurrence: int = 0, reason: str = "维修", duration_s: float = HOUR_S) -> dict[str, object]:
    return {"occurrence": occurrence, "reason": reason, "duration_s": duration_s}


def removal(occurrence: int = 0, **changes: object) -> dict[str, object]:
    return {
        "occurrence": occurrence,
        "reason": "变送器拆检",
        "until": "2026-01-02T00:00:00Z",
        "authorised_by": "manager",
        "password": PASSWORD,
        "interim": "每小时人工检尺",
        **changes,
    }


def staffed(**others: Account) -> FakeAccounts:
    """The manager is Zhang, the operator Wang, the shift leader Li; everybody else is nobody of the plant."""
    accounts = FakeAccounts()
    accounts.accounts["manager"] = replace(accounts.accounts["manager"], person="zhang")
    accounts.accounts |= others
    return accounts


def like(role: str, **changes: Any) -> Account:
    """An account of a role with changes."""
    return replace(FakeAccounts().accounts[role], **changes)


# --- shelving ---------------------------------------------------------------------------------
async def test_shelve_before_the_alarm_list_it_and_unshelve() -> None:
    site = Site()
    async with site.client("operator") as client:
        answer = await client.post(f"{API}/alarms/LT-101.H/shelve", json=shelving())
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert (body["state"], body["underlying_state"], body["occurrence"]) == ("shelved", "normal", 0)
        (record,) = body["suppressions"]
        assert record == {
            "suppression": "shelved",
            "reason": "维修",
            "person": "wang",
            "person_name": "王强",
            "since": "2026-01-01T00:00:00.123Z",
            "until": "2026-01-01T01:00:00.123Z",
            "authorised_by": "",
            "authorised_name": "",
            "interim": "",
            "source": "",
            "condition": "",
            "reason_en": "",
        }
        for state, found in (("shelved", 1), ("suppressed", 1), ("out_of_service", 0), ("by_design", 0), ("active", 0)):
            listed = (await client.get(f"{API}/alarms", params={"state": state})).json()
            assert [item["id"] for item in listed] == ["LT-101.H"] * found, state
        site.board.judge("LT-101.H")
        assert (await client.get(f"{API}/alarms")).json() == []
        answer = await client.post(f"{API}/alarms/LT-101.H/unshelve", json={"comment": "修好了"})
        assert answer.json()["state"] == "unacknowledged"
        (active,) = (await client.get(f"{API}/alarms")).json()
        assert (active["id"], active["suppressions"]) == ("LT-101.H", [])
        assert_problem(await client.post(f"{API}/alarms/LT-101.H/unshelve", json={}), 409, "refused")


async def test_shelving_is_refused_with_the_reason_and_what_to_do() -> None:
    site = Site()
    async with site.client("operator") as client:
        problem = assert_problem(await client.post(f"{API}/alarms/LT-101.HH/shelve", json=shelving()), 409, "refused")
        assert "life_safety" in str(problem["detail_text"])
        answer = await client.post(f"{API}/alarms/LT-101.H/shelve", json=shelving(duration_s=9 * HOUR_S))
        assert "8 h" in str(assert_problem(answer, 409, "refused")["detail_text"])
        answer = await client.post(f"{API}/alarms/LT-101.H/shelve", json=shelving(reason="  \u202e "))
        assert_problem(answer, 409, "refused")
        site.board.judge("LT-101.H")
        assert_problem(await client.post(f"{API}/alarms/LT-101.H/shelve", json=shelving(0)), 409, "conflict")
        assert_problem(await client.post(f"{API}/alarms/NO.SUCH/shelve", json=shelving()), 404, "not-found")
        for wrong in ({"duration_s": 0}, {"duration_s": 1e9}, {"reason": ""}, {"occurrence": -1}, {"until": "x"}):
            answer = await client.post(f"{API}/alarms/LT-101.H/shelve", json={**shelving(1), **wrong})
            assert_problem(answer, 422, "validation")
        assert (await client.get(f"{API}/alarms", params={"state": "suppressed"})).json() == []


@pytest.mark.parametrize("command", ["shelve", "unshelve"])
async def test_who_may_not_shelve_is_told_so(command: str) -> None:
    async with Site().client("manager") as client:
        answer = await client.post(f"{API}/alarms/LT-101.H/{command}", json=shelving())
        assert_problem(answer, 403, "permission")


async def test_a_shelf_that_is_over_is_announced_by_the_next_scan() -> None:
    site = Site()
    async with site.client("operator") as client:
        await client.post(f"{API}/alarms/LT-101.H/shelve", json=shelving())
        site.board.judge("LT-101.H")
        site.clock.advance(HOUR_S - 1)
        assert site.board.judge("LT-101.H") == ()
        site.clock.advance(2)
        (step,) = site.board.judge("LT-101.H")
        assert (step.trigger, step.annunciated) == ("unsuppressed", True)
        assert (await client.get(f"{API}/alarms/LT-101.H")).json()["state"] == "unacknowledged"


# --- out of service ---------------------------------------------------------------------------
REMOVE = f"{API}/alarms/LT-101.HH/remove-from-service"


async def test_out_of_service_needs_a_leader_a_second_person_and_an_interim() -> None:
    site = Site(accounts=staffed())
    async with site.client("operator") as client:
        assert_problem(await client.post(REMOVE, json=removal()), 403, "permission")
    async with site.client("shift_leader") as client:
        assert_problem(await client.post(REMOVE, json=removal(interim=" ")), 409, "refused")
        assert_problem(await client.post(REMOVE, json=removal(until="2025-12-31T00:00:00Z")), 409, "refused")
        assert_problem(await client.post(REMOVE, json=removal(until="2026-03-01T00:00:00Z")), 409, "refused")
        assert_problem(await client.post(REMOVE, json=removal(until="2026-01-02T00:00:00")), 422, "validation")
        answer = await client.post(REMOVE, json=removal())
        assert answer.json()["state"] == "out_of_service"
        (record,) = answer.json()["suppressions"]
        assert (record["person"], record["person_name"]) == ("li", "李娜")
        assert (record["authorised_by"], record["authorised_name"]) == ("zhang", "张伟")
        assert record["interim"] == "每小时人工检尺"
        assert record["until"].startswith("2026-01-02T00:00:00")
        assert PASSWORD not in answer.text
        listed = (await client.get(f"{API}/alarms", params={"state": "out_of_service"})).json()
        assert [item["id"] for item in listed] == ["LT-101.HH"]
        site.board.judge("LT-101.HH")
        answer = await client.post(f"{API}/alarms/LT-101.HH/return-to-service", json={"occurrence": 1})
        assert answer.json()["state"] == "unacknowledged"


@pytest.mark.parametrize(
    ("authoriser", "status", "kind"),
    [
        ({"password": "wrong"}, 403, "authorisation"),
        ({"password": ""}, 403, "authorisation"),
        ({"authorised_by": "nobody"}, 403, "authorisation"),
        ({"authorised_by": "zhang"}, 403, "authorisation"),  # a person is not an account
        ({"authorised_by": "gone"}, 403, "authorisation"),
        ({"authorised_by": "operator"}, 403, "authorisation"),  # proven, and may not
        ({"authorised_by": "shift_leader"}, 409, "refused"),  # the one who asks
        ({"authorised_by": "li-again"}, 409, "refused"),  # another account of the one who asks
        ({"authorised_by": "engineer"}, 409, "refused"),  # an account of nobody
    ],
)
async def test_the_second_person_proves_who_it_is(authoriser: dict[str, Any], status: int, kind: str) -> None:
    again = {
        "li-again": like("engineer", username="li-again", person="li"),
        "gone": like("engineer", username="gone", person="zhang", disabled=True),
    }
    site = Site(accounts=staffed(**again))
    async with site.client("shift_leader") as client:
        assert_problem(await client.post(REMOVE, json=removal(**authoriser)), status, kind)
        assert (await client.get(f"{API}/session")).status_code == 200, "the one who asks stays logged in"
        assert (await client.get(f"{API}/alarms", params={"state": "suppressed"})).json() == []
    refused = [json.loads(row.body) for row in site.journal.kept if row.kind == "login_refused"]
    unproven = status == 403 and authoriser != {"authorised_by": "operator"}
    assert [row["values"]["asked_by"] for row in refused] == (["li"] if unproven else [])
    assert all("授权被拒绝" in row["message_zh"] and "authorisation refused" in row["message_en"] for row in refused)


async def test_who_guesses_the_second_password_waits_like_one_who_guesses_at_the_log_in() -> None:
    site = Site(accounts=staffed())
    async with site.client("shift_leader") as client:
        for _ in range(FREE_FAILURES):
            assert_problem(await client.post(REMOVE, json=removal(password="wrong")), 403, "authorisation")
        answer = await client.post(REMOVE, json=removal())
        assert_problem(answer, 429, "throttled")
        assert answer.headers["retry-after"] == "2"
        log_in = {"username": "manager", "password": PASSWORD}
        assert_problem(await client.post(f"{API}/session", json=log_in), 429, "throttled")
        site.clock.advance(3)
        assert (await client.post(REMOVE, json=removal())).status_code == 200


async def test_a_class_may_be_content_with_a_name() -> None:
    philosophy = Philosophy(classes={**BUILT_IN, "process": AlarmClassRules(id="process", authorised_by_name=True)})
    site = Site(plant=replace(PLANT, philosophy=philosophy))
    path = f"{API}/alarms/LT-101.H/remove-from-service"
    async with site.client("shift_leader") as client:
        assert (await client.get(f"{API}/alarms/LT-101.H")).json()["authorised_by_name"] is True
        assert (await client.get(f"{API}/alarms/LT-101.HH")).json()["authorised_by_name"] is False
        named: dict[str, Any] = {"authorised_by": "zhang", "password": ""}
        assert_problem(await client.post(path, json=removal(**named | {"authorised_by": "nobody"})), 409, "refused")
        assert_problem(await client.post(path, json=removal(**named | {"authorised_by": "li"})), 409, "refused")
        (record,) = (await client.post(path, json=removal(**named))).json()["suppressions"]
        assert (record["authorised_by"], record["authorised_name"]) == ("zhang", "张伟")
        assert_problem(await client.post(REMOVE, json=removal(**named)), 403, "authorisation")


async def test_the_strongest_suppression_is_shown_and_all_are_listed() -> None:
    site = Site(accounts=staffed())
    async with site.client("shift_leader") as client:
        await client.post(f"{API}/alarms/LT-101.H/shelve", json=shelving())
        await client.post(f"{API}/alarms/LT-101.H/remove-from-service", json=removal())
        asked = SuppressByDesign(id="LT-101.H", person="permit-7", person_name="作业票 7", comment="清罐")
        shown = site.board.alarms.obey(asked, site.clock.wall)
        site.board.publish([shown])
        found = (await client.get(f"{API}/alarms/LT-101.H")).json()
        assert found["state"] == "out_of_service"
        assert {item["suppression"] for item in found["suppressions"]} == {"shelved", "by_design", "out_of_service"}
        for state in ("shelved", "by_design", "out_of_service"):
            assert len((await client.get(f"{API}/alarms", params={"state": state})).json()) == 1


# --- classes ----------------------------------------------------------------------------------
async def test_a_class_that_wants_words_gets_them() -> None:
    site = divided(process=AlarmClassRules(id="process", comment_required=True, longest_shelve_ns=60_000_000_000))
    site.board.judge("LT-101.H")
    async with site.client("operator") as client:
        found = (await client.get(f"{API}/alarms/LT-101.H")).json()
        assert (found["comment_required"], found["shelvable"], found["longest_shelve_s"]) == (True, True, 60.0)
        path = f"{API}/alarms/LT-101.H/acknowledge"
        problem = assert_problem(await client.post(path, json={"occurrence": 1}), 409, "refused")
        assert "process" in str(problem["detail"])
        assert (await client.post(path, json={"occurrence": 1, "comment": "seen"})).status_code == 200


# --- groups -----------------------------------------------------------------------------------
async def test_a_group_is_one_commit_and_each_is_answered() -> None:
    site = divided()
    site.board.judge("LT-101.HH", "LT-101.H", "AT-201.H", "PLC-2.link")
    site.board.commits.clear()
    seen = [("LT-101.HH", 1), ("LT-101.H", 7), ("AT-201.H", 1), ("NO.SUCH", 1), ("PLC-2.link", 1), ("LT-101.HH", 1)]
    async with site.client("operator") as client:
        body = {"alarms": [{"id": name, "occurrence": number} for name, number in seen], "comment": "已看"}
        answer = await client.post(f"{API}/alarms/acknowledge", json=body)
        assert answer.status_code == 200, answer.text
        answers = answer.json()
    assert [(item["id"], item["occurrence"]) for item in answers] == seen
    assert [item["acknowledged"] for item in answers] == [True, False, False, False, True, False]
    assert [item["reason"] is None for item in answers] == [True, False, False, False, True, False]
    assert answers[0]["alarm"]["acknowledged_by"] == "wang"
    assert "east" in answers[2]["reason"]["en"]
    assert "王强" in answers[5]["reason"]["zh"]
    assert site.board.commits == [2]


async def test_a_group_has_bounds_and_needs_the_permission() -> None:
    site = Site()
    async with site.client("operator") as client:
        for wrong in ([], [{"id": "LT-101.H", "occurrence": 1}] * 501, [{"id": "LT-101.H"}]):
            assert_problem(await client.post(f"{API}/alarms/acknowledge", json={"alarms": wrong}), 422, "validation")
    async with site.client("viewer") as client:
        body = {"alarms": [{"id": "LT-101.H", "occurrence": 1}]}
        assert_problem(await client.post(f"{API}/alarms/acknowledge", json=body), 403, "permission")


async def test_a_group_that_is_not_confirmed_says_so() -> None:
    site = Site(options=ApiOptions(version="9.9", command_timeout_s=0.05))
    site.board.stuck = True
    async with site.client("operator") as client:
        body = {"alarms": [{"id": "LT-101.H", "occurrence": 1}]}
        assert_problem(await client.post(f"{API}/alarms/acknowledge", json=body), 503, "unconfirmed")
        assert_problem(await client.post(f"{API}/positions/all/silence"), 503, "unconfirmed")


# --- positions and horns ----------------------------------------------------------------------
async def test_an_operator_answers_at_their_own_position_and_leaders_everywhere() -> None:
    site = divided()
    site.board.judge("LT-101.H", "AT-201.H", "PLC-2.link")
    async with site.client("operator") as client:
        assert (await client.get(f"{API}/session")).json()["positions"] == ["west"]
        assert {item["id"]: item["position"] for item in (await client.get(f"{API}/alarms")).json()} == {
            "LT-101.H": "west",
            "AT-201.H": "east",
            "PLC-2.link": None,
        }
        for command, body in (("acknowledge", {"occurrence": 1}), ("shelve", shelving(1)), ("unshelve", {})):
            problem = assert_problem(await client.post(f"{API}/alarms/AT-201.H/{command}", json=body), 403, "position")
            assert "east" in str(problem["detail"])
        for name in ("LT-101.H", "PLC-2.link"):
            assert (await client.post(f"{API}/alarms/{name}/acknowledge", json={"occurrence": 1})).status_code == 200
        assert_problem(await client.post(f"{API}/positions/east/silence"), 403, "position")
    async with site.client("shift_leader") as client:
        assert (await client.get(f"{API}/session")).json()["positions"] == []
        assert (await client.post(f"{API}/alarms/AT-201.H/acknowledge", json={"occurrence": 1})).status_code == 200


async def test_positions_say_what_they_own_who_sits_there_and_whether_they_sound() -> None:
    site = divided()
    site.board.judge("AT-201.H", "LT-101.H")
    async with site.client("engineer") as client:
        west, east = (await client.get(f"{API}/positions")).json()
        assert (west["id"], west["hazard_sources"], west["accounts"], west["mine"]) == (
            "west",
            ["HS-1"],
            ["operator"],
            False,
        )
        assert (east["name"]["zh"], east["process_units"], east["roles"], east["mine"]) == (
            "东区",
            ["U-2"],
            ["engineer"],
            True,
        )
        assert (west["horn"]["sounding"], east["horn"]["alarms"]) == (False, ["AT-201.H"])
        silenced = (await client.post(f"{API}/positions/east/silence")).json()
        assert (silenced["sounding"], silenced["silenced_by"]) == (False, "engineer")
        assert silenced["silenced_at"] == "2026-01-01T00:00:00.123Z"
        assert (await client.get(f"{API}/positions")).json()[1]["horn"] == silenced
        assert_problem(await client.post(f"{API}/positions/north/silence"), 404, "not-found")
    async with site.client("viewer") as client:
        assert_problem(await client.post(f"{API}/positions/east/silence"), 403, "permission")
