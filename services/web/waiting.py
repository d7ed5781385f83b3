"""Reading a view that may have to be waited for in a thread beside the pages, which show what was read last.

Where several workers keep the view, a look at it waits until they are at one place, and they wait for the look.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import structlog

from projections.live.database import ViewAwayError
from projections.live.reading import LiveReader
from projections.live.storing import SetAside
from services.web.source import ClosureLike, TablesLike

__all__ = ["ReadBeside"]

_log = structlog.get_logger(__name__)

_AT_ONCE: Final = 0.05
"""Seconds that pages wait for a look that they have asked for: longer than one takes while the workers are level."""
_SHORTEST_REST: Final = 0.02
_LONGEST_REST: Final = 20.0
_SHARE: Final = 9.0
"""Rest so many times as long as a look held the workers up: it costs them a tenth of their time at most."""


class _Found(NamedTuple):
    """What a look found."""

    tables: TablesLike
    closures: Sequence[ClosureLike]
    set_aside: list[SetAside]


class ReadBeside:
    """A `TableSource`. Its methods are called on one thread, and wait for a twentieth of a second at most."""

    def __init__(
        self,
        reader: LiveReader,
        clock: Callable[[], int],
        loop: asyncio.AbstractEventLoop,
        came: Callable[[], None],
    ) -> None:
        """`clock` gives K; `came` is called on the loop when something new came that nobody waits for."""
        self._reader, self._clock, self._loop, self._came = reader, clock, loop, came
        self._turn = threading.Condition()
        self._asked = self._looking = self._resting = self._ended = self._waited_for = False
        self._found: _Found | None = None
        self._problem: str | None = "it has not been read yet"
        self._thread = threading.Thread(target=self._run, name="reading", daemon=True)
        self._thread.start()

    def first(self, patience: float) -> None:
        """Look for the first time, and wait for it."""
        self._ask(patience)

    def close(self) -> None:
        """End the thread, and close the view."""
        with self._turn:
            self._ended = True
            self._turn.notify_all()
        self._thread.join(_LONGEST_REST)

    def look(self, at: int) -> tuple[TablesLike, Sequence[ClosureLike]]:
        """Have it read again, and give what was read last, which is as of shortly before `at`. Raises ViewAwayError."""
        self._ask(_AT_ONCE)
        found = self._known()
        return found.tables, found.closures

    def set_aside(self) -> list[SetAside]:
        """Give the ledger messages that are not counted, and why. Raises ViewAwayError."""
        return self._known().set_aside

    def _known(self) -> _Found:
        with self._turn:
            if self._found is None or self._problem is not None:
                raise ViewAwayError(f"the live view cannot be read: {self._problem}")
            return self._found

    def _ask(self, patience: float) -> None:
        """Have it look, and wait so long for that; not where it has to rest, or is at it already."""
        with self._turn:
            self._asked = True
            self._turn.notify_all()
            if self._looking or self._resting:
                return
            self._waited_for = True
            self._turn.wait_for(lambda: self._ended or not (self._asked or self._looking), patience)
            self._waited_for = False

    def _run(self) -> None:
        try:
            while True:
                with self._turn:
                    self._resting = False
                    self._turn.wait_for(lambda: self._asked or self._ended)
                    if self._ended:
                        return
                    self._asked, self._looking = False, True
                begun = time.monotonic()
                new = self._look()
                with self._turn:
                    self._looking, self._resting = False, True
                    new &= not self._waited_for
                    self._turn.notify_all()
                if new and not self._loop.is_closed():
                    self._loop.call_soon_threadsafe(self._came)
                spent, held = time.monotonic() - begun, self._reader.held or 0.0
                with self._turn:
                    rest = min(max(_SHORTEST_REST, spent, _SHARE * held), _LONGEST_REST)
                    self._turn.wait_for(lambda: self._ended, rest)
        finally:
            self._reader.close()

    def _look(self) -> bool:
        """Read; tell whether there is something that was not there before."""
        before, problem = self._found, self._problem
        try:
            found = self._read(before)
        except Exception as error:
            # Its text may hold a value; its kind is enough to go by.
            self._problem = type(error).__name__
            if self._problem != problem:
                _log.warning("the live view cannot be read", error=self._problem)
            return problem is None
        with self._turn:
            self._found, self._problem = found, None
        return problem is not None or before is None or before.tables.position != found.tables.position

    def _read(self, before: _Found | None) -> _Found:
        tables, closures = self._reader.look(self._clock())
        if before is not None and before.tables.position == tables.position:
            return _Found(tables, closures, before.set_aside)
        return _Found(tables, closures, self._reader.set_aside())
