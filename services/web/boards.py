"""A board for everyone who sees the same: one for those who see everything, and one for each area."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Final

from projections.public import PublicStore, Snapshot
from services.audits import AuditLog
from services.web.access import Viewer
from services.web.audited import LastAudit
from services.web.board import Board
from services.web.catalogue import make_topic
from services.web.details import Details, no_details
from services.web.sight import SightDetails, SightSource
from services.web.source import ClosureLike, Lag, TablesLike, TableSource

__all__ = ["Boards"]


_LOOK: Final = 0.5
"""Seconds between two looks for a newer public table."""
_SAME: Final = 0.01
"""Seconds for which the tables that were read stand for every board."""


class Boards:
    """The boards by what is seen, made when someone first looks. Used on the event loop's thread only."""

    def __init__(
        self,
        source: TableSource,
        clock: Callable[[], int],
        lag: Callable[[], Lag],
        simulated: bool,
        public: PublicStore | None = None,
        audits: AuditLog | None = None,
        details: Details = no_details,
    ) -> None:
        """See `create_app`. `public` holds what may be known of the municipalities of others; None: nothing."""
        self._source, self._clock, self._lag, self.simulated = _ReadOnce(source), clock, lag, simulated
        self._latest = _Latest(public)
        self._details = details
        self.audit = LastAudit(audits)
        """Gives the last audit; None when there was none."""
        self._by_codes: dict[frozenset[str], Board] = {}
        self.whole = Board(self._source, clock, lag, simulated, make_topic, audit=self.audit, details=details)
        """The board of those who see everything."""

    def __iter__(self) -> Iterator[Board]:
        yield self.whole
        yield from self._by_codes.values()

    @property
    def public(self) -> Snapshot | None:
        """The newest public table; None when there is none."""
        return self._latest()

    def _public_day(self) -> date | None:
        public = self.public
        return None if public is None else public.day

    def of(self, viewer: Viewer) -> Board:
        """Give the board of what someone may see."""
        if viewer.codes is None:
            return self.whole
        if viewer.codes not in self._by_codes:
            source = SightSource(self._source, viewer.codes, self._latest)
            # How many events the ledger holds, and when they come, is for who sees all of them; how many cells were
            # compared too, since every figure that is not zero makes some.
            board = Board(
                source,
                self._clock,
                None,
                self.simulated,
                make_topic,
                audit=self.audit,
                public_day=self._public_day,
                details=SightDetails(self._details, viewer.codes),
            )
            board.watched = self.whole.watched
            self._by_codes[viewer.codes] = board
        return self._by_codes[viewer.codes]

    def followed(self) -> list[Board]:
        """Give the boards to keep current: that of those who see everything, and those with a page open."""
        return [board for board in self if board is self.whole or board.pages_open]

    def close(self) -> None:
        """Let every open stream end: the server stops."""
        for board in self:
            board.close()


class _ReadOnce:
    """The source, asked once for all boards that are brought up to date together."""

    def __init__(self, source: TableSource) -> None:
        self._source = source
        self._read = float("-inf")
        self._found: tuple[TablesLike, Sequence[ClosureLike]] | None = None

    def look(self, at: int) -> tuple[TablesLike, Sequence[ClosureLike]]:
        if self._found is None or time.monotonic() - self._read >= _SAME:
            self._found = self._source.look(at)
            self._read = time.monotonic()
        return self._found


class _Latest:
    """The newest public table, looked for now and then."""

    def __init__(self, store: PublicStore | None) -> None:
        self._store = store
        self._looked = float("-inf")
        self._snapshot: Snapshot | None = None

    def __call__(self) -> Snapshot | None:
        now = time.monotonic()
        if self._store is not None and now - self._looked >= _LOOK:
            self._looked = now
            day = self._store.latest_day()
            if day is not None and (self._snapshot is None or self._snapshot.day != day):
                self._snapshot = self._store.snapshot(day)
        return self._snapshot
