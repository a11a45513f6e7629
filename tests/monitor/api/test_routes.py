"""Every route over the fakes: what it answers, to whom, and what it refuses."""

from dataclasses import replace

import httpx
import numpy as np
import pytest

from drivers.port import BadItem
from monitor.api import dto
from monitor.api.app import ApiOptions
from monitor.api.openapi import document
from monitor.api.ports import TrendColumns
from monitor.api.roles import ROLES
from monitor.hazards.view import ChannelStatus
from monitor.interlocks.permit_commands import Request
from monitor.notify.row import Status
from rules.columns.quality import Quality
from tests.monitor.api.fake_board import FakeLink
from tests.monitor.api.fake_journal import push_row
from tests.monitor.api.fake_plant import TAGS, WALL_NS, snapshot
from tests.monitor.api.fakes import ROLES as ACCOUNTS
from tests.monitor.api.fakes import Site, assert_problem

API = "/api/v1"
READING = ("/sources", "/sources/HS-1", "/tags", "/tags/LT-101", "/tags/LT-101/trend", "/equipment", "/alarms",
           "/alarms/LT-101.HH", "/interlocks", "/positions", "/devices", "/diagnostics", "/channels", "/pushes", "/journal",
           "/openapi.json", "/flood", "/figures",
           "/figures/nuisance", "/sequence", "/definitions/drift", "/definitions/LT-101.HH/history", "/session", "/suppressions",
           "/interlocks/SIS-101", "/interlocks/rates", "/permits", "/permits/P-000001", "/protections", "/shadow",
           "/alarms/LT-101.HH/explanation", "/forecasts")  # fmt: skip


# --- who may ----------------------------------------------------------------------------------
async def test_nothing_but_health_answers_without_log_in() -> None:
    site = Site()
    async with site.client() as client:
        for path in READING:
            assert_problem(await client.get(API + path), 401, "login")
        for command in ("acknowledge", "reset"):
            answer = await client.post(f"{API}/alarms/LT-101.HH/{command}", json={"occurrence": 1})
            assert_problem(answer, 401, "login")
        assert_problem(await client.delete(f"{API}/session"), 401, "login")
        assert (await client.get(f"{API}/health")).status_code == 200


def test_the_list_of_paths_above_is_complete() -> None:
    documented = {
        path.removeprefix(API)
        .replace("{source_id}", "HS-1")
        .replace("{tag_id}", "LT-101")
        .replace("{alarm_id}", "LT-101.HH")
        .replace("{interlock_id}", "SIS-101")
        .replace("{permit_id}", "P-000001")
        for path, operations in document(Site().app)["paths"].items()
        if "get" in operations
    }
    assert documented == {*READING, "/health"} - {"/openapi.json"}


PERMIT = Request(
    interlock="SIS-101",
    bits=("BPS-101",),
    reason="换浮球",
    risk="满罐时无联锁",
    measures=("专人监护",),
    start_wall_ns=WALL_NS,
    until_wall_ns=WALL_NS + 3_600_000_000_000,
    person="wang",
    person_name="王强",
)


@pytest.mark.parametrize("role", [*ACCOUNTS, "unheard_of"])
async def test_permissions_table(role: str) -> None:
    site = Site()
    site.board.judge("LT-101.HH")
    await site.board.obey_permit(PERMIT)
    account = site.accounts.accounts["operator"]
    site.accounts.accounts["operator"] = replace(account, role=role)
    permissions = ROLES.get(role, frozenset())
    async with site.client("operator") as client:
        read = 200 if "plant.read" in permissions else 403
        for path in READING:
            expected = {"/session": 200, "/openapi.json": 200}.get(path, read)
            assert (await client.get(API + path)).status_code == expected, path
        answer = await client.post(f"{API}/alarms/LT-101.HH/acknowledge", json={"occurrence": 1})
        assert answer.status_code == (200 if "alarm.acknowledge" in permissions else 403)
        site.board.judge()
        answer = await client.post(f"{API}/alarms/LT-101.HH/reset", json={"occurrence": 1})
        if "alarm.reset" in permissions:
            assert answer.json()["state"] == "normal"
        else:
            assert_problem(answer, 403, "permission")


