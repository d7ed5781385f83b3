"""Ending tasks, also one that misses that it is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

__all__ = ["end_tasks"]


async def end_tasks(tasks: Iterable[asyncio.Future[Any]], patience: float = 1.0) -> None:
    """Cancel tasks until they have ended, and once more every `patience` seconds.

    Until Python 3.12 a task that waits for an answer with a timeout may miss that it is cancelled: when the answer
    comes at the same moment, and then it goes on.
    """
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=patience)
