"""Work in a process of its own that answers by what it writes, so that nothing else waits for it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from typing import Final

from services.system.children import VARIABLE, end_with_parent
from services.system.logs import configure_logging

__all__ = ["run_beside", "written_by"]

_NICE: Final = 5
"""How far the fold and the pages go before this where both want the processor."""


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


def run_beside(main: Callable[[], int]) -> None:
    """Be such a process: give way to others, and end with the status that `main` gives, or with the parent."""
    configure_logging()
    end_with_parent()
    if hasattr(os, "nice"):
        os.nice(_NICE)
    # At once: the thread that waits for the parent would have DuckDB complain about what it still holds.
    os._exit(main())
