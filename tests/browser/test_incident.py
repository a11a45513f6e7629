"""Buncefield as a person sees it: on the console, on the phone, and in the pictures of the README.

`make screenshots` runs this file with REDLINE_SCREENSHOTS set.
"""

import asyncio

import httpx
import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import PATIENCE_MS, PHONE, console
from tests.faults.rig import Rig, until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

SWITCH = "LSHH-101.state"
BYPASS = "SIS-101.bypass"
PAGES = {"tanks": "/tanks", "interlocks": "/interlocks", "layers": "/interlocks?part=layers", "sources": "/sources"}


def play(rig: Rig) -> None:
    """Start the incident and wait until the independent switch has tripped over the bypassed interlock."""
    rig.fault("set", tag="BPS-203", value=1.0)
    rig.fault("show", tag="PT-202A", value=1.52)
    answer = httpx.post(f"{rig.control_url}/incident/buncefield", timeout=10)
    assert answer.status_code == 202
    until("the switch trips", lambda: rig.alarms()[SWITCH]["state"] == "unacknowledged", 90)


async def test_the_incident_is_seen_on_every_screen(rig: Rig, browser: Browser) -> None:
    await asyncio.to_thread(play, rig)
    async with console(browser, rig) as shown:
        for language, button in (("zh", "English"), ("en", "中文")):
            await shown.open("/alarms")
            rows = shown.page.locator("[data-id]")
            await expect(shown.page.locator(f'[data-id="{SWITCH}"]')).to_be_visible(timeout=PATIENCE_MS)
            first = await rows.first.get_attribute("data-id")
            assert first in (SWITCH, BYPASS, "SIS-203.bypass"), "the most urgent stands first"
            await shown.page.wait_for_timeout(1_500)
            await shown.picture(f"alarms.{language}")
            for page, path in PAGES.items():
                await shown.open(path)
                await expect(shown.page.locator(".frame:not(.is-awaiting)")).to_be_visible(timeout=PATIENCE_MS)
                await shown.page.wait_for_timeout(1_500)
                await shown.picture(f"{page}.{language}")
            await shown.page.get_by_text(button, exact=True).first.click()
    async with console(browser, rig, PHONE) as shown:
        await shown.open(f"/alarms/{SWITCH}")
        await expect(shown.page.locator("main")).to_contain_text("LSHH-101", timeout=PATIENCE_MS)
        await shown.page.wait_for_timeout(800)
        await shown.picture("alarm-phone.zh")


async def test_the_phones_got_it_once_with_what_to_do_and_a_link(rig: Rig, browser: Browser) -> None:
    await asyncio.to_thread(
        until, "the push is accepted", lambda: [p for p in rig.pushes() if f"{SWITCH}#" in p["text"]]
    )
    texts = [push["text"] for push in rig.pushes() if f"{SWITCH}#1" in push["text"] and "恢复" not in push["text"]]
    raised = [text for text in texts if "确认" not in text.splitlines()[0]]
    assert len(raised) == 1, f"told once, not {len(raised)} times: {raised}"
    assert f"{rig.base}/alarms/{SWITCH}" in raised[0]
    assert "甲醇" in raised[0]
    async with console(browser, rig, (900, 900), logged_in=False) as shown:
        await shown.page.goto(f"http://127.0.0.1:{rig.ports.wecom}/")
        await expect(shown.page.locator("body")).to_contain_text(SWITCH, timeout=PATIENCE_MS)
        await shown.picture("phones")
