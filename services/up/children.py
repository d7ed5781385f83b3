"""One child process of the system: started, watched, started again when it ends by itself."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import structlog

from services.system.children import VARIABLE

_log = structlog.get_logger(__name__)

_PATIENCE: Final = 20.0
_LONGEST_WAIT: Final = 10.0


class Child:
    """A Python module that runs as a process of its own for as long as the system does."""

    def __init__(
        self,
        name: str,
        module: str,
        arguments: Sequence[str],
        *,
        pass_fds: Sequence[int] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Describe it; ``start`` starts it, with what ``environment`` adds to ours."""
        self.name = name
        self._command = [sys.executable, "-m", module, *arguments]
        self._pass_fds = tuple(pass_fds)
        self._environment = environment or {}
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return None if self._process is None or self._process.returncode is not None else self._process.pid

    async def start(self) -> None:
        """Start the process."""
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            # The pipe is never written to: its end is how the child learns that we are gone.
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            env=os.environ | self._environment | {VARIABLE: "1"},
            pass_fds=self._pass_fds,
            start_new_session=True,  # an interrupt typed in the terminal is ours to handle, in our order
        )

    async def watch(self, started_again: Callable[[], None]) -> None:
        """Wait for its end and start it again, later each time it ends soon; until cancelled."""
        wait = 0.2
        while True:
            if self._process is None:
                await self.start()
            assert self._process is not None  # noqa: S101 - started above
            begun = asyncio.get_running_loop().time()
            status = await self._process.wait()
            wait = 0.2 if asyncio.get_running_loop().time() - begun > _LONGEST_WAIT else min(2 * wait, _LONGEST_WAIT)
            _log.error("a part of the system ended; it is started again", part=self.name, status=status)
            await asyncio.sleep(wait)
            await self.start()
            started_again()

    async def stop(self) -> None:
        """End the process: asked first, by force when it takes too long."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _PATIENCE)
        except TimeoutError:
            process.kill()
            await process.wait()
