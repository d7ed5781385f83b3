"""Pages opened in a real Chromium, each load by somebody who has nothing of them yet.

Run as a module, ``python -m services.bench.opened URL LOADS PATH...``, it opens the paths in turn and then says on one
line of JSON what each load took. It is a process of its own as `services.bench.browser` is.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from services.bench.browser import NoBrowser, launch

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_PICTURES: Final = "/grafiek/"
_PATIENCE: Final = 30_000
_PAINTED: Final = """
() => new Promise(resolve => new PerformanceObserver(list => {
  for (const entry of list.getEntries()) if (entry.name === "first-contentful-paint") resolve(entry.startTime);
}).observe({ type: "paint", buffered: true }))
"""


def open_once(browser: Browser, url: str) -> tuple[int, int, float]:
    """Open a page; give the bytes of it and of its pictures until it is live, and milliseconds to its first paint."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    try:
        page = context.new_page()
        network = context.new_cdp_session(page)
        paths: dict[str, str] = {}
        sizes: defaultdict[str, int] = defaultdict(int)

        def responded(event: dict[str, Any]) -> None:
            paths[event["requestId"]] = urlsplit(event["response"]["url"]).path
            sizes[event["requestId"]] += int(event["response"]["encodedDataLength"])

        def received(event: dict[str, Any]) -> None:
            sizes[event["requestId"]] += int(event["encodedDataLength"])

        def finished(event: dict[str, Any]) -> None:
            sizes[event["requestId"]] = int(event["encodedDataLength"])

        network.on("Network.responseReceived", responded)
        network.on("Network.dataReceived", received)
        network.on("Network.loadingFinished", finished)
        network.send("Network.enable")
        page.goto(url, wait_until="load", timeout=_PATIENCE)
        page.locator('#link[data-is="live"]').wait_for(timeout=_PATIENCE)
        paint = float(page.evaluate(_PAINTED))
        pictures = sum(size for each, size in sizes.items() if paths.get(each, "").startswith(_PICTURES))
        return sum(sizes.values()) - pictures, pictures, paint
    finally:
        context.close()


def main() -> None:
    """Open the pages, and say what that took, or why there is no browser."""
    url, loads, *paths = sys.argv[1:]
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        print(json.dumps({"missing": "no playwright here to drive a Chromium"}))
        return
    opened: dict[str, list[tuple[int, int, float]]] = {path: [] for path in paths}
    try:
        with sync_playwright() as playwright:
            browser = launch(playwright)
            for _ in range(int(loads)):
                for path in paths:
                    opened[path].append(open_once(browser, url.rstrip("/") + path))
            print(json.dumps({"version": browser.version, "opened": opened}))
            browser.close()
    except NoBrowser as why:
        print(json.dumps({"missing": str(why)}))


if __name__ == "__main__":
    main()
