"""Processes that work beside each other, as many as the machine has processors for."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import parent_process

from services.system.lean import stay_lean

__all__ = ["processes"]


@contextmanager
def processes(most: int = 8) -> Iterator[ProcessPoolExecutor]:
    """As many as there are processors, `most` or eight of them; they end with the block, and with this process."""
    number = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    pool = ProcessPoolExecutor(max(1, min(number, most, 8)), multiprocessing.get_context("spawn"), _begin)
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin() -> None:
    """Prepare a process: it leaves stopping to its parent, and does not outlive it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stay_lean()
    gc.disable()  # what is read lives for a moment only and holds no cycles
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := parent_process():
        parent.join()
        os._exit(1)
