"""The state of the pages, shared by every page that is open.

Every text carries the version at which it last changed. What an open page lacks is therefore worked out from the
version it has: nothing is queued for anyone, and a slow page simply gets more at once. Only what some open page shows
is worked out anew when the tables change.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import orjson
import structlog

from services.audits import Audit
from services.web.audited import AuditSeen
from services.web.details import Details, no_details
from services.web.frame import Frame, frame_of
from services.web.freshness import Freshness, LevelWatch, freshness_slots
from services.web.painting import Slots
from services.web.source import Lag, TableSource
from services.web.texts import LANGUAGES, Language
from services.web.topics import Current, Stamped, Topic

__all__ = ["Board", "MakeTopic", "Patch"]

log = structlog.get_logger(__name__)

FRESHNESS_EVERY = 0.5
"""Seconds between two tellings of how far behind the view is: numbers that race cannot be read."""
MOST_IDLE = 64
"""Topics that no open page follows and that are kept nevertheless."""

MakeTopic = Callable[[str], Topic | None]
"""Makes the topic of a name; None when there is none of that name."""


@dataclass(frozen=True, slots=True)
class Patch:
    """What an open page lacks: `version` to which it brings the page, and its JSON; None: lay the page out anew."""

    version: str
    body: bytes | None


class Board:
    """Reads the tables, keeps what the pages show, and tells since when. Used on the event loop's thread only."""

    def __init__(
        self,
        source: TableSource,
        clock: Callable[[], int],
        lag: Callable[[], Lag] | None,
        simulated: bool,
        make_topic: MakeTopic,
        *,
        audit: Callable[[], Audit | None] = lambda: None,
        public_day: Callable[[], date | None] = lambda: None,
        details: Details = no_details,
    ) -> None:
        """`clock` gives the time in microseconds, `lag` the ledger's position, `audit` the last one; all at once.

        Without `lag` this is the board of people who do not see everything: the pages do not tell how far behind they
        are, of the audit only whether it found anything, and of which day the public figures are (`public_day`).
        `details` gives what is not in the tables.
        """
        self.simulated = simulated
        self.current: Current | None = None
        self.fresh: Freshness | None = None
        self.closed = False
        self.watched = asyncio.Event()
        """Set when a page was opened; whoever waits for that clears it."""
        self._watchers: Counter[str] = Counter()
        self._source, self._clock, self._lag, self._make = source, clock, lag, make_topic
        self._details = details
        self._audit, self._public_day = audit, public_day
        self._level = LevelWatch()
        self._epoch = secrets.token_hex(4)
        self._number = 0
        self._laid_out = 0
        self._topics: dict[str, tuple[Topic, int]] = {}
        self._told, self._read = float("-inf"), float("-inf")
        self._texts = Stamped()
        self._problem = False
        self._news = asyncio.Event()
        self._patches: dict[tuple[str, Language, int], bytes] = {}

    @property
    def frame(self) -> Frame | None:
        """What stands on the pages apart from their numbers; None until the tables were read."""
        return None if self.current is None else self.current.frame

    @property
    def version(self) -> str:
        """The version of what is shown now; the part before the point differs at every start of the server."""
        return f"{self._epoch}.{self._number}"

    @property
    def news(self) -> asyncio.Event:
        """Set as soon as an open page may lack something, or the board closes."""
        return self._news

    @property
    def pages_open(self) -> int:
        """How many pages are open."""
        return self._watchers.total()

    def slots(self, language: Language) -> Slots:
        """Return the texts of how fresh the page is: text and state by the id of their element."""
        return self._texts[language]

    def close(self) -> None:
        """Let every open stream end: the server stops."""
        self.closed = True
        self._wake()

    @contextmanager
    def watching(self, name: str) -> Iterator[None]:
        """Count as an open page that follows topic `name` for as long as this lasts."""
        self._watchers[name] += 1
        self.watched.set()
        try:
            yield
        finally:
            self._watchers[name] -= 1
            if not self._watchers[name]:
                del self._watchers[name]

    def topic(self, name: str) -> Topic | None:
        """Give the topic of a name as it stands now; None when there is none, or nothing was read yet."""
        if self.current is None:
            return None
        topic, number = self._topics.get(name, (None, -1))
        if topic is None:
            topic = self._make(name)
            if topic is None:
                return None
        if number != self._number:
            topic.update(self.current, self._number)
        self._topics[name] = topic, self._number
        return topic

    def refresh(self, older_than: float = 0.02) -> None:
        """Read the tables again, unless that was done less than `older_than` seconds ago."""
        if time.monotonic() - self._read >= older_than:
            self.update()

    def update(self) -> None:
        """Read the tables and note what changed. A source that fails leaves what was shown, marked as not current."""
        now = self._read = time.monotonic()
        # A topic that nobody follows is brought up to date later: so every reading has a number of its own.
        self._number += 1
        try:
            changed = self._take()
            problem = False
        except Exception as error:
            # Whatever goes wrong in the view, the page goes on showing what it had and says that it stands still.
            # The error's text may hold a value; its kind is enough to go by.
            if not self._problem:
                log.warning("tables.unreadable", error=type(error).__name__)
            changed, problem = False, True
        turned, self._problem = problem != self._problem, problem
        changed |= self._tell(now, turned)
        self._patches.clear()
        if changed:
            self._wake()

    def patch(self, name: str, language: Language, since: str | None) -> Patch:
        """Give what a page at version `since` lacks of topic `name`; all of it when `since` is None."""
        known = self._known(since)
        topic = self.topic(name)
        if known is None or topic is None or (since is not None and known < self._laid_out):
            return Patch(self.version, None)
        at = (name, language, known)
        if at not in self._patches:
            body = topic.body(language, known)
            body["slots"] = body.get("slots", {}) | self._texts.since(language, known)
            self._patches[at] = orjson.dumps(body)
        return Patch(self.version, self._patches[at])

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

    def _take(self) -> bool:
        """Read the tables, and bring what open pages follow up to date; tell whether anything differs."""
        tables, closures = self._source.look(self._clock())
        frame = frame_of(tables, closures)
        laid_out = frame != self.frame
        if laid_out:
            self._laid_out = self._number
        self.current = Current(tables, frame, closures, self.fresh, self._details)
        changed = laid_out
        for name, (topic, _) in list(self._topics.items()):
            if name in self._watchers:
                changed |= topic.update(self.current, self._number)
                self._topics[name] = topic, self._number
            elif len(self._topics) - len(self._watchers) > MOST_IDLE:
                del self._topics[name]
        return changed

    def _tell(self, now: float, turned: bool) -> bool:
        """Write how fresh the page is: not more often than one can read, but at once when a problem comes or goes."""
        if self.current is None:
            return False
        tables = self.current.tables
        ledger = tables.position if self._lag is None else self._lag().ledger_position
        behind = self._level.seconds_behind(now, tables.position, ledger)
        audit = AuditSeen.of(self._audit(), everything=self._lag is not None)
        self.fresh = Freshness(tables.as_of, tables.position, ledger, behind, self._problem, audit, self._public_day())
        if not turned and now - self._told < (FRESHNESS_EVERY / 3 if self.simulated else FRESHNESS_EVERY):
            return False
        self._told = now
        told = []
        for language in LANGUAGES:
            slots = freshness_slots(self.fresh, language, simulated=self.simulated, lag=self._lag is not None)
            told.append(self._texts.put(language, slots, self._number))
        return any(told)