# --- health -----------------------------------------------------------------------------------
async def test_health_is_late_with_503_degraded_and_ok_with_200() -> None:
    site = Site()
    async with site.client() as client:
        answer = await client.get(f"{API}/health")
        assert answer.status_code == 200
        assert answer.json() == {
            "status": "ok",
            "scan_age_ms": 0.0,
            "devices_up": 3,
            "devices": 3,
            "blind_points": 0,
            "plant_differs": False,
            "approval": "unknown",
            "version": "9.9",
        }
        site.board.publish(blind=(1,), plant_differs=True)
        answer = await client.get(f"{API}/health")
        assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
        assert answer.json()["plant_differs"] is True
        site.clock.advance(1.5)
        answer = await client.get(f"{API}/health")
        assert (answer.status_code, answer.json()["status"]) == (503, "late")
        assert answer.json()["scan_age_ms"] == 1500.0
        dto.Health.model_validate(answer.json())


# --- plant ------------------------------------------------------------------------------------
async def test_sources_say_what_is_wrong_in_them_now() -> None:
    site = Site()
    site.board.judge("LT-101.HH", "LT-101.H", "SIS-101.bypass")
    site.board.publish(blind=(0, 5), snapshot=snapshot(value=np.array([5.0, 0.4, 0.0, 1.0, 0.0, 3.0])))
    async with site.client("viewer") as client:
        sources = [dto.Source.model_validate(item) for item in (await client.get(f"{API}/sources")).json()]
        one = (await client.get(f"{API}/sources/HS-2")).json()
        assert_problem(await client.get(f"{API}/sources/HS-9"), 404, "not-found")
    first = sources[0]
    assert (first.points, first.blind_points, first.interlocks) == (5, ["LT-101"], 1)
    assert first.alarms_by_priority == {"1": 2, "2": 0, "3": 1, "4": 0}
    assert first.bypassed == [
        dto.BypassSince(
            interlock="SIS-101",
            name=dto.Text(zh="1号罐高高液位联锁", en="tank 1 high-high level interlock"),
            since="2026-01-01T00:00:00.123Z",
        )
    ]
    assert first.principal_responsible.name.zh == "张伟"
    assert first.principal_responsible.mobile == "13800000001"
    assert dto.Source.model_validate(one) == sources[1]
    assert (sources[1].blind_points, sources[1].bypassed) == (["AT-201"], [])


async def test_interlocks_in_service_bypassed_unknown_tripped() -> None:
    site = Site()
    async with site.client("viewer") as client:

        async def interlock() -> dto.Interlock:
            return dto.Interlock.model_validate((await client.get(f"{API}/interlocks")).json()[0])

        now = await interlock()
        assert (now.service, now.tripped, now.bypassed_since, now.alarm) == (
            "in_service",
            False,
            None,
            "SIS-101.bypass",
        )
        site.board.publish(snapshot=snapshot(value=np.array([5.0, 0.4, 0.0, 1.0, 1.0, 3.0])))
        now = await interlock()
        assert (now.service, now.tripped, now.bypassed_since) == ("bypassed_unauthorised", True, None)
        site.board.judge("SIS-101.bypass")
        assert (await interlock()).bypassed_since == "2026-01-01T00:00:00.123Z"
        quality = np.zeros(6, np.uint8)
        quality[3] = quality[4] = Quality.STALE
        site.board.publish(snapshot=snapshot(quality=quality))
        now = await interlock()
        assert (now.service, now.tripped, now.bypassed_since) == ("unknown", None, None)
        assert now.service_since == now.action_since == "2026-01-01T00:00:00.123Z"


