"""Permits over HTTP: asked, approved in order by different persons, used, checked, refused; and who may what."""

from datetime import UTC, datetime, timedelta

import httpx
import numpy as np
import pytest

from monitor.api.app import ApiOptions
from monitor.interlocks.axes import Service
from rules.columns.quality import Quality
from tests.monitor.api.fake_plant import WALL_NS, snapshot
from tests.monitor.api.fakes import Site, assert_problem

API = "/api/v1"
NOW = datetime.fromtimestamp(WALL_NS / 1e9, UTC)
BODY: dict[str, object] = {
    "interlock": "SIS-101",
    "bits": ["BPS-101"],
    "reason": "更换浮球",
    "risk": "满罐时无联锁",
    "measures": ["专人监护液位"],
    "until": (NOW + timedelta(hours=4)).isoformat(),
}
BYPASSED = np.array([5.0, 0.4, 0.0, 1.0, 0.0, 3.0])
RESTORED = np.array([5.0, 0.4, 0.0, 0.0, 0.0, 3.0])


def read(site: Site, values: np.ndarray, **more: object) -> None:
    """One scan that reads this, now."""
    seen = snapshot(value=values, **more)
    object.__setattr__(seen, "wall_ns", site.clock.wall)
    object.__setattr__(seen, "mono_ns", site.clock.mono)
    site.board.publish(snapshot=seen)


async def act(site: Site, role: str, path: str, body: object) -> httpx.Response:
    async with site.client(role) as client:
        return await client.post(f"{API}/permits{path}", json=body)


async def ask(site: Site, **changes: object) -> dict[str, object]:
    answer = await act(site, "operator", "", {**BODY, **changes})
    assert answer.status_code == 201, answer.text
    body: dict[str, object] = answer.json()
    return body


async def approved(site: Site, **changes: object) -> str:
    permit = str((await ask(site, **changes))["id"])
    for role in ("shift_leader", "manager"):
        answer = await act(site, role, f"/{permit}/approve", {"comment": "同意"})
        assert answer.status_code == 200, answer.text
    return permit


async def service(site: Site) -> tuple[str, str]:
    async with site.client("viewer") as client:
        body = (await client.get(f"{API}/interlocks/SIS-101")).json()
    return body["service"], body["permit"]


async def one(site: Site, permit: str) -> dict[str, object]:
    async with site.client("viewer") as client:
        answer = await client.get(f"{API}/permits/{permit}")
    assert answer.status_code == 200, answer.text
    body: dict[str, object] = answer.json()
    return body


async def test_asked_approved_in_order_used_restored_checked() -> None:
    site = Site()
    permit = await ask(site)
    assert (permit["state"], permit["next_role"], permit["ladder"]) == (
        "requested",
        "shift_leader",
        ["shift_leader", "manager"],
    )
    path = f"/{permit['id']}"
    early = await act(site, "manager", f"{path}/approve", {})
    assert "shift_leader" in str(assert_problem(early, 409, "refused")["detail_text"])
    first = (await act(site, "shift_leader", f"{path}/approve", {"comment": "同意"})).json()
    assert (first["state"], first["next_role"]) == ("requested", "manager")
    last = (await act(site, "manager", f"{path}/approve", {})).json()
    assert last["state"] == "approved"
    assert [(item["role"], item["name"]) for item in last["approvals"]] == [
        ("shift_leader", "李娜"),
        ("manager", "manager"),
    ]
    read(site, BYPASSED)
    assert await service(site) == (Service.BYPASSED_AUTHORISED, "active")
    assert (await one(site, str(permit["id"])))["state"] == "in_use"
    site.clock.advance(3600)
    read(site, RESTORED)
    assert await service(site) == (Service.RESTORED_UNCHECKED, "restoring")
    for missing in ({"passed": True, "comment": ""}, {"comment": "ok"}):
        assert (await act(site, "operator", f"{path}/check-function", missing)).status_code == 422
    assert_problem(
        await act(site, "operator", f"{path}/check-function", {"passed": True, "comment": "  "}), 409, "refused"
    )
    failed = await act(site, "operator", f"{path}/check-function", {"passed": False, "comment": "回路不通"})
    assert failed.json()["state"] == "restoring"
    done = (await act(site, "operator", f"{path}/check-function", {"passed": True, "comment": "回路试验合格"})).json()
    assert (done["state"], done["ended_by"], done["ended_note"]) == ("closed", "王强", "回路试验合格")
    assert await service(site) == (Service.IN_SERVICE, "none")


