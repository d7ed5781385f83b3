"""The state of the page, shared by every page that is open.

Every cell and sentence carries the version at which it last changed. What an open page lacks is therefore worked out
from the version it has: nothing is queued for anyone, and a slow page simply gets more at once.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import structlog

from services.web.frame import KEYS, Frame, frame_of
from services.web.freshness import Freshness, LevelWatch, freshness_slots
from services.web.painting import Slots, headline_slots, paint
from services.web.source import ClosureLike, Lag, TableSource
from services.web.texts import LANGUAGES, Language
from services.web.views import TOTAL, Grid, columns_of, grid_of, headline_of

__all__ = ["Board", "Patch"]

log = structlog.get_logger(__name__)

FRESHNESS_EVERY = 0.5
"""Seconds between two tellings of how far behind the view is: numbers that race cannot be read."""


@dataclass(frozen=True, slots=True)
class Patch:
    """What an open page lacks: `version` to which it brings the page, and its JSON; None: lay the page out anew."""

    version: str
    body: bytes | None


class Board:
    """Reads the tables, keeps what the page shows, and tells since when. Used on the event loop's thread only."""

    def __init__(self, source: TableSource, clock: Callable[[], int], lag: Callable[[], Lag], simulated: bool) -> None:
        """`clock` gives the time in microseconds, `lag` the ledger's position; both return at once."""
        self.simulated = simulated
        self.frame: Frame | None = None
        self.grids: dict[str, Grid] = {}
        self.fresh: Freshness | None = None
        self.closed = False
        self.watched = asyncio.Event()
        """Set while at least one page is open."""
        self._watchers = 0
        self._source, self._clock, self._lag = source, clock, lag
        self._closures: Sequence[ClosureLike] | None = None
        self._level = LevelWatch()
        self._epoch = secrets.token_hex(4)
        self._number = 0
        self._laid_out = 0
        self._stamps: dict[str, Grid] = {}
        self._slots: dict[Language, Slots] = {language: {} for language in LANGUAGES}
        self._slot_stamps: dict[Language, dict[str, int]] = {language: {} for language in LANGUAGES}
        self._told = self._read = float("-inf")
        self._problem = False
        self._news = asyncio.Event()
        self._patches: dict[tuple[str, Language, int], Patch] = {}

    @property
    def version(self) -> str:
        """The version of what is shown now; the part before the point differs at every start of the server."""
        return f"{self._epoch}.{self._number}"

    @property
    def news(self) -> asyncio.Event:
        """Set as soon as the version is no longer what it is now, or the board closes."""
        return self._news

    def slots(self, language: Language) -> Slots:
        """Return the sentences as they stand: text and class by the id of their element."""
        return self._slots[language]

    def close(self) -> None:
        """Let every open stream end: the server stops."""
        self.closed = True
        self._wake()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Count as an open page for as long as this lasts."""
        self._watchers += 1
        self.watched.set()
        try:
            yield
        finally:
            self._watchers -= 1
            if not self._watchers:
                self.watched.clear()

    def refresh(self, older_than: float = 0.02) -> None:
        """Read the tables again, unless that was done less than `older_than` seconds ago."""
        if time.monotonic() - self._read >= older_than:
            self.update()

    def update(self) -> None:
        """Read the tables and note what changed. A source that fails leaves what was shown, marked as not current."""
        now = self._read = time.monotonic()
        number = self._number + 1
        try:
            changed = self._take(number)
            problem = False
        except Exception as error:
            # Whatever goes wrong in the view, the page goes on showing what it had and says that it stands still.
            # The error's text may hold a value; its kind is enough to go by.
            if not self._problem:
                log.warning("tables.unreadable", error=type(error).__name__)
            changed, problem = False, True
        turned, self._problem = problem != self._problem, problem
        changed |= self._tell(number, now, turned)
        if changed:
            self._number = number
            self._patches.clear()
            self._wake()

    def patch(self, key: str, language: Language, since: str | None) -> Patch:
        """Give what a page at version `since` lacks of view `key`; all of it when `since` is None."""
        known = self._known(since)
        if known is None or (since is not None and known < self._laid_out):
            return Patch(self.version, None)
        at = (key, language, known)
        if at not in self._patches:
            self._patches[at] = Patch(self.version, self._body(key, language, known))
        return self._patches[at]

    def _known(self, since: str | None) -> int | None:
        if since is None:
            return 0
        epoch, _, number = since.partition(".")
        if epoch != self._epoch or not number.isdecimal() or int(number) > self._number:
            return None
        return int(number)

    def _wake(self) -> None:
        old, self._news = self._news, asyncio.Event()
        old.set()

    def _take(self, number: int) -> bool:
        """Read the tables into the grids; tell whether anything differs."""
        if self._source.refresh() or self._closures is None:
            self._closures = self._source.closures()
        tables = self._source.tables(self._clock())
        frame = frame_of(tables, self._closures)
        same = frame == self.frame
        grids = {key: grid_of(tables, frame, key) for key in KEYS}
        changed = not same
        for key, grid in grids.items():
            if same:
                differs = (grid != self.grids[key]).any(axis=2)
                self._stamps[key][differs] = number
                changed |= bool(differs.any())
            else:
                self._stamps[key] = np.full(grid.shape[:2], number, dtype=np.int64)
        if not same:
            self._laid_out = number
        if changed:
            headlines = {key: headline_of(grid) for key, grid in grids.items()}
            for language in LANGUAGES:
                self._put(language, headline_slots(frame, headlines, language), number)
        self.frame, self.grids = frame, grids
        self._as_of, self._position = tables.as_of, tables.position
        return changed

    def _tell(self, number: int, now: float, turned: bool) -> bool:
        """Write how fresh the page is: not more often than one can read, but at once when a problem comes or goes."""
        if self.frame is None:
            return False
        ledger = self._lag().ledger_position
        behind = self._level.seconds_behind(now, self._position, ledger)
        self.fresh = Freshness(self._as_of, self._position, ledger, behind, self._problem)
        if not turned and now - self._told < (FRESHNESS_EVERY / 3 if self.simulated else FRESHNESS_EVERY):
            return False
        self._told = now
        told = [
            self._put(language, freshness_slots(self.fresh, language, simulated=self.simulated), number)
            for language in LANGUAGES
        ]
        return any(told)

    def _put(self, language: Language, slots: Slots, number: int) -> bool:
        held, stamps = self._slots[language], self._slot_stamps[language]
        fresh = {name: slot for name, slot in slots.items() if held.get(name) != slot}
        held |= fresh
        stamps |= dict.fromkeys(fresh, number)
        return bool(fresh)

    def _body(self, key: str, language: Language, since: int) -> bytes:
        cells: dict[str, list[Any]] = {}
        if self.frame is not None:
            columns, codes, grid = columns_of(self.frame, key), (TOTAL, *self.frame.rows), self.grids[key]
            rows, places = np.nonzero(self._stamps[key] > since)
            for row, at, numbers in zip(rows.tolist(), places.tolist(), grid[rows, places].tolist(), strict=True):
                cells.setdefault(codes[row], []).append((at, *paint(columns[at], numbers, language, total=row == 0)))
        stamps = self._slot_stamps[language]
        slots = {name: slot for name, slot in self._slots[language].items() if stamps[name] > since}
        return orjson.dumps({"cells": cells, "slots": slots})
