"""The console in a real browser, against the real chain."""

import asyncio
import re
import signal
import zipfile
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import PATIENCE_MS, PHONE, Console, console
from tests.faults.rig import Rig, until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(240)]

PAGES = ("alarms", "tanks", "interlocks", "sources", "tags", "devices", "journal")
BYPASS = "SIS-104.bypass"


async def bypassed(rig: Rig, value: float) -> None:
    """Put the bypass switch of SIS-104 and wait until the board says so."""
    await asyncio.to_thread(rig.fault, "set", tag="BPS-104", value=value)
    active = {"unacknowledged", "acknowledged"}
    await asyncio.to_thread(
        until, "the bypass is judged", lambda: (rig.alarms()[BYPASS]["underlying_state"] in active) == (value == 1.0)
    )


async def test_a_wrong_password_is_said_plainly_and_a_right_one_enters(rig: Rig, browser: Browser) -> None:
    async with console(browser, rig, logged_in=False) as shown:
        await shown.open("/tanks")
        await shown.log_in(password="wrong")
        await expect(shown.page.get_by_role("alert")).to_be_visible()
        await shown.picture("login.zh")
        await shown.log_in()
        await shown.page.wait_for_selector(".frame")
        assert shown.page.url.endswith("/tanks"), "after the log-in the page that was asked for"


async def test_every_page_in_both_languages_and_themes_without_a_complaint(rig: Rig, browser: Browser) -> None:
    await bypassed(rig, 1.0)
    async with console(browser, rig) as shown:
        for language in ("zh", "en"):
            for page in PAGES:
                words = await shown.read(f"/{page}")
                await shown.picture(f"{page}.{language}")
                assert "undefined" not in words and "NaN" not in words and "[object" not in words
            await (
                shown.page.get_by_role("button", name="English")
                .or_(shown.page.get_by_text("中文", exact=True))
                .first.click()
            )
        assert [line for line in shown.complaints if "401" not in line] == []


async def test_an_alarm_appears_by_itself_and_is_acknowledged_with_one_click(rig: Rig, browser: Browser) -> None:
    await bypassed(rig, 0.0)
    async with console(browser, rig) as shown:
        await shown.open("/alarms")
        await bypassed(rig, 1.0)
        row = shown.page.locator(f'[data-id="{BYPASS}"]')
        await expect(row).to_be_visible(timeout=PATIENCE_MS)
        await expect(row).to_contain_text("旁路")
        await shown.picture("alarms-new.zh")
        await row.get_by_role("button", name="确认").click()
        await expect(row).to_contain_text("已确认", timeout=PATIENCE_MS)
        alarm = await asyncio.to_thread(lambda: rig.alarms()[BYPASS])
        assert alarm["state"] == "acknowledged"
        assert alarm["acknowledged_name"]


async def test_who_comes_second_reads_who_was_first(rig: Rig, browser: Browser) -> None:
    await bypassed(rig, 0.0)
    await bypassed(rig, 1.0)
    async with console(browser, rig) as shown:
        await shown.open("/alarms")
        row = shown.page.locator(f'[data-id="{BYPASS}"]')
        await expect(row).to_be_visible(timeout=PATIENCE_MS)
        alarm = await asyncio.to_thread(lambda: rig.alarms()[BYPASS])
        await shown.page.route("**/stream", lambda route: route.abort())
        answer = await asyncio.to_thread(rig.acknowledge, BYPASS, alarm["occurrence"])
        assert answer.status_code == 200
        button = row.get_by_role("button", name="确认")
        if await button.count():  # the stream may have been quicker than this hand
            await button.click(timeout=2_000)
        await expect(row).to_contain_text("已确认", timeout=PATIENCE_MS)
        second = await asyncio.to_thread(rig.acknowledge, BYPASS, alarm["occurrence"])
        assert second.status_code == 409
        assert alarm["subject"]["zh"]