async def test_without_a_permit_it_is_unauthorised() -> None:
    site = Site()
    read(site, BYPASSED)
    assert await service(site) == (Service.BYPASSED_UNAUTHORISED, "none")


async def test_one_approval_is_no_permit() -> None:
    site = Site()
    permit = await ask(site)
    await act(site, "shift_leader", f"/{permit['id']}/approve", {})
    read(site, BYPASSED)
    assert await service(site) == (Service.BYPASSED_UNAUTHORISED, "none")


async def test_the_one_who_asks_does_not_approve() -> None:
    site = Site()
    answer = await act(site, "shift_leader", "", BODY)
    permit = answer.json()["id"]
    refused = await act(site, "shift_leader", f"/{permit}/approve", {})
    assert "different persons" in str(assert_problem(refused, 409, "refused")["detail_text"])


async def test_a_bypass_outlives_its_permit_and_is_approved_again() -> None:
    site = Site()
    permit = await approved(site)
    read(site, BYPASSED)
    site.clock.advance(4 * 3600 - 1)
    read(site, BYPASSED)
    running = await one(site, permit)
    assert (running["overdue"], running["passed_percent"]) == (False, 100.0)
    assert await service(site) == (Service.BYPASSED_AUTHORISED, "active")
    site.clock.advance(2)
    read(site, BYPASSED)
    assert await service(site) == (Service.BYPASSED_OVERDUE, "overdue")
    assert (await one(site, permit))["overdue"] is True
    again = await approved(site, until=(NOW + timedelta(hours=6)).isoformat())
    read(site, BYPASSED)
    assert await service(site) == (Service.BYPASSED_AUTHORISED, "active")
    assert (await one(site, again))["state"] == "in_use"


async def test_nothing_is_known_while_the_device_is_silent() -> None:
    site = Site()
    await approved(site)
    read(site, BYPASSED)
    read(site, BYPASSED, quality=np.full(6, Quality.STALE, np.uint8))
    async with site.client("viewer") as client:
        body = (await client.get(f"{API}/interlocks/SIS-101")).json()
    assert {body[axis] for axis in ("service", "action", "voting")} == {"unknown"}
    assert (body["demand"], body["tripped"]) == (None, None)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"reason": ""}, 422),
        ({"measures": []}, 422),
        ({"until": "tomorrow"}, 422),
        ({"check_every_s": 1}, 422),
        ({"nobody_knows": 1}, 422),
        ({"interlock": "SIS-999"}, 409),
        ({"bits": ["LT-101"]}, 409),
        ({"reason": "  "}, 409),
        ({"until": (NOW - timedelta(hours=1)).isoformat()}, 409),
        ({"until": (NOW + timedelta(hours=9)).isoformat()}, 409),
        ({"start": (NOW - timedelta(hours=1)).isoformat()}, 409),
    ],
)
async def test_a_request_that_is_wrong_changes_nothing(changes: dict[str, object], status: int) -> None:
    site = Site()
    answer = await act(site, "operator", "", {**BODY, **changes})
    assert_problem(answer, status, "validation" if status == 422 else "refused")
    async with site.client("viewer") as client:
        assert (await client.get(f"{API}/permits", params={"state": "all"})).json() == []


async def test_who_may_not_is_refused() -> None:
    site = Site()
    permit = (await ask(site))["id"]
    for role in ("viewer", "safety", "manager"):
        assert_problem(await act(site, role, "", BODY), 403, "permission")
    for role in ("viewer", "operator"):
        for step in ("approve", "refuse", "revoke"):
            assert_problem(await act(site, role, f"/{permit}/{step}", {"comment": "x"}), 403, "permission")
    assert_problem(await act(site, "viewer", f"/{permit}/check-measures", {"comment": "x"}), 403, "permission")
    async with site.client() as stranger:
        assert_problem(await stranger.get(f"{API}/permits"), 401, "login")
    assert (await one(site, str(permit)))["state"] == "requested"


