"""Answering which schools are silent: listed in a process of its own, so that the fold goes on meanwhile."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Final

from pydantic import TypeAdapter

from services.reminders.asking import SilentAnswer, SilentRequest, SilentSchool
from services.system import DataDir, SystemUnavailable, find_system
from services.system.children import VARIABLE

__all__ = ["silent_answer"]

_SECONDS: Final = 50.0
"""How long a list may take; an answer after a minute would not be permitted any more."""
_read: Final = TypeAdapter(list[SilentSchool]).validate_json


async def silent_answer(data_dir: DataDir, asked: SilentRequest) -> SilentAnswer:
    """Give the schools asked for as known now, by the clock of the system."""
    try:
        as_of = find_system(data_dir).clock.now()
    except SystemUnavailable:
        return SilentAnswer(as_of=0, problem="ledger")
    try:
        async with asyncio.timeout(_SECONDS):
            written = await _listed(data_dir, asked.week, as_of)
    except TimeoutError:
        return SilentAnswer(as_of=as_of, problem="slow")
    if written is None:
        return SilentAnswer(as_of=as_of, problem="ledger")
    found = [
        each
        for each in _read(written)
        if asked.municipality in (None, each.municipality) and not (asked.not_reminded and each.reminded)
    ]
    return SilentAnswer(
        as_of=as_of,
        total=len(found),
        reminded=sum(each.reminded > 0 for each in found),
        schools=found[asked.offset : asked.offset + asked.limit],
    )


async def _listed(data_dir: DataDir, week: str, as_of: int) -> bytes | None:
    """Run the process; None when it could not list anything."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.reminders", str(data_dir.path), week, str(as_of)),
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
