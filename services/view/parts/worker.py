"""The loop of one worker: takes in what the broker gives for its parts, and writes each part with its own position."""

from __future__ import annotations

import fcntl
import gc
import os
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Empty
from typing import Final

import structlog

from projections.live.message import Message
from projections.live.view import LiveView
from projections.live.warming import warm_beside
from projections.parts import ALL, divide, in_place, part_names
from projections.parts.gate import CLOSED, Gate
from projections.parts.store import open_part
from services.view.parts.reader import NEWEST, ask, start_reader, unpack
from services.view.piping import ending, received

__all__ = ["PartWorker", "parts_of"]

_log = structlog.get_logger(__name__)

_LARGEST: Final = 50_000
"""Messages of one round at most, over all parts, while the worker catches up."""
_LONGEST: Final = 2.0
"""Seconds between two rounds at most, while it catches up."""
_SOON: Final = 0.02
"""Seconds that a change waits for others, once level."""
_FAR: Final = 5_000
"""Messages behind from which a worker counts as catching up."""
_LEVELLED: Final = 1.0
"""Seconds after which parts of which nothing came are brought to where the ledger is: so none begins far back."""
_AHEAD: Final = 64
_WAIT: Final = 0.02
_ASKED_AGAIN: Final = 2.0


def parts_of(worker: int, workers: int) -> tuple[int, ...]:
    """Give the parts of worker number ``worker`` (from 0) of so many."""
    return tuple(part for part in ALL if part % workers == worker)


class PartWorker:
    """Folds until ``stop``. What another worker still holds of its parts it waits for."""

    def __init__(self, data_dir: Path, directory: Path, parts: Collection[int]) -> None:
        """``directory``: that of the parts."""
        self._data_dir, self._directory, self._parts = data_dir, directory, tuple(parts)
        self._those, self._gate = directory, Gate(directory)
        self._views: dict[int, LiveView] = {}
        self._pending: list[Message] = []
        self._through = 0
        self._behind = 0
        self._asked = self._levelled = 0.0
        self._catching_up = True
        self._stop = threading.Event()

    def stop(self) -> None:
        """Let ``run`` end after the round that it is in."""
        self._stop.set()

    def run(self) -> None:
        """Catch up and follow the ledger. Raises the library's ``IntegrityError`` when another one writes too."""
        gc.freeze()
        gc.set_threshold(100_000, 50, 50)
        while not self._stop.is_set():
            self._those = in_place(self._directory)
            self._gate = Gate(self._those)
            self._those.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._keep()

    def _keep(self) -> None:
        """Keep our parts of those that are in place, until others take their place."""
        with ExitStack() as held:
            for part in self._parts:
                if not held.enter_context(self._holding(part)):
                    return
            for part in self._parts:
                store = open_part(part_names(self._those)[part])
                held.callback(store.datastore.close)
                self._views[part] = LiveView(store)
            _log.info("the worker has its parts", parts=len(self._parts))
            warm_beside(part_names(self._those)[part] for part in self._parts)
            while not self._over():
                self._follow_once()

    def _over(self) -> bool:
        """Tell whether we are to stop, or other parts were put into the place of ours."""
        return self._stop.is_set() or in_place(self._directory) != self._those

    @contextmanager
    def _holding(self, part: int) -> Iterator[bool]:
        """Have a part for ourselves, as soon as who has it lets go; False when we are to stop before that."""
        handle = os.open(part_names(self._those)[part].with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    if self._stop.wait(0.05):
                        yield False
                        return
                else:
                    yield True
                    return
        finally:
            os.close(handle)

    def _follow_once(self) -> None:
        """Read behind the part that is farthest back, until the reader ends: the others leave out what they have."""
        self._through = min(view.position for view in self._views.values())
        self._pending = []
        process, pipe = start_reader(self._data_dir, self._through, self._parts)
        try:
            with ending(process, pipe):
                self._follow(pipe)
                if not self._over():
                    _log.warning("the ledger's reader ended; it is started again")
        finally:
            if not self._over():
                self._stop.wait(0.5)

    def _follow(self, pipe: Connection) -> None:
        frames = received(pipe, _AHEAD)
        begun = time.monotonic()
        while not self._over():
            limit = self._gate.limit()
            patience = self._patience(begun, limit)
            try:
                frame = frames.get(timeout=patience) if patience else frames.get_nowait()
            except Empty:
                pass
            else:
                if frame is None:
                    return
                if not self._pending:
                    begun = time.monotonic()
                arrived = unpack(frame)
                self._pending += arrived.messages
                self._through, self._behind = max(self._through, arrived.through), arrived.behind
                if not arrived.messages:
                    self._asked = self._levelled = 0.0  # told: the parts are brought there at once
                elif self._behind > _FAR:
                    self._catching_up = True
                elif self._behind == 0 and self._catching_up:
                    # Caught up: nobody should wait for the next look to see that.
                    self._catching_up = False
                    self._asked = self._levelled = 0.0
                if limit is None and self._patience(begun, limit) and len(self._pending) < _LARGEST:
                    continue
            self._round(pipe, limit)

    def _patience(self, begun: float, limit: int | None) -> float:
        """Tell for how many seconds more to gather, or to wait for anything at all."""
        if limit is not None or not self._pending:
            return 0.002 if limit is not None else _WAIT
        longest = _LONGEST if self._behind > _FAR else _SOON
        return max(0.0, begun + longest - time.monotonic())

    def _round(self, pipe: Connection, seen: int | None) -> None:
        """Write what was gathered, up to a reader's limit where there is one, and bring the parts level with it."""
        now = time.monotonic()
        due = now - self._levelled > _LEVELLED
        if seen is None and not self._pending and not due:
            return
        if seen == CLOSED:
            if due:
                self._levelled = now
                self._gate.open_for_lost()
            return
        with self._gate.passing() as limit:
            if limit == CLOSED or self._over():  # where others took their place meanwhile, ours are to stay as they are
                return
            self._write(limit, everywhere=limit is not None or due)
        if limit is None:
            self._levelled = now if due else self._levelled
            if due and not self._behind:
                self._ask(pipe, NEWEST)
        elif self._through < limit:
            self._ask(pipe, limit)
        elif due:
            self._levelled = now
            self._gate.open_for_lost()

    def _ask(self, pipe: Connection, position: int) -> None:
        if time.monotonic() - self._asked > _ASKED_AGAIN:
            self._asked = time.monotonic()
            ask(pipe, position)

    def _write(self, limit: int | None, *, everywhere: bool) -> None:
        until = self._through if limit is None else min(self._through, limit)
        taken = self._pending
        if taken and taken[-1].position > until:
            taken = [message for message in self._pending if message.position <= until]
        self._pending = self._pending[len(taken) :]
        for part, own in divide(taken, self._parts).items():
            view = self._views[part]
            view.take(own)
            if view.pending or everywhere:
                view.pass_to(until)
                view.write()