async def test_equipment_devices_channels_pushes() -> None:
    site = Site()
    site.board.publish(
        links={
            "PLC-1": FakeLink(
                device="PLC-1",
                state="needs_operator",
                last_error="BadUserAccessDenied",
                last_error_zh="用户名或口令被拒绝",
            ),
            "SIS-1": FakeLink(
                device="SIS-1",
                clock_skew_ns=-1_500_000,
                readings_per_s=float("nan"),
                bad_items=(BadItem("LT-101", "exception 02", "异常 02"),),
            ),
        },
        channels={
            "wecom": ChannelStatus(
                channel="wecom",
                up=False,
                refused=True,
                last_error="45009",
                last_accepted_wall_ns=None,
                waiting=4,
                oldest_waiting_wall_ns=WALL_NS,
            )
        },
    )
    site.journal.outbox = [push_row(), push_row("AT-201.H", seq=2, status=Status.REFUSED)]
    async with site.client("viewer") as client:
        equipment = dto.Equipment.model_validate((await client.get(f"{API}/equipment")).json()[0])
        devices = [dto.Device.model_validate(item) for item in (await client.get(f"{API}/devices")).json()]
        channels = [dto.Channel.model_validate(item) for item in (await client.get(f"{API}/channels")).json()]
        pushes = [dto.Push.model_validate(item) for item in (await client.get(f"{API}/pushes")).json()]
        of_one = (await client.get(f"{API}/pushes?id=LT-101.HH")).json()
    assert (equipment.hazard_source, equipment.level_tag, equipment.name.zh) == ("HS-1", "LT-101", "1号罐")
    assert [(device.state, device.points) for device in devices] == [("needs_operator", 2), ("down", 1), ("up", 3)]
    assert (devices[1].clock_skew_ms, devices[1].bad_items) == (None, [])
    assert (devices[2].clock_skew_ms, devices[2].readings_per_s) == (-1.5, 0.0)
    assert [(item.tag, item.reason) for item in devices[2].bad_items] == [
        ("LT-101", dto.Text(zh="异常 02", en="exception 02"))
    ]
    assert devices[0].last_error == dto.Text(zh="用户名或口令被拒绝", en="BadUserAccessDenied")
    assert devices[1].since == "2026-01-01T00:00:00.123Z"
    assert (channels[0].refused, channels[0].waiting, channels[0].answers) == (True, 4, False)
    assert (channels[1].up, channels[1].last_accepted) == (False, None)
    assert [(push.id, push.status) for push in pushes] == [("AT-201.H", "refused"), ("LT-101.HH", "accepted")]
    assert pushes[1].accepted_at == "2026-01-01T00:00:00.125Z"
    assert [push["id"] for push in of_one] == ["LT-101.HH"]


async def test_tags_and_one_tag() -> None:
    site = Site()
    async with site.client("viewer") as client:
        tags = (await client.get(f"{API}/tags")).json()
        assert [dto.Tag.model_validate(tag).id for tag in tags] == list(TAGS.ids)
        assert (await client.get(f"{API}/tags/LT-101")).json() == tags[0]
        assert_problem(await client.get(f"{API}/tags/LT-999"), 404, "not-found")


