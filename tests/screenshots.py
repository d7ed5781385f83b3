"""The README's pictures, made anew: ``python -m tests.screenshots``.

Runs the demonstration until the middle of April 2020 on its clock, and takes a picture of each page.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from playwright.sync_api import expect, sync_playwright

from services.bench.browser import find_chromium

PICTURES: Final = {
    "now.png": ("/", (1280, 1080)),
    "table.png": ("/gemeenten", (1280, 900)),
    "map.png": ("/kaart", (1280, 1440)),
}
"""By file: the page and the size of the window."""
TO: Final = Path(__file__).parent.parent / "docs" / "images"
COMMAND: Final = (sys.executable, "-c", "from services.cli import main; main()")


def main() -> None:
    """Make the pictures."""
    with TemporaryDirectory() as directory:
        command = [*COMMAND, "demo", "--port", "0", "--data-dir", directory]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            url = next(found[0] for line in process.stdout if (found := re.search(r"http://\S+?(?=/?$|/?\s)", line)))
            _take(url)
        finally:
            process.terminate()
            process.wait(60)


def _take(url: str) -> None:
    with sync_playwright() as playwright:
        path = find_chromium(playwright.chromium.executable_path)
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        for file, (page_path, (width, height)) in PICTURES.items():
            page = browser.new_page(viewport={"width": width, "height": height})
            page.goto(f"{url}{page_path}")
            expect(page.locator("#asof")).to_contain_text(re.compile(r"(1[4-9]|2\d) april"), timeout=180_000)
            page.locator("#pause").click()
            page.screenshot(path=TO / file)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
