"""`GET /suppressions`: what is suppressed by design now, why, and what stands beneath it."""

from monitor.alarms.commands import SuppressByDesign
from monitor.alarms.design_suppression import DesignSuppression, Standing
from monitor.alarms.timers import NEVER_NS
from monitor.hazards.suppressed import Suppressed
from rules.language.conditions import ConditionColumns, parse_condition
from rules.port import Moment
from rules.verdicts import Verdict
from tests.monitor.api.fake_plant import TAGS, WALL_NS, snapshot
from tests.monitor.api.fakes import Site

API = "/api/v1"
EMPTY = DesignSuppression(
    id="empty",
    kind="condition",
    when="tag('LT-101') < 1",
    alarms=("AT-201.H",),
    reason_zh="罐空",
    reason_en="tank empty",
)
ECLIPSE = DesignSuppression(
    id="eclipse.LT-101.HH",
    kind="eclipse",
    parent="LT-101.HH",
    alarms=("LT-101.H",),
    reason_zh="重复",
    reason_en="again",
)


def suppressed(*now: Standing) -> Suppressed:
    conditions = ConditionColumns.of([parse_condition(EMPTY.when, TAGS)], TAGS)
    moment = Moment.of(snapshot(), TAGS.ids, 0, snapshot().mono_ns)
    _, state = conditions.judge(moment, conditions.fresh(0))
    return Suppressed(all=(EMPTY, ECLIPSE), now=now, conditions=conditions, place={0: 0}, moment=moment, state=state)


def stands(**fields: object) -> Standing:
    return Standing(truth=Verdict.TRUE, stands=True, since_wall_ns=WALL_NS, **fields)  # type: ignore[arg-type]  # fields by name


async def test_a_plant_without_suppressions_has_an_empty_list() -> None:
    site = Site()
    async with site.client("viewer") as client:
        answer = await client.get(f"{API}/suppressions")
        assert (answer.status_code, answer.json()) == (200, [])


async def test_what_stands_is_told_with_its_reason_and_what_is_true_beneath() -> None:
    site = Site()
    site.board.view_fields["suppressed"] = suppressed(Standing(truth=Verdict.FALSE), stands(until_wall_ns=WALL_NS))
    site.board.judge("LT-101.HH", "LT-101.H")
    async with site.client("viewer") as client:
        (found,) = (await client.get(f"{API}/suppressions")).json()
        assert (found["id"], found["kind"], found["parent"]) == ("eclipse.LT-101.HH", "eclipse", "LT-101.HH")
        assert found["condition"] == "alarm('LT-101.HH')"
        assert found["reason"] == {"zh": "重复", "en": "again"}
        assert (found["stands"], found["verdict"], found["true_below"]) == (True, "true", 1)
        assert found["since"] == found["until"] == "2026-01-01T00:00:00.123Z"
        assert "LT-101" in found["explanation"]["zh"]
        (child,) = found["alarms"]
        assert (child["id"], child["is_true"], child["underlying_state"]) == ("LT-101.H", True, "unacknowledged")


async def test_all_that_is_configured_is_listed_with_its_numbers() -> None:
    site = Site()
    site.board.view_fields["suppressed"] = suppressed(
        Standing(truth=Verdict.FALSE, barred=True), stands(lost_mono_ns=5, until_wall_ns=NEVER_NS)
    )
    site.board.judge("LT-101.H")
    async with site.client("viewer") as client:
        empty, eclipse = (await client.get(f"{API}/suppressions", params={"state": "all"})).json()
        assert (empty["stands"], empty["verdict"], empty["barred"], empty["since"]) == (False, "false", True, None)
        assert "LT-101 = 5" in empty["explanation"]["en"], "the numbers of now"
        assert (eclipse["ending"], eclipse["until"]) == (True, None)
        assert eclipse["explanation"]["en"] == "LT-101.HH is not TRUE"


async def test_a_parent_that_is_silent_itself_is_said() -> None:
    site = Site()
    site.board.view_fields["suppressed"] = suppressed(Standing(), Standing(truth=Verdict.FALSE))
    site.board.judge("LT-101.HH")
    async with site.client("viewer") as client:
        _, eclipse = (await client.get(f"{API}/suppressions", params={"state": "all"})).json()
        assert "silent itself" in eclipse["explanation"]["en"]
        assert "自身无声" in eclipse["explanation"]["zh"]


async def test_an_alarm_names_the_suppression_behind_it() -> None:
    site = Site()
    command = SuppressByDesign(
        id="LT-101.H",
        person="system",
        person_name="",
        comment="重复",
        comment_en="again",
        source="eclipse.LT-101.HH",
        condition="alarm('LT-101.HH')",
    )
    await site.board.obey(command)
    async with site.client("viewer") as client:
        (alarm,) = (await client.get(f"{API}/alarms", params={"state": "by_design"})).json()
        (record,) = alarm["suppressions"]
        assert (record["source"], record["condition"]) == ("eclipse.LT-101.HH", "alarm('LT-101.HH')")
        assert (record["reason"], record["reason_en"], record["person"]) == ("重复", "again", "system")


async def test_nobody_reads_it_without_logging_in() -> None:
    site = Site()
    async with site.client(None) as client:
        assert (await client.get(f"{API}/suppressions")).status_code == 401


def test_nothing_is_explained_before_the_first_scan() -> None:
    assert Suppressed(all=(EMPTY,), now=(Standing(),)).explain(0) == ("", "")
