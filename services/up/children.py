"""One child process of the system: started, watched, started again when it ends by itself."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import structlog

from services.system.children import VARIABLE
from services.up.forking import Forked, Stem

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
        listening: socket.socket | None = None,
        environment: Mapping[str, str] | None = None,
        stem: Stem | None = None,
    ) -> None:
        """Describe it; ``start`` starts it, with what ``environment`` adds to ours.

        ``listening``: a socket for it; its last argument is the file descriptor. ``stem``: what it is forked from.
        """
        self.name = name
        self._module, self._arguments = module, arguments
        self._listening = listening
        self._environment = {**(environment or {}), VARIABLE: "1"}
        self._stem = stem
        self._process: Process | Forked | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return None if self._process is None or self._process.returncode is not None else self._process.pid

    async def start(self) -> None:
        """Start the process. Raises OSError when it does not start."""
        if self._stem is not None:
            self._process = await self._stem.fork(
                self.name, self._module, self._arguments, self._environment, self._listening
            )
            return
        numbers = () if self._listening is None else (self._listening.fileno(),)
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", self._module, *self._arguments, *map(str, numbers)),
            # The pipe is never written to: its end is how the child learns that we are gone.
            stdin=PIPE,
            stdout=DEVNULL,
            env=os.environ | self._environment,
            pass_fds=numbers,
            start_new_session=True,  # an interrupt typed in the terminal is ours to handle, in our order
        )

    async def watch(self, started_again: Callable[[], None]) -> None:
        """Wait for its end and start it again, later each time it ends soon; until cancelled."""
        wait = 0.2
        while True:
            begun = asyncio.get_running_loop().time()
            status = None if self._process is None else await self._process.wait()
            wait = 0.2 if asyncio.get_running_loop().time() - begun > _LONGEST_WAIT else min(2 * wait, _LONGEST_WAIT)
            _log.error("a part of the system ended; it is started again", part=self.name, status=status)
            await asyncio.sleep(wait)
            try:
                await self.start()
            except OSError as error:
                _log.error("a part of the system does not start", part=self.name, why=type(error).__name__)
                self._process = None
            else:
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
