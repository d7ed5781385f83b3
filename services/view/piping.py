"""A process that reads the ledger beside the one that folds, and the pipe between them."""

from __future__ import annotations

import gc
import multiprocessing
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from queue import Queue
from typing import Any

from services.system.lean import stay_lean
from services.system.logs import configure_logging

__all__ = ["ending", "received", "settle_in", "start_beside"]


def start_beside(target: Callable[..., None], *arguments: Any) -> tuple[SpawnProcess, Connection]:
    """Start a reader with its end of a pipe and these arguments; give the process and our end."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=target, args=(there, *arguments), name="ledger-reader", daemon=True)
    process.start()
    there.close()
    return process, here


def settle_in() -> None:
    """Be such a reader, before anything is read."""
    # An interrupt typed in the terminal is for the one that started us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stay_lean()
    configure_logging()
    # What is checked lives for a moment only and holds no cycles.
    gc.freeze()
    gc.set_threshold(100_000, 50, 50)


@contextmanager
def ending(process: SpawnProcess, pipe: Connection) -> Iterator[None]:
    """End a reader with the block."""
    try:
        yield
    finally:
        process.kill()
        process.join()
        pipe.close()


def received(pipe: Connection, ahead: int) -> Queue[bytes | None]:
    """Take from a pipe in a thread of its own, so that the reader need not wait while something is written.

    Gives what came, `ahead` pieces at most, and None when the reader has ended.
    """
    pieces: Queue[bytes | None] = Queue(ahead)

    def receive() -> None:
        try:
            while True:
                pieces.put(pipe.recv_bytes())
        except (EOFError, OSError):
            pieces.put(None)

    threading.Thread(target=receive, name="receive", daemon=True).start()
    return pieces
