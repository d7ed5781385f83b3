"""The page in a real Chromium, which notes by itself when its number changes.

Run as a module, ``python -m services.bench.browser URL``, it opens the page and then answers the words on its standard
input, each with a line of JSON: `shown` and `sights`. It is a process of its own so that an interrupt typed in a
terminal does not reach the browser and its driver, and so that neither disturbs who publishes.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

VARIABLE: Final = "KINDINBEELD_CHROMIUM"
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "chromium-headless-shell")

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
  window.measured = { read, sights: () => ({ page, painted }) };
}
"""
_ASK: Final = {"shown": "() => window.measured.read()", "sights": "() => window.measured.sights()"}


class NoBrowser(Exception):  # noqa: N818 - no error: the text says what is missing
    """There is no browser here."""


def find_chromium(bundled: str | None = None) -> str:
    """Give the path of a Chromium: the one that KINDINBEELD_CHROMIUM names, the machine's, or playwright's own.

    Raises NoBrowser when there is none.
    """
    candidates = (os.environ.get(VARIABLE), *map(shutil.which, _NAMES), bundled)
    for candidate in candidates:
        if candidate and Path(candidate).is_file():
            return candidate
    raise NoBrowser(f"no Chromium here (its path may stand in {VARIABLE})")


@contextmanager
def _open(url: str) -> Iterator[tuple[Browser, Page]]:
    """Open the page in headless Chromium. Raises NoBrowser when there is none, or no playwright to drive it."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise NoBrowser("no playwright here to drive a Chromium") from None
    with sync_playwright() as playwright:
        browser = launch(playwright)
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.goto(url)
            page.locator('#link[data-is="live"]').wait_for(timeout=20_000)
            page.evaluate(_OBSERVE)
            yield browser, page
        finally:
            browser.close()


def launch(playwright: Playwright) -> Browser:
    """Start headless Chromium. Raises NoBrowser when there is none, or none that starts."""
    from playwright.sync_api import Error

    path = find_chromium(playwright.chromium.executable_path)
    # The superuser has no sandbox to put a browser in; the page is our own.
    sandbox = [] if os.geteuid() else ["--no-sandbox"]
    try:
        return playwright.chromium.launch(executable_path=path, args=[*sandbox, "--disable-dev-shm-usage"])
    except Error:
        raise NoBrowser("the Chromium here does not start") from None


def _say(answer: Any) -> None:
    print(json.dumps(answer), flush=True)


def main() -> None:
    """Open the page, say which browser it is (or why there is none), and answer until the input ends."""
    try:
        with _open(sys.argv[1]) as (browser, page):
            _say({"version": browser.version})
            for line in sys.stdin:
                _say(page.evaluate(_ASK[line.strip()]))
    except NoBrowser as why:
        _say({"missing": str(why)})


if __name__ == "__main__":
    main()
