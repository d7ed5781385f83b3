"""How readers find all parts at one position of the ledger while workers go on: a gate that both pass, in files.

A worker folds behind the gate, many at once. A reader closes it, looks how far the farthest part is, and opens it up to
there: each worker brings its parts exactly to that position and waits, for as long as the reader takes to open its
snapshots. Locks of the operating system end with whoever held them, so nobody waits for a reader or worker that was
killed.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from projections.live.database import ViewAwayError

__all__ = ["CLOSED", "Gate"]

CLOSED: Final = -1
"""The limit while a reader looks how far the parts are: no worker folds."""
_PATIENCE: Final = 30.0
"""Seconds that a reader waits for workers: one that was killed is started again meanwhile."""
_LOOK: Final = 0.002


class Gate:
    """The gate of the parts in a directory. Every method may raise OSError."""

    def __init__(self, directory: Path) -> None:
        """Point at it; it is made by who passes first."""
        self._fold, self._reader, self._limit = (directory / name for name in ("fold.lock", "reader.lock", "limit"))

    def limit(self) -> int | None:
        """Give up to which position workers may fold: None where nobody holds them up."""
        try:
            return int(self._limit.read_bytes())
        except FileNotFoundError:
            return None

    @contextmanager
    def passing(self) -> Iterator[int | None]:
        """Fold behind the gate for the length of the block, up to the limit that it gives."""
        with _locked(self._fold, fcntl.LOCK_SH):
            yield self.limit()

    def open_for_lost(self) -> None:
        """Take away the limit of a reader that was killed."""
        with suppress(BlockingIOError), _locked(self._reader, fcntl.LOCK_EX | fcntl.LOCK_NB):
            self._limit.unlink(missing_ok=True)

    @contextmanager
    def level(self, positions: Callable[[], Sequence[int]]) -> Iterator[None]:
        """Have all parts at one position for the length of the block. Raises ViewAwayError when they do not get there.

        ``positions`` tells how far each part is, as of now.
        """
        with _locked(self._reader, fcntl.LOCK_EX):
            try:
                self._set(CLOSED)
                with _locked(self._fold, fcntl.LOCK_EX):
                    farthest = max(positions())
                    self._set(farthest)
                give_up = time.monotonic() + _PATIENCE
                while min(positions()) < farthest:
                    if time.monotonic() > give_up:
                        raise ViewAwayError("a worker of the live view is away; its part does not move on")
                    time.sleep(_LOOK)
                yield
            finally:
                self._limit.unlink(missing_ok=True)

    @contextmanager
    def shut(self) -> Iterator[None]:
        """Have no worker fold and no reader bring the parts level for the length of the block."""
        with _locked(self._reader, fcntl.LOCK_EX):
            try:
                self._set(CLOSED)
                with _locked(self._fold, fcntl.LOCK_EX):
                    yield
            finally:
                self._limit.unlink(missing_ok=True)

    def _set(self, limit: int) -> None:
        beside = self._limit.with_suffix(".part")
        beside.write_bytes(str(limit).encode())
        beside.replace(self._limit)


@contextmanager
def _locked(path: Path, how: int) -> Iterator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, how)
        yield
    finally:
        os.close(handle)
