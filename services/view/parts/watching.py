"""Watching from beside how far the workers have brought the parts of the live view."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Final, NamedTuple

from projections.live.storing import NOTHING_YET
from projections.parts import ALL, in_place
from projections.parts.attaching import attached, positions
from services.view.beside import built_beside
from services.view.keeping import Standing
from services.view.measuring import Measures

__all__ = ["PartsWatch"]

_LOOK: Final = 0.02
"""Seconds between two looks whether some part has moved on; each takes some ten microseconds."""
_AGAIN: Final = 0.2
"""Seconds until it is looked again for parts that are not there yet."""


class Place(NamedTuple):
    """How far all parts are."""

    position: int = 0
    recorded_until: int = NOTHING_YET


class PartsWatch:
    """Looks, in a thread of its own, until ``stop``; ``changed`` is called there after each time that parts moved on.

    It reads how far each part is and no more than that, so it holds no worker up.
    """

    def __init__(
        self,
        data_dir: Path,
        directory: Path,
        changed: Callable[[Standing], None],
        measures: Measures | None = None,
    ) -> None:
        """`directory`: that of the parts. `measures` are told how many messages all of them have passed."""
        self._data_dir, self._directory, self._changed, self._measures = data_dir, directory, changed, measures
        self._stop = threading.Event()
        self._place = Place()
        with suppress(sqlite3.Error, OSError), closing(attached(in_place(directory))) as database:
            self._place = _place(database)
        self.ledger_end = 0
        """The ledger's newest sequence, as it was last told."""
        self.switches = 0
        """How often other parts have taken the place of those that were there."""

    @property
    def view(self) -> Place:
        """How far all parts are: the least of them."""
        return self._place

    @property
    def behind(self) -> int:
        """How many messages the ledger held behind the part that is farthest back."""
        return max(0, self.ledger_end - self.view.position)

    def stop(self) -> None:
        """Let ``run`` end."""
        self._stop.set()

    def run(self) -> None:
        """Watch. Parts that cannot be read are looked for again: a worker makes them."""
        while not self._stop.is_set():
            try:
                those = in_place(self._directory)
                with closing(attached(those)) as database, built_beside(self._data_dir, wanted=_lack(database)):
                    self._watch(database, those)
                    self.switches += in_place(self._directory) != those
            except (sqlite3.Error, OSError):
                self._stop.wait(_AGAIN)

    def _watch(self, database: sqlite3.Connection, those: Path) -> None:
        """Watch until others are put in their place."""
        versions: list[int] = []
        while not self._stop.is_set() and in_place(self._directory) == those:
            now = [int(database.execute(f"PRAGMA p{part}.data_version").fetchone()[0]) for part in ALL]
            if now != versions:
                self._note(_place(database))
                versions = now
            self._stop.wait(_LOOK)

    def _note(self, place: Place) -> None:
        before, self._place = self._place, place
        if place == before:
            return
        if self._measures is not None and place.position > before.position:
            self._measures.passed(place.position - before.position)
        self._changed(place)


def _lack(database: sqlite3.Connection) -> bool:
    """Tell whether an earlier release did not keep something in some part that only the ledger tells."""
    return any(database.execute(f"SELECT 1 FROM p{part}.lacking").fetchone() for part in ALL)


def _place(database: sqlite3.Connection) -> Place:
    far = positions(database)
    recorded = [row[0] for part in ALL for row in database.execute(f"SELECT recorded FROM p{part}.horizon")]
    return Place(min(far), max(recorded, default=NOTHING_YET))
