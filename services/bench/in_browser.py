"""The page in a browser, seen from the process that publishes (see `services.bench.browser`)."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

from services.bench.browser import VARIABLE, NoBrowser
from services.bench.figures import NotMeasured
from services.bench.processes import running

_PATIENCE: Final = 10.0


class BrowserWatch:
    """An open page in Chromium."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.how = "Chromium"

    async def opened(self) -> None:
        """Wait until the page is open and live. Raises NoBrowser when there is no browser."""
        told = await self._read()
        if "missing" in told:
            raise NoBrowser(told["missing"])
        self.how = f"Chromium {told['version']}, by the page's own MutationObserver"

    async def shown(self) -> int:
        """Give the national number that it shows now."""
        return int(await self._ask("shown"))

    async def sights(self) -> dict[str, list[tuple[float, int]]]:
        """Give every change of the number: in the page's document, and painted."""
        found: dict[str, Any] = await self._ask("sights")
        return {kind: [(at / 1000, int(number)) for at, number in seen] for kind, seen in found.items()}

    async def _ask(self, word: str) -> Any:
        assert self._process.stdin is not None  # noqa: S101 - it was asked for
        try:
            self._process.stdin.write(f"{word}\n".encode())
            self._process.stdin.flush()
        except OSError:
            raise NotMeasured("the browser has ended") from None
        return await self._read()

    async def _read(self) -> Any:
        assert self._process.stdout is not None  # noqa: S101 - it was asked for
        line = await asyncio.to_thread(self._process.stdout.readline)
        if not line:
            raise NotMeasured("the browser has ended")
        return json.loads(line)


@asynccontextmanager
async def in_browser(url: str, directory: Path) -> AsyncIterator[BrowserWatch]:
    """Open the page in headless Chromium; `directory` takes what it logs. Raises NoBrowser when there is none."""
    chosen = {VARIABLE: os.environ[VARIABLE]} if os.environ.get(VARIABLE) else {}
    command = [sys.executable, "-m", "services.bench.browser", url]
    with running(command, directory, directory / "browser.log", chosen) as process:
        watch = BrowserWatch(process)
        await watch.opened()
        yield watch
        with suppress(OSError, subprocess.TimeoutExpired):
            if process.stdin is not None:
                process.stdin.close()
            await asyncio.to_thread(process.wait, _PATIENCE)
