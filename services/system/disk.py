"""How much room a disk has, asked so that one which hangs takes nothing with it but a thread of its own."""

from __future__ import annotations

import asyncio
import shutil
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from typing import Final, NamedTuple

__all__ = ["Disk", "Room"]

_SECONDS: Final = 2.0
"""For how long a disk that does not answer is waited for."""


class Room(NamedTuple):
    """Of a disk, in bytes."""

    total: int
    free: int
    """For whoever runs this process."""


class Disk:
    """The disk on which a directory lies. One thread at most waits for it, none that others use."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._answer: Future[Room | None] | None = None

    async def room(self) -> Room | None:
        """Ask; None when it is away, or does not answer in time: then it is not asked again before it has."""
        if self._answer is None or self._answer.done():
            self._answer = Future()
            # Not of the loop's own threads: those are few, and the end of the process waits for them.
            Thread(target=self._ask, args=(self._answer,), name="disk", daemon=True).start()
        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(self._answer)), _SECONDS)
        except TimeoutError:
            return None

    def _ask(self, answer: Future[Room | None]) -> None:
        try:
            usage = shutil.disk_usage(self._place)
        except OSError:
            answer.set_result(None)
        else:
            answer.set_result(Room(usage.total, usage.free))
