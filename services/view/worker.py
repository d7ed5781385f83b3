"""The loop that folds: takes in what the reader hands on, writes it, and says that the view has moved on."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from queue import Empty, Queue
from typing import Final

import structlog

from projections.live.database import Place
from projections.live.message import Message
from projections.live.store import open_any_store
from projections.live.view import LiveView
from projections.live.warming import warm_beside
from projections.live.wire import decode
from services.system import DataDir, Settings, SystemUnavailable
from services.system.memory import give_back
from services.view.beside import built_beside, rebuilding
from services.view.measuring import Measures
from services.view.newest import newest
from services.view.piping import ending, received
from services.view.reader import start_reader
from services.view.switching import put_into_place, ready_view

_log = structlog.get_logger(__name__)

_LARGEST: Final = 50_000
"""Messages in one transaction at most, while the view catches up: twice as many are 8 % quicker, and take twice the
memory, which then lies in pieces that cannot all be given back."""
_LONGEST: Final = 2.0
"""Seconds between two transactions at most, while the view catches up."""
_SOON: Final = 0.02
"""Seconds that a change waits for others at most, once the view has caught up."""
_SPACING: Final = 0.012
"""Seconds between two transactions at least: what comes meanwhile shares what each of them costs by itself."""
_LOOKED_UP: Final = 1_000
"""Messages from which what they touch is looked up while others are on their way; fewer are looked up together."""
_AHEAD: Final = 64
"""Pieces that the reader may be ahead of the fold."""
_LOOK: Final = 1.0
"""Seconds between two looks whether a view that was built anew waits to be put into place."""
_AGAIN: Final = 10.0
"""The same, after one that could not be put there."""
_FAR: Final = 5_000
"""Messages behind from which the view counts as catching up."""


class Worker:
    """Folds in a thread of its own until ``stop``; ``changed`` is called in that thread after each transaction."""

    def __init__(
        self,
        data_dir: Path,
        database: Place,
        changed: Callable[[LiveView], None],
        measures: Measures | None = None,
    ) -> None:
        """Open, or make, the database."""
        self._data_dir, self._changed, self._measures = data_dir, changed, measures
        self._database = database
        self.behind = self.switches = 0
        self._stop = threading.Event()
        self._ready = ready_view(DataDir(data_dir))
        self._look_again = time.monotonic() + _LOOK
        self._open()

    def _open(self) -> None:
        self._store = open_any_store(self._database)
        self.view = LiveView(self._store)
        self._many = True

    def stop(self) -> None:
        """Let ``run`` end after the transaction that it is in."""
        self._stop.set()

    def run(self) -> None:
        """Catch up and follow the ledger. Raises the library's ``IntegrityError`` when another one writes too."""
        gc.freeze()
        gc.set_threshold(100_000, 50, 50)
        try:
            self._build_first()
            follows = not self._stop.is_set()
            if follows:
                self._warm()
            with built_beside(self._data_dir, wanted=follows and self._store.lacks):
                self._follow_on()
        finally:
            self._store.datastore.close()

    def _warm(self) -> None:
        if isinstance(self._database, Path):
            warm_beside([self._database])

    def _follow_on(self) -> None:
        while not self._stop.is_set():
            process, pipe = start_reader(self._data_dir, self.view.position)
            try:
                with ending(process, pipe):
                    self._follow(pipe)
                    if not self._stop.is_set():
                        _log.warning("the ledger's reader ended; it is started again")
            finally:
                self._stop.wait(0.5)

    def _go_over(self) -> bool:
        """Go on with a view that waits, from where this one is; tell whether there was one. Nothing may be pending.

        Where it cannot be put into place now, this one goes on, and it is tried again later.
        """
        if not self._store.waits(self._ready):
            return False
        begun, closed, switched = time.monotonic(), False, False

        def let_go() -> None:
            nonlocal closed
            closed = True
            self._store.datastore.close()

        try:
            switched = put_into_place(DataDir(self._data_dir), self.view.position, let_go)
        except SystemUnavailable as why:
            _log.warning("a view that waits cannot be put into place yet", why=why.message)
            self._look_again = time.monotonic() + _AGAIN
        finally:
            if closed:
                self._open()
        if switched:
            self.switches += 1
            _log.info("folding stood still for a view that waited", seconds=round(time.monotonic() - begun, 3))
            self._changed(self.view)
        return switched

    def _build_first(self) -> None:
        """Where much more lies ahead than behind, build the view anew: following it all would take much longer."""
        if not self._is_far():
            return
        with rebuilding(self._data_dir) as building:
            while building.poll() is None:
                if self._stop.wait(0.1):
                    building.kill()
            if building.returncode and not self._stop.is_set():
                _log.warning("the live view was not built at once; it follows the ledger", status=building.returncode)
        self._go_over()

    def _is_far(self) -> bool:
        """Tell whether building anew, which reads everything, is quicker than following what is ahead."""
        while not self._stop.is_set():
            try:
                last = asyncio.run(newest(DataDir(self._data_dir)))
            except SystemUnavailable as why:
                _log.warning("still waiting for the ledger", reason=why.message)
                self._stop.wait(1)
            else:
                self._go_over()  # where that could not be done without the ledger
                self.behind = max(0, last - self.view.position)
                return self.behind >= max(Settings.from_environment().rebuild_from, self.view.position)
        return False

    def _follow(self, pipe: Connection) -> None:
        handed_on = received(pipe, _AHEAD)
        gathered: list[Message] = []
        begun = written = 0.0
        while not self._stop.is_set():
            if time.monotonic() >= self._look_again and not gathered and not self.view.pending:
                self._look_again = time.monotonic() + _LOOK
                if self._go_over():
                    self._warm()
            patience = self._patience(begun, written, handed_on) if gathered or self.view.pending else 0.2
            try:
                packed = handed_on.get(timeout=patience) if patience else handed_on.get_nowait()
            except Empty:
                pass
            else:
                if packed is None:
                    return
                if not gathered and not self.view.pending:
                    begun = time.monotonic()
                gathered += self._unpacked(packed)
                if len(gathered) >= _LOOKED_UP:
                    self.view.take(gathered)
                    gathered = []
                if self._patience(begun, written, handed_on) and self.view.pending < _LARGEST:
                    continue
            if gathered or self.view.pending:
                started = time.monotonic()
                self.view.take(gathered)
                gathered = []
                pending = self.view.pending
                self.view.write()
                written = time.monotonic()
                if self._measures is not None:
                    self._measures.applied(pending, written - started)
                self._changed(self.view)
                self._rest_after(pending)

    def _unpacked(self, packed: bytes) -> Sequence[Message]:
        messages, self.behind = decode(packed)
        return messages

    def _rest_after(self, pending: int) -> None:
        """Once level after many messages, give back what they took: the next few need little."""
        if pending >= _FAR and not self._many:
            self._many = True
            self._store.expect(many=True)
        if self._many and self.behind == 0:
            self._many = False
            self._store.expect(many=False)
            give_back()

    def _patience(self, begun: float, written: float, handed_on: Queue[bytes | None]) -> float:
        """Tell for how many seconds more to gather into the same transaction: the farther behind, the larger it is."""
        busy = self.behind > 0 or not handed_on.empty()
        longest = _LONGEST if self.behind > _FAR else _SOON if busy else 0.0
        return max(0.0, begun + longest - time.monotonic(), written + _SPACING - time.monotonic())
