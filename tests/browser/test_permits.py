"""A bypass permit from the request to the function check, and the interlock's own page, in a real browser."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.browser.conftest import PATIENCE_MS, PHONE, Console, console
from tests.faults.rig import Rig, until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

INTERLOCK = "SIS-104"
BIT = "BPS-104"
OTHER = "SIS-203"
APPROVERS = (("shift", "demo-shift"), ("manager", "demo-manager"))
REASON = "液位开关校验，作业票 2207"
PASSED = "注水试验，动作正常"
TANK = "V-203"
NEEDED = f'equipment = "{TANK}"\nhazard_source = "HS-1"\nrequired = 5'
"""All layers of the sphere: one that is out is one too few."""


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """The whole chain, with one interlock bypassed that nobody permitted."""
    with Rig(tmp_path_factory.mktemp("permits")) as running:
        running.edit("interlocks.toml", f'equipment = "{TANK}"\nhazard_source = "HS-1"\nrequired = 3', NEEDED)
        running.start()
        running.fault("set", tag="BPS-203", value=1.0)
        running.wait_for(f"{OTHER}.bypass", "unacknowledged")
        yield running


def service(rig: Rig, wanted: str) -> None:
    until(f"{INTERLOCK} is {wanted}", lambda: rig.get(f"/interlocks/{INTERLOCK}")["service"] == wanted)


def card_of(shown: Console, permit: str) -> Locator:
    return shown.page.locator(f'main [data-permit="{permit}"]')


async def other_person(shown: Console, username: str, password: str) -> None:
    await shown.enter(username, password)
    await shown.open("/permits")


async def test_a_bypass_from_the_request_to_the_function_check(rig: Rig, browser: Browser) -> None:
    async with console(browser, rig) as shown:
        await shown.open(f"/interlocks/{INTERLOCK}")
        await shown.page.get_by_role("link", name="申请旁路").click()
        form = shown.page.locator("form.permit-form")
        send = form.get_by_role("button", name="提交申请")
        await expect(form.locator("select[name=interlock]")).to_have_value(INTERLOCK, timeout=PATIENCE_MS)
        await expect(form.locator("input[name=bits]")).to_be_checked()
        await form.locator("input[name=reason]").fill(REASON)
        await form.locator("input[name=risk]").fill("液位高高时进料阀不会关")
        await expect(send).to_be_disabled()
        await form.locator("textarea[name=measures]").fill("每 30 分钟人工检尺\n专人监护")
        await form.get_by_role("button", name="2 小时").click()
        await shown.picture("permit-form.zh")
        await send.click()
        await expect(shown.page.locator("main")).to_contain_text("待班长审批", timeout=PATIENCE_MS)
        found = await asyncio.to_thread(rig.get, "/permits", interlock=INTERLOCK)
        permit = found[0]["id"]
        assert found[0]["measures"] == ["每 30 分钟人工检尺", "专人监护"]
        await expect(shown.page.locator("nav a[href='/permits'] .nav-count")).to_have_text("1")
        card = card_of(shown, permit)
        await expect(card.locator("[data-step=approve]")).to_have_count(0)
        await expect(card.locator("[data-step=withdraw]")).to_be_visible()

        for username, password in APPROVERS:
            await other_person(shown, username, password)
            await card.locator("[data-step=approve]").click(timeout=PATIENCE_MS)
            await expect(card.locator("[data-step=approve]")).to_have_count(0, timeout=PATIENCE_MS)
        await expect(card).to_contain_text("已批准", timeout=PATIENCE_MS)

        await asyncio.to_thread(rig.fault, "set", tag=BIT, value=1.0)
        await asyncio.to_thread(service, rig, "bypassed_authorised")
        await other_person(shown, "operator", "demo-operator")
        await expect(card).to_contain_text("旁路中", timeout=PATIENCE_MS)
        await expect(card).to_contain_text("还剩 1 小时")
        check = card.locator("[data-step=check-measures]")
        await expect(check).to_be_disabled()
        await card.locator("input[name=comment]").fill("检尺 6.02 m，监护人在岗")
        await check.click()
        await expect(card).to_contain_text("检尺 6.02 m", timeout=PATIENCE_MS)
        await shown.picture("permits.zh")

        await asyncio.to_thread(rig.fault, "set", tag=BIT, value=0.0)
        await asyncio.to_thread(service, rig, "restored_unchecked")
        passed = card.locator("[data-step=passed]")
        await expect(passed).to_be_disabled(timeout=PATIENCE_MS)
        await card.locator("input[name=comment]").fill(PASSED)
        await passed.click()
        await expect(card).to_have_count(0, timeout=PATIENCE_MS)
        await asyncio.to_thread(service, rig, "in_service")

        await shown.open(f"/interlocks/{INTERLOCK}")
        timeline = shown.page.locator(".timeline")
        await expect(timeline).to_contain_text("功能校验合格", timeout=PATIENCE_MS)
        await expect(timeline).to_contain_text("投用 → 已批准旁路")
        await expect(card.locator(".permit-state")).to_have_text("已关闭")
        await shown.picture("interlock.zh")
        await shown.open("/permits")
        await shown.page.locator("select[name=ended]").select_option("closed")
        await expect(card).to_contain_text("已关闭", timeout=PATIENCE_MS)
        assert [line for line in shown.complaints if "401" not in line] == []


async def test_what_the_service_refuses_is_said_as_it_comes(rig: Rig, browser: Browser) -> None:
    async with console(browser, rig) as shown:
        await shown.open(f"/permits?ask={OTHER}")
        form = shown.page.locator("form.permit-form")
        for name, text in (("reason", "检修"), ("risk", "满罐")):
            await form.locator(f"input[name={name}]").fill(text)
        await form.locator("textarea[name=measures]").fill("人工检尺")
        await form.locator("input[name=until]").fill("2099-01-01T00:00")
        await form.get_by_role("button", name="提交申请").click()
        await expect(form.get_by_role("alert")).to_contain_text("一次最长旁路", timeout=PATIENCE_MS)
        assert await asyncio.to_thread(rig.get, "/permits", interlock=OTHER) == []


async def test_the_worst_interlock_stands_first_and_opens_its_page(rig: Rig, browser: Browser, tmp_path: Path) -> None:
    async with console(browser, rig) as shown:
        await shown.open("/interlocks")
        first = shown.page.locator("main tbody tr").first
        await expect(first).to_contain_text(OTHER, timeout=PATIENCE_MS)
        await expect(first).to_contain_text("未批准旁路")
        await shown.picture("interlocks.zh")
        async with shown.page.expect_download() as started:
            await shown.page.get_by_role("button", name="下载 CSV").click()
        target = tmp_path / "interlocks.csv"
        await (await started.value).save_as(target)
        heads, *lines = target.read_text(encoding="utf-8-sig").splitlines()
        assert heads.startswith("联锁,名称")
        assert any(line.startswith(f"{OTHER},") and "未经批准旁路" in line for line in lines)
        await first.click()
        bit = shown.page.locator('main [data-tag="BPS-203"]')
        await expect(bit).to_contain_text("已旁路", timeout=PATIENCE_MS)
        await expect(shown.page.locator("main")).to_contain_text("没有许可覆盖")
        await expect(shown.page.locator(f'main [data-tag="{OTHER}.SP"]')).to_contain_text("与批准值一致")
        await expect(shown.page.locator('main [data-tag="PT-203C.SP"]')).to_contain_text("与批准值一致")
        effect = shown.page.locator('main [data-tag="XV-203I.CLOSED"]')
        await expect(effect).to_contain_text("要求 10 秒")
        await expect(shown.page.locator("main [data-since=service]")).to_contain_text("自")
        await asyncio.to_thread(rig.fault, "show", tag="XV-203I.CLOSED", value=0)
        await asyncio.to_thread(rig.fault, "show", tag="LSHH-203", value=1)
        await asyncio.to_thread(rig.interlock_becomes, OTHER, action="demand_while_bypassed")
        await asyncio.to_thread(rig.fault, "show", tag="XV-203I.CLOSED", value=1)
        await expect(effect.locator("[data-answer]")).to_have_text("按时到位", timeout=PATIENCE_MS)
        told = shown.page.locator("main .timeline-effect").first
        await expect(told).to_contain_text("XV-203I.CLOSED", timeout=PATIENCE_MS)
        await expect(told.locator("[data-answer=within]")).to_be_visible()
        for tag in ("XV-203I.CLOSED", "LSHH-203"):
            await asyncio.to_thread(rig.fault, "unfreeze", tag=tag)
        await asyncio.to_thread(rig.interlock_becomes, OTHER, demand=False)
        await expect(shown.page.locator(f"main a[href='/alarms/{OTHER}.bypass']").first).to_be_visible()


async def test_the_in_service_rate_stands_against_its_target(rig: Rig, browser: Browser, tmp_path: Path) -> None:
    async with console(browser, rig) as shown:
        await shown.open("/interlocks?part=rates")
        main = shown.page.locator("main")
        await expect(main.locator(".rates-table tbody tr").first).to_be_visible(timeout=PATIENCE_MS)
        await main.locator("select[name=by]").select_option("interlock")
        line = main.locator(".rates-table tbody tr", has_text=OTHER)
        await expect(line).to_contain_text("未达标", timeout=PATIENCE_MS)
        await shown.picture("rates.zh")
        async with shown.page.expect_download() as started:
            await main.get_by_role("button", name="下载 CSV").click()
        target = tmp_path / "rates.csv"
        await (await started.value).save_as(target)
        assert OTHER in target.read_text(encoding="utf-8-sig")


async def test_a_tank_with_too_few_layers_names_what_is_missing(rig: Rig, browser: Browser) -> None:
    async with console(browser, rig) as shown:
        await shown.open("/interlocks?part=layers")
        card = shown.page.locator(f'main [data-id="{TANK}.layers"]')
        await expect(card).to_contain_text("4 层可用，要求 5 层", timeout=PATIENCE_MS)
        await expect(card).to_contain_text(f"缺 {OTHER}")
        await shown.picture("layers.zh")
        await shown.open(f"/interlocks/{OTHER}")
        await expect(card).to_contain_text(f"缺 {OTHER}", timeout=PATIENCE_MS)


async def test_permit_pages_in_both_languages_and_themes_and_on_a_phone(rig: Rig, browser: Browser) -> None:
    pages = {
        "interlocks": "/interlocks",
        "interlock": f"/interlocks/{INTERLOCK}",
        "layers": "/interlocks?part=layers",
        "rates": "/interlocks?part=rates",
        "permits": "/permits",
        "permit-form": f"/permits?ask={OTHER}",
    }
    async with console(browser, rig) as shown:
        for language, button in (("zh", "English"), ("en", "中文")):
            for name, path in pages.items():
                words = await shown.read(path)
                assert not [bad for bad in ("undefined", "NaN", "[object", "{n}") if bad in words], f"{path} {language}"
                await shown.picture(f"look-{name}.{language}")
            await shown.page.get_by_text(button, exact=True).first.click()
        await shown.page.get_by_text("深色", exact=True).first.click()
        await expect(shown.page.locator("html")).to_have_attribute("data-theme", "dark")
        for name in ("interlocks", "interlock", "rates", "permit-form"):
            await shown.read(pages[name])
            await shown.picture(f"dark-{name}")
        assert [line for line in shown.complaints if "401" not in line] == []
    async with console(browser, rig, PHONE) as shown:
        for name, path in pages.items():
            await shown.read(path)
            overflow = await shown.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert overflow <= 0, f"{path} scrolls sideways on a phone"
            await shown.picture(f"phone-{name}")
