"""What an open page follows: the changes of one topic, each with the version at which it came.

Nothing is queued for anyone: what an open page lacks is worked out from the version that it has.
"""

from __future__ import annotations

import time
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from services.web.answers import coverage
from services.web.details import Details, no_details
from services.web.frame import Frame
from services.web.freshness import Freshness
from services.web.painting import Slots, paint
from services.web.source import ClosureLike, TablesLike
from services.web.texts import LANGUAGES, Language
from services.web.views import EXPECTED, REPORTED, TOTAL, Grid, columns_of, grid_of, rows_within

__all__ = ["PARTS_EVERY", "Current", "PageTopic", "Stamped", "TableTopic", "Topic"]


@dataclass(frozen=True, slots=True)
class Current:
    """What was read last: the tables, what stands on the pages apart from numbers, and the closures."""

    tables: TablesLike
    frame: Frame
    closures: Sequence[ClosureLike]
    fresh: Freshness | None = None
    """How fresh they were when they were last told to be."""
    details: Details = no_details
    """What is not in the tables."""


class Topic(Protocol):
    """What one kind of page shows of one thing. Used on the event loop's thread only."""

    @property
    def slots(self) -> Stamped:
        """The texts of the page that may change."""

    def update(self, current: Current, number: int) -> bool:
        """Take in what was read as version `number`; tell whether anything that is shown differs."""

    def body(self, language: Language, since: int) -> dict[str, Any]:
        """Give what changed after version `since`, as the page's script takes it."""


class Stamped:
    """Texts by id, in each language, each with the version at which it last changed."""

    def __init__(self) -> None:
        self._held: dict[Language, Slots] = {language: {} for language in LANGUAGES}
        self._stamps: dict[Language, dict[str, int]] = {language: {} for language in LANGUAGES}

    def __getitem__(self, language: Language) -> Slots:
        return self._held[language]

    def put(self, language: Language, slots: Mapping[str, tuple[str, str]], number: int) -> bool:
        """Take in texts as of version `number`; tell whether one of them differs."""
        held = self._held[language]
        fresh = {name: slot for name, slot in slots.items() if held.get(name) != slot}
        held |= fresh
        self._stamps[language] |= dict.fromkeys(fresh, number)
        return bool(fresh)

    def since(self, language: Language, since: int) -> Slots:
        """Give the texts that changed after version `since`."""
        stamps = self._stamps[language]
        return {name: slot for name, slot in self._held[language].items() if stamps[name] > since}


PARTS_EVERY: Final = 1.0
"""Seconds between two drawings of what is more than a text: lists and tables that race cannot be read."""


class PageTopic:
    """A topic whose page has texts and parts to fill: a subclass writes them.

    A text is small and changes at once. A part is a piece of HTML, such as a list, and changes at most every
    `PARTS_EVERY` seconds; it is the server's own, and may not hold an element that someone types in.
    """

    def __init__(self) -> None:
        self.slots, self.parts = Stamped(), Stamped()
        self._drawn = float("-inf")
        self._drawn_of: object = None

    def write(self, current: Current, language: Language) -> Slots:
        """Write every text of the page that may change: by the id of its element, the text and its state."""
        raise NotImplementedError

    def draw(self, current: Current, language: Language) -> dict[str, str]:
        """Draw every part of the page that may change: by the id of its element, the HTML in it."""
        return {}

    def look(self, current: Current) -> object:
        """Look up the details that the page shows; the parts are drawn anew as soon as there are others."""
        return None

    def update(self, current: Current, number: int) -> bool:
        """Take in what was read as version `number`; tell whether anything that is shown differs."""
        looked = self.look(current)
        told = [self.slots.put(language, self.write(current, language), number) for language in LANGUAGES]
        if (now := time.monotonic()) - self._drawn >= PARTS_EVERY or looked != self._drawn_of:
            self._drawn, self._drawn_of = now, looked
            for language in LANGUAGES:
                drawn = {name: (html, "") for name, html in self.draw(current, language).items()}
                told.append(self.parts.put(language, drawn, number))
        return any(told)

    def body(self, language: Language, since: int) -> dict[str, Any]:
        """Give the texts and parts that changed after version `since`."""
        parts = {name: html for name, (html, _) in self.parts.since(language, since).items()}
        return {"slots": self.slots.since(language, since), "parts": parts}


class TableTopic:
    """The table of municipality by week, of all sectors together or of one, in the country or in an area."""

    def __init__(self, key: str, within: Container[str] | None = None) -> None:
        self.key, self.within = key, within
        self.slots = Stamped()
        self.grid: Grid | None = None
        self._frame: Frame | None = None
        self._stamps: Grid = np.zeros((0, 0), dtype=np.int64)

    def update(self, current: Current, number: int) -> bool:
        """Take in what was read as version `number`; tell whether anything that is shown differs."""
        grid = grid_of(current.tables, current.frame, self.key, self.within)
        reported, expected = grid[0, -1, [REPORTED, EXPECTED]].tolist()
        for language in LANGUAGES:
            # A change of these is one of the grid too.
            self.slots.put(language, {"c-table": coverage(reported, expected, language)}, number)
        old, self.grid = self.grid, grid
        same, self._frame = current.frame == self._frame, current.frame
        if old is None or not same:
            self._stamps = np.full(grid.shape[:2], number, dtype=np.int64)
            return True
        differs = (grid != old).any(axis=2)
        self._stamps[differs] = number
        return bool(differs.any())

    def body(self, language: Language, since: int) -> dict[str, Any]:
        """Give the texts and cells that changed after version `since`; cells by row: column, text, class, coverage."""
        cells: dict[str, list[Any]] = {}
        if self._frame is not None and self.grid is not None:
            columns, codes = columns_of(self._frame, self.key), (TOTAL, *rows_within(self._frame, self.within))
            rows, places = np.nonzero(self._stamps > since)
            numbers = self.grid[rows, places].tolist()
            for row, at, found in zip(rows.tolist(), places.tolist(), numbers, strict=True):
                cells.setdefault(codes[row], []).append((at, *paint(columns[at], found, language, total=row == 0)))
        return {"cells": cells, "slots": self.slots.since(language, since)}
