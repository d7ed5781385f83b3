"""Where pictures are drawn: one at a time, in a process beside the pages, and kept for who asks for the same."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import os
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from typing import Final, NamedTuple

import msgspec
import structlog

from services.system.beside import answered_by
from services.web.charts.pictures import Form, Heat, Job, Lines
from services.web.sharing import Shared

__all__ = ["BusyStudio", "Drawn", "Studio"]

_log = structlog.get_logger(__name__)

_SECONDS: Final = 60.0
"""How long a drawing may take; the first one waits for its process to start."""
_WAITING: Final = 64
"""Drawings that are under way or wait for their turn at most."""
_KEPT: Final = 128
_KEPT_BYTES: Final = 16 << 20
_IDLE: Final = 600.0
"""Seconds without a drawing after which the process goes, for it holds some 150 MB."""


class Drawn(NamedTuple):
    """A picture: as it is, compressed (None where that makes it no smaller), and the tag of its content."""

    body: bytes
    packed: bytes | None
    tag: str

    @classmethod
    def of(cls, body: bytes, form: Form) -> Drawn:
        """Pack it once for everyone who asks."""
        tag = hashlib.blake2b(body, digest_size=12).hexdigest()
        return cls(body, gzip.compress(body, 6, mtime=0) if form == "svg" else None, tag)


class BusyStudio(Exception):  # noqa: N818 - what is the matter
    """A picture cannot be had now."""


class Studio:
    """Draws pictures. Used on one event loop."""

    def __init__(self) -> None:
        self._shared = Shared[bytes, Drawn](_WAITING, _too_many)
        self._turn = asyncio.Lock()
        self._process: Process | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._going: asyncio.Task[None] | None = None
        self.drawn = 0
        """How many pictures were drawn since the start."""

    async def draw(self, picture: Lines | Heat, form: Form) -> Drawn:
        """Give a picture in a form. Raises BusyStudio when too many wait, or it could not be drawn."""
        job = msgspec.msgpack.encode(Job(picture, form))
        key = hashlib.blake2b(job, digest_size=16).digest()
        return await self._shared.get(key, lambda: self._draw(job, form), BusyStudio)

    async def close(self) -> None:
        """End what is being drawn, and the process."""
        if self._idle is not None:
            self._idle.cancel()
        await self._shared.close()
        await self._end()

    async def _end(self) -> None:
        """End the process, if there is one; a drawing that follows starts another."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()

    async def _draw(self, job: bytes, form: Form) -> Drawn:
        async with self._turn:
            try:
                async with asyncio.timeout(_SECONDS):
                    body = await self._ask(job)
            except (TimeoutError, OSError, asyncio.IncompleteReadError) as error:
                _log.warning("a picture could not be drawn", why=type(error).__name__)
                await self._end()
                raise BusyStudio from None
            except asyncio.CancelledError:
                await self._end()
                raise
        if not body:
            raise BusyStudio
        self._rest()
        drawn = await asyncio.to_thread(Drawn.of, body, form)
        self.drawn += 1
        return drawn

    async def _ask(self, job: bytes) -> bytes:
        if self._process is not None and self._process.returncode is not None:
            await self._end()
        process = self._process
        if process is None:
            process = self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "services.web.charts.drawing"), stdin=PIPE, stdout=PIPE, env=os.environ
            )
        return await answered_by(process, job)

    def _rest(self) -> None:
        """Let the process go when nothing is drawn for a while."""
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(_IDLE, self._go)

    def _go(self) -> None:
        if not self._shared.busy:
            self._going = asyncio.create_task(self._go_in_turn(), name="drawing ends")

    async def _go_in_turn(self) -> None:
        async with self._turn:
            await self._end()


def _too_many(kept: dict[bytes, Drawn]) -> bool:
    return len(kept) > _KEPT or sum(len(each.body) for each in kept.values()) > _KEPT_BYTES
