"""A replay in motion: feeds a live view with what was known at each moment, at a pace, step by step, there and back."""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import structlog

from events import Rejected
from projections.live.store import open_store
from projections.live.view import LiveView
from services.replaying.commands import aim
from services.replaying.history import History, Point
from services.replaying.pace import pace_of
from services.web.rehearsal import State

__all__ = ["Player"]

_log = structlog.get_logger(__name__)

_TICK: Final = 0.05
_AT_ONCE: Final = 50_000
"""Events in one transaction at most."""
_CHECKPOINTS: Final = 8
"""Copies of the view on the way at most, from which a jump back goes on."""
_APART: Final = 10_000
"""Events between two copies at least."""


class _Ended(Exception):  # noqa: N818 - no error
    """Asked to end on the way."""


class Player:
    """Replays a history into an SQLite view, in a thread of its own, between two moments of it.

    The page's time is the last instant of which all that was known is in the view: it never runs ahead of the events.
    """

    def __init__(
        self, history: History, place: Path, first: Point, last: Point, pace: str, *, going: bool = True
    ) -> None:
        """Begin at `first`; `place` is where the view is made. Raises Rejected for what is no pace."""
        self._history, self._place, self._first, self._last = history, place, first, last
        self._rate, self._pace = pace_of(pace), pace
        self._point, self._going, self._busy = Point(0, history.known(1) - 1 if len(history) else first.at), False, True
        self._since = (0.0, first.at)
        self._copies: dict[int, Path] = {}
        self._views, self._file = 0, place
        self._over, self._ending = False, threading.Event()
        self._told: queue.Queue[tuple[str, Future[State]] | None] = queue.Queue()
        self._start_going = going
        self.changed: Callable[[], None] = lambda: None
        """Called in the player's thread when the view or its time has moved."""
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="replay", daemon=True)

    def start(self) -> None:
        """Begin; returns when there is a view to be read, at its first moment or on the way to it."""
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """End, after the transaction that it is in."""
        self._ending.set()
        self._told.put(None)
        self._thread.join()

    def now(self) -> int:
        """Give the instant that the pages show, in microseconds."""
        return self._point.at

    def state(self) -> State:
        """Tell where it is."""
        point = self._point
        return State(
            point.at,
            self._history.position(point.taken),
            point.taken,
            len(self._history),
            self._first.at,
            self._last.at,
            self._going,
            self._pace,
            self._busy,
        )

    def tell(self, words: str) -> Future[State]:
        """Have something done; the outcome is the state after it, or Rejected. See `services.replaying.commands`."""
        done: Future[State] = Future()
        if self._over:
            done.set_exception(Rejected("replay", "has ended"))
        else:
            self._told.put((words, done))
        return done

    # In the thread

    def _run(self) -> None:
        self._open()
        self._ready.set()
        try:
            self._go_to(self._first)
            self._set_going(self._start_going)
            while True:
                with suppress(queue.Empty):
                    told = self._told.get(timeout=_TICK if self._going else None)
                    if told is None:
                        return
                    self._do(*told)
                if self._going:
                    self._play()
        except _Ended:
            pass
        except Exception as error:
            _log.error("the replay cannot go on", why=type(error).__name__)
            raise
        finally:
            self._over = True
            self._store.datastore.close()
            while not self._told.empty():
                if (left := self._told.get()) is not None:
                    left[1].cancel()

    def _open(self) -> None:
        file = self._next()
        self._store = open_store(file)
        self._view = LiveView(self._store)
        self._put_into_place(file)

    def _do(self, words: str, done: Future[State]) -> None:
        try:
            action, _, value = words.partition(" ")
            if words in ("pause", "go"):
                self._set_going(words == "go")
            elif action == "pace":
                self._rate, self._pace = pace_of(value), value
                self._set_going(self._going)
            else:
                self._go_to(aim(self._history, self._point, words))
                self._set_going(self._going and action == "jump")
        except Rejected as error:
            done.set_exception(error)
        except Exception as error:
            done.set_exception(error)
            raise
        else:
            done.set_result(self.state())
            self.changed()

    def _set_going(self, going: bool) -> None:
        self._going = going and self._point.at < self._last.at
        self._since = time.monotonic(), self._point.at

    def _play(self) -> None:
        if self._rate is None:
            taken = min(self._point.taken + _AT_ONCE, self._last.taken)
            target = self._last if taken == self._last.taken else Point(taken, self._history.known(taken))
        else:
            begun, since = self._since
            at = min(since + round((time.monotonic() - begun) * self._rate * 1e6), self._last.at)
            target = self._last if at == self._last.at else self._history.at(at)
        self._feed(target)
        self._going = self._point.at < self._last.at

    def _go_to(self, target: Point) -> None:
        """Go to a moment between the first and the last, at full speed; back from the nearest copy before it."""
        target = min(max(target, self._first, key=_when), self._last, key=_when)
        self._busy = True
        try:
            if target.taken < self._point.taken:
                self._go_back(target)
            self._feed(target)
        finally:
            self._busy = False

    def _go_back(self, target: Point) -> None:
        """Put a view into place that holds what was known then; until it is there, the pages show the one before."""
        begin = max((taken for taken in self._copies if taken <= target.taken), default=0)
        old, new = self._file, self._next()
        if begin:
            _copy(self._copies[begin], new)
        store = open_store(new)
        try:
            view = LiveView(store)
            self._take(view, begin, target.taken)
        except BaseException:
            store.datastore.close()
            raise
        self._store.datastore.close()
        # First the time: a view that holds more than was known then is shown as of its own last event.
        self._point, self._store, self._view = target, store, view
        self._put_into_place(new)
        # Readers that are still in it read on.
        old.unlink()

    def _next(self) -> Path:
        self._views += 1
        return self._place.with_name(f"view-{self._views}.sqlite")

    def _put_into_place(self, file: Path) -> None:
        """Have the name by which readers know the view mean another file: they go over when they look again.

        A file never takes the name of another one, beside which the log of that might lie.
        """
        link = self._place.with_name("next.sqlite")
        link.symlink_to(file.name)
        link.replace(self._place)
        self._file = file
        self.changed()

    def _feed(self, target: Point) -> None:
        """Take in what is known at a moment that lies ahead; meanwhile it is as late as the events that are in."""
        while self._point.taken < target.taken:
            begin = self._point.taken
            end = min(target.taken, begin + _AT_ONCE)
            self._take(self._view, begin, end)
            self._point = Point(end, min(self._history.known(end), target.at))
            self.changed()
            self._keep(end)
        self._point = target
        self.changed()

    def _take(self, view: LiveView, begin: int, end: int) -> None:
        for messages in self._history.pieces(begin, end):
            if self._ending.is_set():
                raise _Ended
            view.take(messages)
            view.write()

    def _keep(self, taken: int) -> None:
        """Keep a copy of the view now and then."""
        apart = max(_APART, -(-len(self._history) // _CHECKPOINTS))
        if taken - max(self._copies, default=0) >= apart:
            path = self._place.with_name(f"copy-{taken}.sqlite")
            _copy(self._file, path)
            self._copies[taken] = path


def _when(point: Point) -> tuple[int, int]:
    return point.at, point.taken


def _copy(database: Path, to: Path) -> None:
    with closing(sqlite3.connect(database)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)
