"""Interlocks over the wire: a permit from request to function check through kill -9, a demand, silence, a trip that fails."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import httpx
import pytest

from tests.faults.rig import Rig, Row, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SIS = "SIS-101"
LENGTH_S = 50.0
"""Of the permit: long enough for a demand, a silent device and a restart."""


@contextmanager
def person(rig: Rig, username: str) -> Iterator[httpx.Client]:
    """Somebody at a console of their own."""
    with httpx.Client(base_url=f"{rig.base}/api/v1", timeout=15, headers={"origin": rig.base}) as client:
        answer = client.post("/session", json={"username": username, "password": f"demo-{username}"})
        assert answer.status_code in (200, 201), answer.text
        yield client


def act(rig: Rig, username: str, path: str, body: object, expected: int = 200) -> Row:
    with person(rig, username) as client:
        answer = client.post(f"/permits{path}", json=body)
    assert answer.status_code == expected, answer.text
    found: Row = answer.json()
    return found


def becomes(rig: Rig, **axes: str) -> Row:
    """Until the interlock is so."""
    return rig.interlock_becomes(SIS, **axes)


def request(rig: Rig) -> Row:
    now = datetime.fromisoformat(rig.get("/session")["server_time"])
    body = {
        "interlock": SIS,
        "bits": ["BPS-101"],
        "reason": "更换浮球开关",
        "risk": "满罐时无联锁",
        "measures": ["专人监护 T-101 液位"],
        "until": (now + timedelta(seconds=LENGTH_S)).isoformat(),
    }
    return act(rig, "operator", "", body, 201)


def test_a_permit_from_request_to_function_check_through_a_kill(running: Rig) -> None:
    rig = running
    becomes(rig, service="in_service", action="ready", voting="full")
    began = time.monotonic()
    permit = request(rig)["id"]
    act(rig, "manager", f"/{permit}/approve", {}, 409)
    act(rig, "operator", f"/{permit}/approve", {}, 403)
    act(rig, "shift", f"/{permit}/approve", {"comment": "同意"})
    act(rig, "manager", f"/{permit}/approve", {"comment": "同意"})

    rig.fault("set", tag="BPS-101", value=1)
    becomes(rig, service="bypassed_authorised", permit="active", headline="bypassed_authorised")
    until("the stream tells the bypass", lambda: rig.seen.triggers(f"{SIS}.bypass") == ["raised"])

    rig.fault("show", tag="LSHH-101", value=1)
    becomes(rig, action="demand_while_bypassed", headline="demand_while_bypassed")
    until("the stream tells the demand", lambda: rig.seen.triggers(f"{SIS}.demand") == ["raised"])
    rig.fault("unfreeze", tag="LSHH-101")
    becomes(rig, action="ready")

    rig.fault("silence-sis1")
    lost = becomes(rig, service="unknown", action="unknown", voting="unknown")
    assert (lost["tripped"], lost["demand"]) == (None, None)
    assert rig.state(f"{SIS}.bypass") == "unacknowledged", "what is unknown clears nothing"
    rig.kill()
    rig.fault("normal-sis1")

    rig.start()
    rig.watch()
    assert time.monotonic() - began < LENGTH_S, "this machine is too slow for the test: the permit is over"
    (kept,) = rig.get("/permits")
    assert (kept["id"], kept["state"], kept["requested_by"]) == (permit, "in_use", rig.get("/session")["name"]["zh"])
    assert [item["role"] for item in kept["approvals"]] == ["shift_leader", "manager"]
    becomes(rig, service="bypassed_authorised")
    becomes(rig, service="bypassed_overdue")
    assert time.monotonic() - began >= LENGTH_S - 1
    until("the stream tells that it is overdue", lambda: rig.seen.triggers(f"{SIS}.overdue") == ["raised"])
    assert "reactivated" in rig.triggers(f"{SIS}.bypass"), "announced anew"
    clock = [row["values"] for row in rig.entries("permit") if row["values"]["trigger"] == "mark"]
    assert [(each["mark"], each["role"]) for each in clock] == [
        (50, "operator"),
        (80, "shift_leader"),
        (100, "manager"),
    ]
    pushed = [row["body"] for row in rig.outbox() if row["id"] == f"{SIS}.permit"]
    for role in ("操作员", "班长", "值班领导"):
        assert any(role in body and "HS-2" in body for body in pushed), f"{role} is not told"

    rig.fault("set", tag="BPS-101", value=0)
    becomes(rig, service="restored_unchecked")
    act(rig, "operator", f"/{permit}/check-function", {"passed": True, "comment": ""}, 422)
    done = act(rig, "operator", f"/{permit}/check-function", {"passed": True, "comment": "注水试验合格"})
    assert (done["state"], done["ended_note"]) == ("closed", "注水试验合格")
    becomes(rig, service="in_service")
    told = [row["values"]["trigger"] for row in rig.entries("permit") if row["values"]["trigger"] != "mark"]
    assert told == ["requested", "approved_by_one", "approved", "used", "cleared", "checked"]
    # all time of all interlocks is in exactly one state, and nobody watched while it was dead
    start = (datetime.fromisoformat(rig.get("/session")["server_time"]) - timedelta(minutes=30)).isoformat()
    for rate in rig.get("/interlocks/rates", by="interlock", **{"from": start}):
        length = datetime.fromisoformat(rate["end"]) - datetime.fromisoformat(rate["start"])
        assert sum(rate["hours"].values()) == pytest.approx(length.total_seconds() / 3600)
        assert rate["hours"]["unknown"] > 0
        assert (rate["hours"]["bypassed_overdue"] > 0) is (rate["group"] == SIS)


def test_a_bypass_without_permit_and_a_trip_that_fails(running: Rig) -> None:
    rig = running
    becomes(rig, service="in_service", action="ready")
    rig.fault("set", tag="BPS-101", value=1)
    becomes(rig, service="bypassed_unauthorised", permit="none")
    rig.fault("set", tag="BPS-101", value=0)
    becomes(rig, service="in_service")
    # the trip relay hangs: the demand comes and nothing acts
    rig.fault("show", tag="SIS-101.TRIP", value=0)
    rig.fault("show", tag="LSHH-101", value=1)
    found = becomes(rig, action="failed_to_trip")
    assert found["demanded_by"] == ["LSHH-101"]
    until("the stream tells it", lambda: rig.seen.triggers(f"{SIS}.failed") == ["raised"])
    rig.fault("show", tag="SIS-101.TRIP", value=1)
    becomes(rig, action="tripped")
    rig.wait_for(f"{SIS}.failed", "returned_unacknowledged", "normal")
    (late,) = [
        change
        for row in rig.entries("interlock")
        for change in row["values"]["changes"]
        if change["interlock"] == SIS and change["after"] == "tripped"
    ]
    assert late["detail"]["first_out"] == ["LSHH-101"]
    assert late["detail"]["response_s"] > late["detail"]["required_s"]