async def test_the_side_panel_tells_what_to_do_and_what_was_pushed(rig: Rig, browser: Browser) -> None:
    await bypassed(rig, 1.0)
    async with console(browser, rig) as shown:
        await shown.open(f"/alarms/{BYPASS}")
        main = shown.page.locator("main")
        await expect(main).to_contain_text("核对旁路作业票", timeout=PATIENCE_MS)
        await expect(main).to_contain_text("wecom-duty", timeout=PATIENCE_MS)
        await expect(main).to_contain_text("尚未收到手机端答复", timeout=PATIENCE_MS)
        await shown.picture("alarm-panel.zh")
        await shown.page.keyboard.press("Escape")
        await expect(main).not_to_contain_text("核对旁路作业票")


async def test_the_link_of_a_push_opens_its_alarm_on_a_phone(rig: Rig, browser: Browser) -> None:
    await bypassed(rig, 1.0)
    async with console(browser, rig, PHONE, logged_in=False) as shown:
        await shown.open(f"/alarms/{BYPASS}")
        await shown.log_in()
        await expect(shown.page.locator("main")).to_contain_text("核对旁路作业票", timeout=PATIENCE_MS)
        overflow = await shown.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, "the page scrolls sideways on a phone"
        await shown.picture("alarm-phone.zh")


async def test_bypassed_interlock_and_tank_levels_are_what_the_plant_says(rig: Rig, browser: Browser) -> None:
    await bypassed(rig, 1.0)
    async with console(browser, rig) as shown:
        await shown.open("/interlocks")
        line = shown.page.locator("main").get_by_text("SIS-104", exact=False).first
        await expect(line).to_be_visible(timeout=PATIENCE_MS)
        await expect(shown.page.locator("main")).to_contain_text("旁路")
        await asyncio.to_thread(rig.fault, "pause")
        await shown.open("/tanks")
        await shown.page.wait_for_timeout(2_500)  # the plant stands still, and what was read before has arrived
        level = await asyncio.to_thread(lambda: rig.get("/tags/LT-104A")["value"])
        await expect(shown.page.locator("main")).to_contain_text(
            re.compile(rf"{level:.2f}|{level:.3f}"), timeout=PATIENCE_MS
        )
        await asyncio.to_thread(rig.fault, "resume")


async def lost_bar(shown: Console) -> None:
    await expect(shown.page.locator(".lost-bar")).to_be_visible(timeout=6_000)


async def test_the_time_left_is_told_in_both_languages_and_links_to_its_alarm(rig: Rig, browser: Browser) -> None:
    """What the rule says stands on the page of the tag and of the tank: numbers, or that they are not known."""
    (found,) = await asyncio.to_thread(lambda: rig.get("/forecasts", tag="LT-101A"))
    async with console(browser, rig) as shown:
        await shown.open("/tanks/T-101")
        left = shown.page.locator(".panel-part .time-left")
        await expect(left).to_contain_text("10.8 m", timeout=PATIENCE_MS)
        await expect(left).to_contain_text("至少需要 15 分")
        await shown.page.get_by_text("English", exact=True).click()
        await shown.open("/tags/LT-101A")
        await expect(left).to_contain_text("15 min needed", timeout=PATIENCE_MS)
        await left.locator("a").click()
        await shown.page.wait_for_url(f"**/alarms/{found['id']}")


async def test_a_silent_monitor_turns_the_screen_stale_and_it_recovers(rig: Rig, browser: Browser) -> None:
    async with console(browser, rig) as shown:
        await shown.open("/tanks")
        await shown.page.wait_for_timeout(1_500)
        await expect(shown.page.locator(".lost-bar")).to_have_count(0)
        assert rig.monitor is not None
        rig.monitor.send_signal(signal.SIGSTOP)
        try:
            await lost_bar(shown)
            await shown.picture("lost.zh")
            await expect(shown.page.locator(".frame.is-lost")).to_be_visible()
        finally:
            rig.monitor.send_signal(signal.SIGCONT)
        await expect(shown.page.locator(".lost-bar")).to_have_count(0, timeout=PATIENCE_MS)


