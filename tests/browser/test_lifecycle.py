"""Shelving, groups, positions, floods, sequence and figures in a real browser, against the real chain."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Route, expect

from tests.browser.conftest import PATIENCE_MS, PHONE, Console, console
from tests.faults.rig import Rig, until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

PRESSURE = "PT-202A.H"
SPARE = "LT-202A.H"
BYPASSES = ("SIS-104.bypass", "SIS-203.bypass")
SWITCH = "LSHH-202.state"
LEVELS = ("LT-201A", "LT-202A", "LT-202B", "LT-203A", "LT-203B", "LT-204A")
LPG, METHANOL = "LPG", "METHANOL"
BOTH_SEATS = 'hazard_sources = ["HS-2"]\nroles = ["operator"]'
OTHER_SEAT = 'hazard_sources = ["HS-2"]\nroles = ["engineer"]'


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """The whole chain with two operator positions; an operator sits at one of them."""
    with Rig(tmp_path_factory.mktemp("lifecycle")) as running:
        running.edit("plant.toml", BOTH_SEATS, OTHER_SEAT)
        running.start()
        running.fault("show", tag="PT-202A", value=1.52)
        for switch in ("BPS-104", "BPS-203"):
            running.fault("set", tag=switch, value=1.0)
        for alarm_id in (PRESSURE, *BYPASSES):
            running.wait_for(alarm_id, "unacknowledged")
        yield running


def row_of(shown: Console, alarm_id: str) -> Locator:
    return shown.page.locator(f'main [data-id="{alarm_id}"]')


async def raised_again(rig: Rig, *switches: str) -> None:
    """Take bypasses back and set them again: new occurrences that nobody has acknowledged."""
    for value, states in ((0.0, ("normal", "returned_unacknowledged")), (1.0, ("unacknowledged",))):
        for switch in switches:
            await asyncio.to_thread(rig.fault, "set", tag=f"BPS-{switch}", value=value)
        for switch in switches:
            await asyncio.to_thread(rig.wait_for, f"SIS-{switch}.bypass", *states)


async def test_shelving_needs_a_reason_and_is_listed_with_its_time_left(rig: Rig, browser: Browser) -> None:
    async with console(browser, rig) as shown:
        await shown.open("/alarms")
        await row_of(shown, PRESSURE).get_by_label("搁置").click()
        panel = shown.page.locator("aside.panel")
        send = panel.locator("form.shelve-form button[type=submit]")
        await expect(send).to_be_disabled(timeout=PATIENCE_MS)
        await panel.locator("input[name=reason]").fill("压力表校验，作业票 1234")
        await shown.picture("shelve-form.zh")
        await panel.get_by_role("button", name="15 分").click()
        await send.click()
        await expect(panel).to_contain_text("还剩", timeout=PATIENCE_MS)
        await expect(row_of(shown, PRESSURE)).to_have_count(0, timeout=PATIENCE_MS)
        alarm = await asyncio.to_thread(lambda: rig.alarms()[PRESSURE])
        assert alarm["state"] == "shelved"
        assert alarm["suppressions"][0]["reason"] == "压力表校验，作业票 1234"

        await shown.page.locator("nav a[href='/suppressed']").click()
        line = row_of(shown, PRESSURE)
        await expect(line).to_contain_text("压力表校验", timeout=PATIENCE_MS)
        await expect(line).to_contain_text("14 分")
        await expect(line).to_contain_text("条件成立")
        await expect(shown.page.locator("nav a[href='/suppressed'] .nav-count")).to_have_text("1")
        await shown.picture("suppressed.zh")
        await line.get_by_role("button", name="取消搁置").click()
        await expect(shown.page.locator("main")).to_contain_text("没有被搁置", timeout=PATIENCE_MS)
        alarm = await asyncio.to_thread(rig.wait_for, PRESSURE, "unacknowledged")
        assert alarm["suppressions"] == []
        assert [line for line in shown.complaints if "401" not in line] == []


async def test_a_class_that_may_not_be_shelved_says_so(rig: Rig, browser: Browser) -> None:
    async with console(browser, rig) as shown:
        await shown.open(f"/alarms/{BYPASSES[1]}")
        panel = shown.page.locator("aside.panel")
        await expect(panel).to_contain_text("不许搁置", timeout=PATIENCE_MS)
        await expect(panel.get_by_role("button", name="搁置", exact=True)).to_have_count(0)


async def test_out_of_service_needs_another_person_and_an_interim_alarm(rig: Rig, browser: Browser) -> None:
    async with console(browser, rig, logged_in=False) as shown:
        await shown.open(f"/alarms/{SPARE}")
        await shown.log_in("shift", "demo-shift")
        panel = shown.page.locator("aside.panel")
        await panel.get_by_role("button", name="停用").click(timeout=PATIENCE_MS)
        await panel.locator("input[name=reason]").fill("变送器送检")
        await panel.locator("input[name=interim]").fill("每 30 分钟现场检尺")
        await panel.locator("input[name=second]").fill("shift")
        await panel.locator("input[name=password]").fill("demo-shift")
        await panel.locator("form.shelve-form button[type=submit]").click()
        await expect(panel.get_by_role("alert")).to_contain_text("申请人不能自己授权", timeout=PATIENCE_MS)
        await expect(panel.locator("input[name=password]")).to_have_value("")

        await panel.locator("input[name=second]").fill("manager")
        await panel.locator("input[name=password]").fill("not the password")
        await shown.picture("out-of-service-form.zh")
        await panel.locator("form.shelve-form button[type=submit]").click()
        await expect(panel.get_by_role("alert")).to_contain_text("授权人的用户名或密码不正确", timeout=PATIENCE_MS)

        await panel.locator("input[name=password]").fill("demo-manager")
        await panel.locator("form.shelve-form button[type=submit]").click()
        await expect(panel).to_contain_text("每 30 分钟现场检尺", timeout=PATIENCE_MS)
        await shown.picture("out-of-service.zh")
        alarm = await asyncio.to_thread(lambda: rig.alarms()[SPARE])
        assert alarm["suppressions"][0]["suppression"] == "out_of_service"
        await panel.get_by_role("button", name="恢复投用").click()
        await expect(panel.get_by_role("button", name="停用")).to_be_visible(timeout=PATIENCE_MS)


async def test_an_operator_sees_and_answers_the_own_position_only(rig: Rig, browser: Browser) -> None:
    mine, other = BYPASSES[1], BYPASSES[0]
    async with console(browser, rig) as shown:
        await expect(shown.page.locator("header")).to_contain_text("球罐区岗位", timeout=PATIENCE_MS)
        await shown.open("/alarms")
        await expect(row_of(shown, mine)).to_be_visible(timeout=PATIENCE_MS)
        await expect(row_of(shown, other)).to_have_count(0)
        await expect(shown.page.locator("main")).to_contain_text("其他岗位还有")
        await shown.page.get_by_label("岗位").select_option("all")
        await expect(row_of(shown, other)).to_be_visible()
        button = row_of(shown, other).get_by_role("button", name="确认")
        await expect(button).to_be_disabled()
        assert "甲醇罐区岗位" in (await button.get_attribute("title") or "")
        await shown.open(f"/alarms/{other}")
        await expect(shown.page.locator("aside.panel")).to_contain_text("归 甲醇罐区岗位", timeout=PATIENCE_MS)
        await shown.picture("positions.zh")


async def test_several_alarms_with_one_click(rig: Rig, browser: Browser) -> None:
    await raised_again(rig, "104", "203")
    async with console(browser, rig, logged_in=False) as shown:
        await shown.open("/alarms")
        await shown.log_in("shift", "demo-shift")
        for alarm_id in BYPASSES:
            await expect(row_of(shown, alarm_id)).to_be_visible(timeout=PATIENCE_MS)
        await shown.page.locator(".group-all input").check()
        await shown.picture("group.zh")
        await shown.page.locator(".group-send").click()
        await expect(shown.page.locator(".group-outcome")).to_contain_text("已确认", timeout=PATIENCE_MS)
        for alarm_id in BYPASSES:
            await expect(row_of(shown, alarm_id)).to_contain_text("已确认", timeout=PATIENCE_MS)
    alarms = await asyncio.to_thread(rig.alarms)
    assert {alarms[alarm_id]["state"] for alarm_id in BYPASSES} == {"acknowledged"}


async def test_each_refusal_of_a_group_is_shown(rig: Rig, browser: Browser) -> None:
    await raised_again(rig, "104", "203")
    first = BYPASSES[1]
    occurrence = (await asyncio.to_thread(rig.alarms))[first]["occurrence"]

    async def somebody_is_quicker(route: Route) -> None:
        await asyncio.to_thread(rig.acknowledge, first, occurrence)
        await route.continue_()

    async with console(browser, rig, logged_in=False) as shown:
        await shown.page.route("**/api/v1/alarms/acknowledge", somebody_is_quicker)
        await shown.open("/alarms")
        await shown.log_in("shift", "demo-shift")
        for alarm_id in BYPASSES:
            await row_of(shown, alarm_id).locator("input[type=checkbox]").check(timeout=PATIENCE_MS)
        await shown.page.locator(".group-send").click()
        outcome = shown.page.locator(".group-outcome")
        await expect(outcome).to_contain_text("已确认 1 条", timeout=PATIENCE_MS)
        await expect(outcome).to_contain_text(first)
        await expect(row_of(shown, first)).to_contain_text("没有成功")
        await shown.picture("group-refused.zh")


async def test_the_horn_of_a_position_is_silenced_for_everybody_there(rig: Rig, browser: Browser) -> None:
    await raised_again(rig, "203")
    horn = {item["id"]: item["horn"] for item in await asyncio.to_thread(rig.get, "/positions")}[LPG]
    assert horn["sounding"]
    async with console(browser, rig) as shown:
        await shown.open("/alarms")
        await shown.page.locator(".top-silence").click(timeout=PATIENCE_MS)
        await expect(shown.page.locator(".top-silence")).to_have_count(0, timeout=PATIENCE_MS)

        def silenced() -> bool:
            return not {item["id"]: item["horn"] for item in rig.get("/positions")}[LPG]["sounding"]

        # it is quiet here before the service has heard of it: a browser that is closed at once would take the word along
        await asyncio.to_thread(until, "the service has silenced the horn", silenced)


async def test_before_the_first_snapshot_nothing_is_shown_as_blind(rig: Rig, browser: Browser) -> None:
    async with console(browser, rig) as shown:
        await shown.page.route_web_socket("**/stream", lambda socket: None)
        await shown.open("/tanks")
        await expect(shown.page.locator(".frame.is-awaiting .tank").first).to_be_visible(timeout=PATIENCE_MS)
        await expect(shown.page.locator(".tank-level").first).to_contain_text("…")
        await expect(shown.page.locator(".tank .is-blind")).to_have_count(0)


async def test_a_flood_is_said_and_folds_the_list(rig: Rig, browser: Browser) -> None:
    for tag in LEVELS:
        await asyncio.to_thread(rig.fault, "show", tag=tag, value=10.6)
    await asyncio.to_thread(rig.fault, "show", tag="LSHH-202", value=1.0)
    await asyncio.to_thread(rig.wait_for, SWITCH, "unacknowledged")
    async with console(browser, rig) as shown:
        await shown.open("/alarms")
        await expect(shown.page.locator(".flood")).to_contain_text("球罐区岗位 报警泛滥", timeout=PATIENCE_MS)
        await expect(row_of(shown, SWITCH)).to_be_visible(timeout=PATIENCE_MS)
        fold = shown.page.locator(".fold").filter(has_text="202 号")
        await expect(fold).to_contain_text("首发", timeout=PATIENCE_MS)
        await expect(row_of(shown, "LT-202A.HH")).to_have_count(0)
        pinned, folded = await row_of(shown, SWITCH).bounding_box(), await fold.bounding_box()
        assert pinned is not None
        assert folded is not None
        assert pinned["y"] < folded["y"], "life safety stays above the folds"
        await fold.locator(".fold-turn").click()
        await expect(row_of(shown, "LT-202A.HH")).to_be_visible()
        await shown.picture("flood.zh")
        await shown.page.locator(".flood-turn").click()
        await expect(shown.page.locator(".fold")).to_have_count(0)
        for tag in LEVELS:
            await expect(row_of(shown, f"{tag}.HH")).to_be_visible()


async def test_the_sequence_says_where_the_order_is_undecided(rig: Rig, browser: Browser, tmp_path: Path) -> None:
    async with console(browser, rig) as shown:
        await shown.open("/sequence")
        main = shown.page.locator("main")
        await expect(main).to_contain_text("LSHH-202", timeout=PATIENCE_MS)
        await expect(main).to_contain_text("先后无法断定")
        await shown.picture("sequence.zh")
        async with shown.page.expect_download() as started:
            await main.get_by_role("button", name="下载 CSV").click()
        target = tmp_path / "sequence.csv"
        await (await started.value).save_as(target)
        assert SWITCH in target.read_text(encoding="utf-8-sig")


async def test_the_figures_stand_against_their_targets(rig: Rig, browser: Browser, tmp_path: Path) -> None:
    async with console(browser, rig) as shown:
        await shown.open("/figures")
        main = shown.page.locator("main")
        await expect(main).to_contain_text("10 分钟峰值", timeout=PATIENCE_MS)
        await expect(main.locator("tr.is-beyond").first).to_contain_text("超出")
        answer = await asyncio.to_thread(rig.get, "/figures")
        shown_here = next(one for one in answer["positions"] if one["position"] == LPG)
        assert shown_here["peak_10_min"] > 10
        await expect(main.locator(".hours-bar.is-beyond")).not_to_have_count(0)
        await shown.picture("figures.zh")
        await main.get_by_label("岗位").select_option(METHANOL)
        await expect(main.locator(".figures-basis")).to_contain_text("甲醇罐区岗位")
        async with shown.page.expect_download() as started:
            await main.get_by_role("button", name="下载 CSV").click()
        target = tmp_path / "figures.csv"
        await (await started.value).save_as(target)
        assert LPG in target.read_text(encoding="utf-8-sig")


async def test_who_approved_the_alarm_database(rig: Rig, browser: Browser) -> None:
    drift = await asyncio.to_thread(rig.get, "/definitions/drift")
    async with console(browser, rig) as shown:
        await shown.open("/definitions")
        await expect(shown.page.locator(".drift")).to_contain_text("与批准的一致", timeout=PATIENCE_MS)
        await expect(shown.page.locator(".drift")).to_contain_text(drift["approved_by_name"])
        await shown.open(f"/alarms/{PRESSURE}")
        await expect(shown.page.locator(".definition")).to_contain_text("与批准的一致", timeout=PATIENCE_MS)


async def test_new_pages_in_both_languages_and_on_a_phone(rig: Rig, browser: Browser) -> None:
    pages = ("suppressed", "devices", "sequence", "figures", "definitions")
    async with console(browser, rig) as shown:
        for language, button in (("zh", "English"), ("en", "中文")):
            for page in pages:
                words = await shown.read(f"/{page}")
                assert not [bad for bad in ("undefined", "NaN", "[object", "{n}") if bad in words], f"{page} {language}"
                await shown.picture(f"{page}.{language}")
            await shown.page.get_by_text(button, exact=True).first.click()
        assert [line for line in shown.complaints if "401" not in line] == []
    async with console(browser, rig, PHONE) as shown:
        for page in ("alarms", *pages):
            await shown.read(f"/{page}")
            overflow = await shown.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert overflow <= 0, f"/{page} scrolls sideways on a phone"
