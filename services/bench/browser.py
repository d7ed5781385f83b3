"""The page in a real Chromium, which notes by itself when its number changes."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from playwright.async_api import Page, Playwright

VARIABLE: Final = "KINDINBEELD_CHROMIUM"
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")

# Date.now() rounds down, so a millisecond is added. A message that is posted while a frame is made arrives when it is
# drawn.
_OBSERVE: Final = """
() => {
  const read = () => Number(document.getElementById("n-all").textContent.replace(/\\D/g, ""));
  const page = [], painted = [];
  const channel = new MessageChannel();
  let drawing = null;
  channel.port1.onmessage = () => { painted.push([Date.now() + 1, drawing]); drawing = null; };
  const frame = () => { drawing = read(); channel.port2.postMessage(0); };
  new MutationObserver(() => {
    const number = read();
    if (page.length && page.at(-1)[1] === number) return;
    page.push([Date.now() + 1, number]);
    if (drawing === null) { drawing = number; requestAnimationFrame(frame); }
  }).observe(document.getElementById("main"), { subtree: true, childList: true, characterData: true });
  window.measured = { page, painted, read };
}
"""


class NoBrowser(Exception):  # noqa: N818 - no error: the text says what is missing
    """There is no browser here."""


class BrowserWatch:
    """An open page in Chromium."""

    def __init__(self, page: Page, version: str) -> None:
        """The page is open and live."""
        self._page = page
        self.how = f"Chromium {version}, by the page's own MutationObserver"

    async def shown(self) -> int:
        """Give the national number that it shows now."""
        return int(await self._page.evaluate("() => window.measured.read()"))

    async def sights(self) -> dict[str, list[tuple[float, int]]]:
        """Give every change of the number: in the page's document, and painted."""
        found: dict[str, Any] = await self._page.evaluate(
            "() => [window.measured].map(m => ({page: m.page, painted: m.painted}))[0]"
        )
        return {kind: [(at / 1000, int(number)) for at, number in sights] for kind, sights in found.items()}


def find_chromium(bundled: str | None = None) -> str:
    """Give the path of a Chromium: the one that KINDINBEELD_CHROMIUM names, the machine's, or playwright's own.

    Raises NoBrowser when there is none.
    """
    candidates = (os.environ.get(VARIABLE), *map(shutil.which, _NAMES), bundled)
    for candidate in candidates:
        if candidate and Path(candidate).is_file():
            return candidate
    raise NoBrowser(f"no Chromium here (its path may stand in {VARIABLE})")


@asynccontextmanager
async def in_browser(url: str) -> AsyncIterator[BrowserWatch]:
    """Open the page in headless Chromium. Raises NoBrowser when there is none, or no playwright to drive it."""
    try:
        from playwright.async_api import async_playwright
    except ImportError:
        raise NoBrowser("no playwright here to drive a Chromium") from None
    async with async_playwright() as playwright:
        browser = await _launch(playwright)
        try:
            page = await browser.new_page(viewport={"width": 1280, "height": 900})
            await page.goto(url)
            await page.locator('#link[data-is="live"]').wait_for(timeout=20_000)
            await page.evaluate(_OBSERVE)
            yield BrowserWatch(page, browser.version)
        finally:
            await browser.close()


async def _launch(playwright: Playwright) -> Any:
    from playwright.async_api import Error

    path = find_chromium(playwright.chromium.executable_path)
    # The superuser has no sandbox to put a browser in; the page is our own.
    sandbox = [] if os.geteuid() else ["--no-sandbox"]
    try:
        return await playwright.chromium.launch(executable_path=path, args=[*sandbox, "--disable-dev-shm-usage"])
    except Error:
        raise NoBrowser("the Chromium here does not start") from None
