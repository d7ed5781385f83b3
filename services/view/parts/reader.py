"""The process that reads and checks what the broker gives one worker, beside that which folds it.

The broker divides: the consumer asks for the subjects of the worker's parts alone, and for those that name no part. It
keeps nothing, is told where to begin, and ends when the other end of its pipe does.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Collection
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Final, NamedTuple

import uvloop

from projections.live.message import Message
from projections.live.quick import QuickReader
from projections.live.wire import decode, encode
from projections.parts import REST, belongs
from services.ledger.asking import last_sequence, next_sequence
from services.ledger.connecting import Ledger, connect
from services.system import DataDir, SystemUnavailable, find_system
from services.view.following import follow
from services.view.piping import settle_in, start_beside

__all__ = ["NEWEST", "Arrived", "ask", "start_reader", "subjects_of", "unpack"]

NEWEST: Final = 0
"""Asked for in place of a position: that of the ledger's newest message."""
_PIECE: Final = 2048
"""Messages handed on at once: the other process folds while this one checks the next."""
_SPACING: Final = 0.005
"""Seconds between two times of handing on, once level with the ledger."""
_AGAIN: Final = 0.01
_MESSAGES, _THROUGH = b"m", b"t"


class Arrived(NamedTuple):
    """What came of the ledger: everything that is for this worker up to `through` has come by now."""

    messages: list[Message]
    through: int
    behind: int


def subjects_of(parts: Collection[int]) -> list[str]:
    """Give the subjects of some parts, and those that name no part: these are for whoever they turn out to be for."""
    own = [f"kib.events.*.*.{part}" for part in sorted(parts) if part != REST]
    return ["kib.events.*", "kib.events.*.*", *own, *(["kib.events.*.*.*.>"] if REST in parts else [])]


def start_reader(data_dir: Path, after: int, parts: Collection[int]) -> tuple[SpawnProcess, Connection]:
    """Start reading behind the sequence ``after``; give the process and the end of the pipe to it."""
    return start_beside(_main, data_dir, after, tuple(parts))


def ask(pipe: Connection, position: int) -> None:
    """Have it told, between the messages, when all up to a position has come that is for this worker (or `NEWEST`)."""
    pipe.send_bytes(str(position).encode())


def unpack(frame: bytes) -> Arrived:
    """Take apart what comes through the pipe."""
    if frame[:1] == _THROUGH:
        return Arrived([], int(frame[1:]), 0)
    messages, behind = decode(frame[1:])
    return Arrived(list(messages), messages[-1].position if messages else 0, behind)


def _main(pipe: Connection, data_dir: Path, after: int, parts: tuple[int, ...]) -> None:
    settle_in()
    uvloop.run(_Reading(pipe, data_dir, after, parts).run())


class _Reading:
    def __init__(self, pipe: Connection, data_dir: Path, after: int, parts: tuple[int, ...]) -> None:
        self._pipe, self._data_dir, self._last, self._parts = pipe, data_dir, after, parts
        self._subjects = subjects_of(parts)
        self._asked: asyncio.Queue[int] = asyncio.Queue()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._listen, args=(loop,), daemon=True).start()
        # As one that only reads: for a user that answers others the server remembers every message that it is given.
        address = find_system(DataDir(self._data_dir)).nats
        async with await connect(address, name="view reader", patient=True) as ledger:
            telling = asyncio.create_task(self._tell(ledger))
            try:
                await self._read(ledger)
            finally:
                telling.cancel()

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take in what is asked; end this process when the other end of the pipe is gone, however it ended."""
        try:
            while True:
                loop.call_soon_threadsafe(self._asked.put_nowait, int(self._pipe.recv_bytes()))
        except (EOFError, OSError, RuntimeError):  # the last: our loop has ended already
            os._exit(0)

    async def _read(self, ledger: Ledger) -> None:
        reader = QuickReader()
        async for sources, behind in follow(ledger, self._last, self._subjects, together=_PIECE):
            for begin in range(0, len(sources), _PIECE):
                piece = sources[begin : begin + _PIECE]
                left = behind + len(sources) - begin - len(piece)
                own = [message for message in reader.take_all(piece) if belongs(message, self._parts)]
                if own:
                    self._pipe.send_bytes(_MESSAGES + encode(own, left))
                self._last = piece[-1].position
                # Level with the ledger, what comes next goes together: handing on costs more than a message does.
                await asyncio.sleep(0 if left else _SPACING)

    async def _tell(self, ledger: Ledger) -> None:
        while True:
            asked = await self._asked.get()
            try:
                through = await self._through(ledger, asked or await last_sequence(ledger.nc))
            except SystemUnavailable:
                continue  # it is asked again
            self._pipe.send_bytes(_THROUGH + str(through).encode())

    async def _through(self, ledger: Ledger, position: int) -> int:
        """Wait until all up to a position that the ledger holds was handed on; give up to where that is so."""
        while (last := self._last) < position:
            # Nothing of ours behind the last that came: all up to the position, which the ledger holds, has come.
            following = await next_sequence(ledger.nc, last + 1, self._subjects)
            if (following is None or following > position) and last == self._last:
                self._last = position
                return position
            await asyncio.sleep(_AGAIN)
        return max(position, last)
