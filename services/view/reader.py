"""The process that reads the ledger and checks every message, beside the process that folds.

It keeps nothing: it is told behind which sequence to begin, and ends when the other end of its
pipe does.
"""

from __future__ import annotations

import asyncio
import os
import threading
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Final

import uvloop

from projections.live.quick import QuickReader
from projections.live.wire import encode
from services.ledger.connecting import connect
from services.system import DataDir, find_system
from services.view.following import follow
from services.view.piping import settle_in, start_beside

_PIECE: Final = 2048
"""Messages handed on at once: the other process folds while this one checks the next."""
_SPACING: Final = 0.005
"""Seconds between two times of handing on, once level with the ledger."""


def start_reader(data_dir: Path, after: int) -> tuple[SpawnProcess, Connection]:
    """Start reading behind the sequence ``after``; give the process and the end of the pipe to read from."""
    return start_beside(_main, data_dir, after)


def _main(pipe: Connection, data_dir: Path, after: int) -> None:
    threading.Thread(target=_end_with, args=(pipe,), daemon=True).start()
    settle_in()
    uvloop.run(_read(pipe, data_dir, after))


def _end_with(pipe: Connection) -> None:
    """End this process when the other end of the pipe is gone, however it ended."""
    try:
        pipe.recv_bytes()
    except (EOFError, OSError):
        os._exit(0)


async def _read(pipe: Connection, data_dir: Path, after: int) -> None:
    # As one that only reads: for a user that answers others the server remembers every message that it is given.
    async with await connect(find_system(DataDir(data_dir)).nats, name="view reader", patient=True) as ledger:
        reader = QuickReader()
        async for sources, behind in follow(ledger, after, together=_PIECE):
            for begin in range(0, len(sources), _PIECE):
                piece = sources[begin : begin + _PIECE]
                left = behind + len(sources) - begin - len(piece)
                pipe.send_bytes(encode(reader.take_all(piece), left))
                # Level with the ledger, what comes next goes together: handing on costs more than a message does.
                await asyncio.sleep(0 if left else _SPACING)
