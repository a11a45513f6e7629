"""The running chain and a headless Chromium that looks at its console."""

import os
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.faults.rig import Rig

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
# what a browser lets a page sound unasked differs from machine to machine: each test says which it means
SOUND_ALLOWED = "--autoplay-policy=no-user-gesture-required"
SOUND_BLOCKED = "--autoplay-policy=document-user-activation-required"
WIDE = (1600, 900)
PHONE = (390, 844)
PATIENCE_MS = 20_000
SETTLED_MS = 900


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    """The whole chain, with one bypassed interlock and one tripped switch standing."""
    with Rig(tmp_path_factory.mktemp("browser")) as running:
        running.start()
        running.watch()
        yield running


@asynccontextmanager
async def chromium(sound: str) -> AsyncIterator[Browser]:
    """A headless Chromium with this rule for sound."""
    async with async_playwright() as playwright:
        running = await playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, sound])
        yield running
        await running.close()


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """One Chromium a test, that lets pages sound."""
    async with chromium(SOUND_ALLOWED) as running:
        yield running


@pytest.fixture
async def quiet_browser() -> AsyncIterator[Browser]:
    """One Chromium that lets a page sound only after a person touched it."""
    async with chromium(SOUND_BLOCKED) as running:
        yield running


class Console:
    """One page, and what the browser complained about on it."""

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self.base = base
        self.complaints: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    async def open(self, path: str = "/") -> None:
        await self.page.goto(f"{self.base}{path}")

    async def read(self, path: str) -> str:
        """Open a page of the console and wait until it says something; what it says when its values are there, too."""
        await self.open(path)
        await expect(self.page.locator("main")).to_contain_text(re.compile(r"\S"), timeout=PATIENCE_MS)
        await self.page.wait_for_timeout(SETTLED_MS)
        return await self.page.inner_text("main")

    async def log_in(self, username: str = "operator", password: str = "demo-operator") -> None:
        await self.page.fill("input[name=username]", username)
        await self.page.fill("input[type=password]", password)
        await self.page.keyboard.press("Enter")

    async def enter(self, username: str = "operator", password: str = "demo-operator") -> None:
        """Log in without touching the page: no key, no click."""
        account = {"username": username, "password": password}
        answer = await self.page.context.request.post(f"{self.base}/api/v1/session", data=account)
        assert answer.ok, await answer.text()

    async def picture(self, name: str) -> None:
        """Keep a screenshot where `REDLINE_SCREENSHOTS` says; the pictures of the README are made so."""
        folder = os.environ.get("REDLINE_SCREENSHOTS")
        if folder:
            await self.page.screenshot(path=Path(folder) / f"{name}.png")


@asynccontextmanager
async def console(
    browser: Browser, rig: Rig, size: tuple[int, int] = WIDE, *, logged_in: bool = True
) -> AsyncIterator[Console]:
    """A fresh browser context on the console."""
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]}, accept_downloads=True, reduced_motion="reduce"
    )
    shown = Console(await context.new_page(), rig.base)
    if logged_in:
        await shown.open("/")
        await shown.log_in()
        await shown.page.wait_for_selector(".frame")
    try:
        yield shown
    finally:
        await context.close()
