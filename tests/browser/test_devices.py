"""The page of the devices in a real browser: one point bad, one instrument worked on, one device silent, in both languages."""

import asyncio
from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, Locator, expect

from tests.browser.conftest import PATIENCE_MS, PHONE, console
from tests.faults.rig import Rig, until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(240)]

MEASURED, SAID_BY, BROKEN = "LT-201A", "PLC-1.HEARTBEAT", "PT-201A"
FUNCTION_CHECK = 2
SILENT = "PLC-2"


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """The chain with an instrument that says its state; its number is that of a counter of the PLC, which stands still."""
    with Rig(tmp_path_factory.mktemp("devices")) as running:
        sheet = running.plant / "tags.csv"
        head, *rows = sheet.read_text(encoding="utf-8").splitlines()
        named = [f"{row},{SAID_BY if row.startswith(f'{MEASURED},') else ''}" for row in rows]
        sheet.write_text("\n".join([f"{head},health", *named]) + "\n", encoding="utf-8")
        running.fault("show", tag=SAID_BY, value=FUNCTION_CHECK)
        running.start()
        running.fault("bad", tag=BROKEN)
        running.fault("kill-plc2")
        until("the silent device is told", lambda: state(running, SILENT) not in ("up", "degraded"))
        until("the bad point is listed", lambda: BROKEN in bad_items(running))
        yield running


def device(rig: Rig, name: str) -> dict[str, object]:
    found: dict[str, object] = next(each for each in rig.get("/devices") if each["id"] == name)
    return found


def state(rig: Rig, name: str) -> str:
    return str(device(rig, name)["state"])


def bad_items(rig: Rig) -> list[str]:
    items = device(rig, "PLC-1")["bad_items"]
    assert isinstance(items, list)
    return [each["tag"] for each in items]


def row(main: Locator, name: str) -> Locator:
    return main.locator("tbody tr").filter(has=main.page.locator(f".mono.strong:text-is('{name}')"))


@pytest.mark.parametrize(
    ("language", "down", "check", "reason"),
    [("zh", "断开", "功能检查", "传感器故障"), ("en", "Down", "Function check", "BadSensorFailure")],
)
async def test_what_is_wrong_with_each_device_is_on_one_page(
    rig: Rig, browser: Browser, language: str, down: str, check: str, reason: str
) -> None:
    async with console(browser, rig) as shown:
        if language == "en":
            await shown.page.get_by_text("English", exact=True).first.click()
        await shown.open("/devices")
        main = shown.page.locator("main")
        await expect(row(main, SILENT)).to_contain_text(down, timeout=PATIENCE_MS)
        await shown.picture(f"devices-trouble.{language}")
        bad = main.locator("details.bad-items").filter(has_text=BROKEN)
        await bad.locator("summary").first.click()
        await expect(bad.first).to_contain_text(reason)
        await shown.picture(f"devices-open.{language}")
        await expect(main.locator("details.bad-items").filter(has_text=MEASURED)).to_contain_text(check)
        words = await main.inner_text()
        assert not [wrong for wrong in ("undefined", "NaN", "[object", "{n}") if wrong in words]
        await main.get_by_role("link", name=MEASURED).click()
        panel = shown.page.locator("aside").filter(has_text=SAID_BY).first
        await expect(panel).to_contain_text("NE 107 C", timeout=PATIENCE_MS)
        await expect(panel).to_contain_text(check)
        await shown.picture(f"health.{language}")
        assert [line for line in shown.complaints if "401" not in line] == []


async def test_the_page_fits_a_phone(rig: Rig, browser: Browser) -> None:
    async with console(browser, rig, PHONE) as shown:
        await shown.open("/devices")
        await expect(shown.page.locator("main")).to_contain_text(SILENT, timeout=PATIENCE_MS)
        await asyncio.sleep(0.6)
        await shown.picture("devices-phone")
        overflow = await shown.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0