async def test_trend_asks_history_and_turns_nan_into_null() -> None:
    site = Site()
    nan = float("nan")
    site.history.columns = TrendColumns(
        time_ns=[WALL_NS, WALL_NS + 500_000_000],
        value=[1.0, nan],
        minimum=[0.5, None],
        maximum=[2.0, float("inf")],
        quality=[0, 2],
        oldest_ns=WALL_NS - 1_000_000_000,
    )
    async with site.client("viewer") as client:
        answer = await client.get(f"{API}/tags/LT-101/trend")
        trend = dto.Trend.model_validate(answer.json())
        assert (trend.value, trend.minimum, trend.maximum) == ([1.0, None], [0.5, None], [2.0, None])
        assert trend.t == [1767225600.123, 1767225600.623]
        assert trend.oldest == "2025-12-31T23:59:59.123Z"
        assert site.history.asked == [("LT-101", WALL_NS - 3_600_000_000_000, WALL_NS, 600)]
        await client.get(
            f"{API}/tags/LT-101/trend",
            params={"from": "2026-01-01T07:00:00+08:00", "to": "2025-12-31T23:30:00Z", "points": 10},
        )
        assert site.history.asked[1] == (
            "LT-101",
            1_767_222_000_000_000_000,
            1_767_223_800_000_000_000,
            10,
        )
        assert_problem(await client.get(f"{API}/tags/none/trend"), 404, "not-found")
        backwards = {"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}
        assert_problem(await client.get(f"{API}/tags/LT-101/trend", params=backwards), 422, "validation")


# --- alarms -----------------------------------------------------------------------------------
async def ids(client: httpx.AsyncClient, state: str) -> list[str]:
    answer = await client.get(f"{API}/alarms", params={"state": state} if state else {})
    assert answer.status_code == 200
    return [dto.Alarm.model_validate(item).id for item in answer.json()]


async def test_alarm_list_by_priority_then_newest() -> None:
    site = Site()
    site.board.judge("LT-101.HH", "LT-101.H")
    site.clock.advance(10)
    site.board.judge("LT-101.HH", "LT-101.H", "SIS-101.bypass", "AT-201.H")
    async with site.client("operator") as client:
        assert await ids(client, "") == ["SIS-101.bypass", "LT-101.HH", "AT-201.H", "LT-101.H"]
        assert len(await ids(client, "all")) == 5
        assert await ids(client, "suppressed") == []
        await client.post(f"{API}/alarms/AT-201.H/acknowledge", json={"occurrence": 1})
        assert await ids(client, "unacknowledged") == ["SIS-101.bypass", "LT-101.HH", "LT-101.H"]
        assert "AT-201.H" in await ids(client, "active")
        assert_problem(await client.get(f"{API}/alarms?state=gone"), 422, "validation")
        detail = dto.AlarmDetail.model_validate((await client.get(f"{API}/alarms/LT-101.HH")).json())
        assert detail.cause.zh == "进料未停"
        assert_problem(await client.get(f"{API}/alarms/LT-101.LLL"), 404, "not-found")


async def test_acknowledging_keeps_the_person_and_the_second_hears_who_won() -> None:
    site = Site()
    site.board.judge("LT-101.HH")
    path = f"{API}/alarms/LT-101.HH/acknowledge"
    async with site.client("operator") as first, site.client("shift_leader") as second:
        answer = await first.post(path, json={"occurrence": 1, "comment": "已派人\n去现场"})
        alarm = dto.Alarm.model_validate(answer.json())
        assert (alarm.state, alarm.acknowledged_by, alarm.acknowledged_name) == ("acknowledged", "wang", "王强")
        assert alarm.comment == "已派人 去现场"
        late = await second.post(path, json={"occurrence": 1})
        problem = assert_problem(late, 409, "conflict")
        assert "王强" in str(problem["detail"])
        assert problem["detail_text"] == {"zh": problem["detail"], "en": problem["detail_text"]["en"]}
        english = await second.post(path, json={"occurrence": 1}, headers={"accept-language": "en"})
        assert "王强" in english.json()["detail"]
        assert english.json()["title"] == "Refused"
        assert_problem(await second.post(path, json={"occurrence": 7}), 409, "conflict")
        assert_problem(await second.post(f"{API}/alarms/none/acknowledge", json={"occurrence": 1}), 404, "not-found")


async def test_reset_only_of_what_is_latched_and_acknowledged() -> None:
    site = Site()
    site.board.judge("LT-101.HH")
    async with site.client("shift_leader") as client:
        answer = await client.post(f"{API}/alarms/LT-101.HH/reset", json={"occurrence": 1})
        assert answer.status_code == 409
        site.board.judge()
        await client.post(f"{API}/alarms/LT-101.HH/acknowledge", json={"occurrence": 1})
        answer = await client.post(f"{API}/alarms/LT-101.HH/reset", json={"occurrence": 1, "comment": "ok"})
        assert answer.json()["state"] == "normal"


async def test_a_command_that_is_not_confirmed_says_so() -> None:
    site = Site(options=ApiOptions(version="9.9", command_timeout_s=0.05))
    site.board.judge("LT-101.HH")
    site.board.stuck = True
    async with site.client("operator") as client:
        answer = await client.post(f"{API}/alarms/LT-101.HH/acknowledge", json={"occurrence": 1})
        assert_problem(answer, 503, "unconfirmed")


async def test_an_account_without_person_signs_with_its_name() -> None:
    site = Site()
    site.board.judge("LT-101.HH")
    async with site.client("engineer") as client:
        answer = await client.post(f"{API}/alarms/LT-101.HH/acknowledge", json={"occurrence": 1})
    assert (answer.json()["acknowledged_by"], answer.json()["acknowledged_name"]) == ("engineer", "engineer")


# --- what the service measures of itself ------------------------------------------------------
async def test_diagnostics_tell_the_last_minute_and_the_counters() -> None:
    site = Site()
    async with site.client("viewer") as client:
        answer = await client.get(f"{API}/diagnostics")
    assert answer.status_code == 200
    body = answer.json()
    assert body["loop_lag"] == {"count": 6000, "p50_ms": 0.1, "p99_ms": 2.5, "max_ms": 9.0}
    assert body["scan_duration"] == {"count": 909, "p50_ms": 1.5, "p99_ms": 7.25, "max_ms": 30.0}
    assert body["scan_interval"] == {"count": 1000, "p50_ms": 66.0, "p99_ms": 250.0, "max_ms": 251.0}
    async with site.client("viewer") as client:
        shorter = (await client.get(f"{API}/diagnostics", params={"seconds": 20})).json()
        assert_problem(await client.get(f"{API}/diagnostics", params={"seconds": 61}), 422, "validation")
    assert shorter["loop_lag"]["count"] == 2000
    view = site.board.view()
    assert (body["scans"], body["overruns"], body["stream_clients"]) == (view.scan, view.overruns, 0)