async def test_blocked_sound_is_said_and_one_click_mends_it(rig: Rig, quiet_browser: Browser) -> None:
    await bypassed(rig, 0.0)
    await bypassed(rig, 1.0)
    async with console(quiet_browser, rig, logged_in=False) as shown:
        await shown.enter()
        await shown.open("/alarms")
        warning = shown.page.get_by_text("禁止发声")
        await expect(warning).to_be_visible(timeout=PATIENCE_MS)
        await warning.click()
        await expect(warning).to_have_count(0)


async def test_the_journal_is_read_and_saved_as_csv(rig: Rig, browser: Browser, tmp_path: Path) -> None:
    await bypassed(rig, 1.0)
    async with console(browser, rig) as shown:
        await shown.open(f"/journal?id={BYPASS}")
        await expect(shown.page.locator("main")).to_contain_text("旁路", timeout=PATIENCE_MS)
        async with shown.page.expect_download() as started:
            await shown.page.get_by_text("CSV").first.click()
        download = await started.value
        target = tmp_path / "journal.csv"
        await download.save_as(target)
        text = target.read_text(encoding="utf-8-sig")
        assert BYPASS in text


async def test_the_journal_is_searched_and_saved_as_a_workbook(rig: Rig, browser: Browser, tmp_path: Path) -> None:
    await bypassed(rig, 1.0)
    async with console(browser, rig) as shown:
        await shown.open("/journal")
        main = shown.page.locator("main")
        await shown.page.get_by_role("button", name="筛选").click()
        await shown.page.locator("select[name=kind]").select_option("login")
        await expect(main.locator("tbody")).not_to_contain_text(BYPASS, timeout=PATIENCE_MS)
        await expect(main.locator("tbody")).to_contain_text("登录")
        await expect(shown.page).to_have_url(re.compile(r"/journal\?kind=login$"))

        await shown.page.locator("select[name=trigger]").select_option("raised")
        await expect(main.locator(".journal-filter-note")).to_contain_text("不会有结果", timeout=PATIENCE_MS)
        await expect(main).to_contain_text("这段时间日志里没有记录", timeout=PATIENCE_MS)
        await shown.page.locator("select[name=kind]").select_option("transition")
        await shown.page.locator("input[name=text]").fill("旁路")
        await shown.page.keyboard.press("Enter")
        await expect(main.locator("tbody")).to_contain_text(BYPASS, timeout=PATIENCE_MS)
        await expect(main.locator("tbody")).not_to_contain_text("登录")
        await shown.picture("journal-filter.zh")

        async with shown.page.expect_download() as started:
            await shown.page.get_by_role("button", name="下载 Excel").click()
        target = tmp_path / "journal.xlsx"
        await (await started.value).save_as(target)
        with zipfile.ZipFile(target) as workbook:
            content = "".join(workbook.read(name).decode() for name in workbook.namelist() if name.startswith("xl/"))
        assert BYPASS in content
        assert "登录" not in content

        # the address is the search: a colleague who opens it sees the same
        address = shown.page.url
        await shown.open("/alarms")
        await shown.page.goto(address)
        await expect(shown.page.locator("input[name=text]")).to_have_value("旁路", timeout=PATIENCE_MS)
        await expect(main.locator("tbody")).to_contain_text(BYPASS, timeout=PATIENCE_MS)
        await shown.page.get_by_role("button", name="English").click()
        await expect(shown.page.locator("form.journal-filter")).to_contain_text("State it led to")
        await shown.picture("journal-filter.en")
        await shown.page.get_by_role("button", name="Clear").click()
        await expect(shown.page).to_have_url(re.compile(r"/journal$"))
        assert [line for line in shown.complaints if "401" not in line] == []


async def test_nothing_is_loaded_from_elsewhere(rig: Rig, browser: Browser) -> None:
    async with console(browser, rig, logged_in=False) as shown:
        asked: list[str] = []
        shown.page.on("request", lambda request: asked.append(request.url))
        await shown.open("/")
        await shown.log_in()
        await shown.page.wait_for_selector(".frame")
        foreign = [
            url for url in asked if not url.startswith((rig.base, rig.base.replace("http", "ws"), "data:", "blob:"))
        ]
        assert foreign == []
