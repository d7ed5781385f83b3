"""Work in a process of its own that answers by what it writes, so that nothing else waits for it.

One that answers again and again is asked and answers in messages, each with its length before it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import Callable
from typing import Any, BinaryIO, Final

import orjson
import structlog

from services.system.children import VARIABLE, end_with_parent
from services.system.errors import CommandError
from services.system.logs import configure_logging

__all__ = ["answer_each", "answer_once", "answered_by", "give_way", "run_beside", "written_by"]

_log = structlog.get_logger(__name__)

_NICE: Final = 5
"""How far the fold and the pages go before this where both want the processor."""
_LENGTH: Final = 4
"""Bytes of the length before a message, the highest first."""


async def written_by(module: str, *arguments: str) -> bytes | None:
    """Run ``python -m module``, which is made with `run_beside`, and give what it wrote; None when it failed.

    It ends when whoever waits for this is cancelled, or this process ends.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments),
        # The pipe is never written to: its end is how the process learns that we are gone.
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {VARIABLE: "1"},
    )
    assert process.stdout is not None  # noqa: S101 - a pipe, as asked for above
    try:
        written = await process.stdout.read()
        return written if await process.wait() == 0 else None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def answer_once(find: Callable[[], Any], cannot: str) -> int:
    """Write what `find` gives, as JSON; give the status to end with, that of a CommandError, which is logged, or 0.

    `cannot`: what the log says then.
    """
    try:
        found = find()
    except CommandError as why:
        _log.warning(cannot, why=why.message)
        return why.exit_status
    sys.stdout.buffer.write(orjson.dumps(found))
    sys.stdout.flush()
    return 0


def run_beside(main: Callable[[], int]) -> None:
    """Be such a process: give way to others, and end with the status that `main` gives, or with the parent."""
    configure_logging()
    end_with_parent()
    give_way()
    # At once: the thread that waits for the parent would have DuckDB complain about what it still holds.
    os._exit(main())


async def answered_by(process: Process, message: bytes) -> bytes:
    """Give the answer to a message of a process that runs `answer_each`.

    Raises asyncio.IncompleteReadError or ConnectionError when it has ended.
    """
    assert process.stdin is not None  # noqa: S101 - pipes, as asked for when it was started
    assert process.stdout is not None  # noqa: S101
    process.stdin.write(_framed(message))
    await process.stdin.drain()
    length = int.from_bytes(await process.stdout.readexactly(_LENGTH), "big")
    return await process.stdout.readexactly(length)


def answer_each(answer: Callable[[bytes], bytes], given: BinaryIO, out: BinaryIO) -> None:
    """Be such a process: answer each message that comes, until there are no more."""
    while len(length := given.read(_LENGTH)) == _LENGTH:
        out.write(_framed(answer(given.read(int.from_bytes(length, "big")))))
        out.flush()


def give_way() -> None:
    """Let the fold and the pages go before this process."""
    if hasattr(os, "nice"):
        os.nice(_NICE)


def _framed(message: bytes) -> bytes:
    return len(message).to_bytes(_LENGTH, "big") + message