@pytest.mark.parametrize("permit", ["P-000009", "P-1", "P-x", "nonsense", "P-99999999999999999999"])
async def test_an_unknown_permit_is_not_found(permit: str) -> None:
    site = Site()
    await ask(site)
    async with site.client("shift_leader") as client:
        assert_problem(await client.get(f"{API}/permits/{permit}"), 404, "not-found")
        for step in ("approve", "refuse", "revoke", "withdraw", "check-measures"):
            answer = await client.post(f"{API}/permits/{permit}/{step}", json={"comment": "x"})
            assert_problem(answer, 404, "not-found")


async def test_what_is_over_or_taken_is_a_conflict() -> None:
    site = Site()
    permit = (await ask(site))["id"]
    assert_problem(await act(site, "engineer", "", BODY), 409, "conflict")
    other = await act(site, "engineer", f"/{permit}/withdraw", {})
    assert "王强" in str(assert_problem(other, 409, "refused")["detail_text"])
    assert (await act(site, "operator", f"/{permit}/withdraw", {})).json()["state"] == "withdrawn"
    assert_problem(await act(site, "shift_leader", f"/{permit}/approve", {}), 409, "conflict")
    again = (await ask(site))["id"]
    assert_problem(await act(site, "shift_leader", f"/{again}/refuse", {"comment": " "}), 409, "refused")
    refused = (await act(site, "shift_leader", f"/{again}/refuse", {"comment": "雷雨"})).json()
    assert (refused["state"], refused["ended_by"], refused["ended_note"]) == ("refused", "李娜", "雷雨")


async def test_a_revoked_permit_covers_nothing_any_more() -> None:
    site = Site()
    permit = await approved(site)
    read(site, BYPASSED)
    answer = await act(site, "manager", f"/{permit}/revoke", {"comment": "开始进料"})
    assert answer.json()["state"] == "revoked"
    read(site, BYPASSED)
    assert await service(site) == (Service.BYPASSED_UNAUTHORISED, "none")


async def test_measures_are_looked_at_on_schedule() -> None:
    site = Site()
    permit = await approved(site, check_every_s=600)
    assert_problem(await act(site, "operator", f"/{permit}/check-measures", {"comment": "在"}), 409, "refused")
    read(site, BYPASSED)
    due = (await one(site, permit))["check_due"]
    site.clock.advance(300)
    checked = (await act(site, "operator", f"/{permit}/check-measures", {"comment": "监护人在岗"})).json()
    assert [(item["name"], item["note"]) for item in checked["checks"]] == [("王强", "监护人在岗")]
    assert str(checked["check_due"]) > str(due)
    site.clock.advance(601)
    read(site, BYPASSED)
    assert (await one(site, permit))["missed"] == 1


async def test_pages_newest_first_by_state_and_interlock() -> None:
    site = Site()
    names = []
    for _ in range(3):
        names.append((await ask(site))["id"])
        await act(site, "operator", f"/{names[-1]}/withdraw", {})
    names.append((await ask(site))["id"])
    async with site.client("viewer") as client:

        async def listed(**parameters: object) -> list[str]:
            answer = await client.get(f"{API}/permits", params=parameters)  # type: ignore[arg-type]  # wrong on purpose
            assert answer.status_code == 200, answer.text
            return [item["id"] for item in answer.json()]

        assert await listed() == names[3:]
        assert await listed(state="withdrawn") == names[2::-1]
        assert await listed(state="all", limit=2) == names[:1:-1]
        assert await listed(state="all", limit=2, before=3) == names[1::-1]
        assert await listed(state="all", interlock="SIS-999") == []
        assert (await client.get(f"{API}/permits", params={"state": "broken"})).status_code == 422
        assert_problem(await client.get(f"{API}/interlocks/SIS-999"), 404, "not-found")


async def test_a_scan_that_does_not_answer_is_unconfirmed() -> None:
    site = Site(options=ApiOptions(version="9.9", command_timeout_s=0.05))
    site.board.stuck = True
    assert_problem(await act(site, "operator", "", BODY), 503, "unconfirmed")
