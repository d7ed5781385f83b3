"""A live view in a temporary directory, fed by hand: the fold without a ledger."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from events import IMPORT_DESK
from projections.live.database import Place
from projections.live.message import Message, Source, Taken, take
from projections.live.reading import LiveReader
from projections.live.store import open_any_store
from projections.live.storing import Store
from projections.live.view import LiveView
from projections.parts.together import Together
from projections.tables import write_csv
from tests.support.postgres import PostgresServer


class Parts(Together):
    """A view in parts, divided in any way, that is written as one; it is its own store."""

    def __init__(self, directory: Path, of: Callable[[str], int]) -> None:
        super().__init__(directory, of)
        self.datastore, self.lacks = self, False


class FedView:
    """A view and a reader on one database, or, with `of`, on those of the parts of one."""

    def __init__(self, place: Place, of: Callable[[str], int] | None = None) -> None:
        self.place, self._of = place, of
        self._open()
        self.reader = LiveReader(place)

    def _open(self) -> None:
        self.store: Store | Parts
        self.view: LiveView | Parts
        if self._of is not None:
            self.store = self.view = Parts(self.path, self._of)
        else:
            self.store = open_any_store(self.place)
            self.view = LiveView(self.store)

    @property
    def path(self) -> Path:
        """The file that it is in."""
        assert isinstance(self.place, Path)
        return self.place

    def restart(self) -> None:
        """Go on as after a crash: what was not written is gone."""
        self.store.datastore.close()
        self._open()

    def feed(self, messages: Sequence[Message], sizes: Iterable[int]) -> None:
        """Take messages in, written in pieces of these sizes, the last of them over and over."""
        pieces = iter(sizes)
        size, begin = 1, 0
        while begin < len(messages):
            size = max(1, next(pieces, size))
            self.view.take(messages[begin : begin + size])
            self.view.write()
            begin += size

    def csv(self, table: str, at: int) -> str:
        """A table as of K = ``at``, as the command would print it."""
        text = io.StringIO()
        write_csv(table, self.reader.tables(at).rows(table), text)
        return text.getvalue()

    def close(self) -> None:
        self.reader.close()
        self.store.datastore.close()


_servers: list[PostgresServer] = []
"""Where views are kept while a block of `views_on` lasts."""


@contextmanager
def views_on(server: PostgresServer) -> Iterator[None]:
    """Keep every `fed_view` of the block on PostgreSQL."""
    _servers.append(server)
    try:
        yield
    finally:
        _servers.pop()
        server.empty()


_divided: list[Callable[[str], int]] = []
"""How pupils are divided over parts while a block of `divided` lasts."""


@contextmanager
def divided(of: Callable[[str], int]) -> Iterator[None]:
    """Keep every `fed_view` of the block in parts; ``of`` gives that of a pupil, the same every time."""
    _divided.append(of)
    try:
        yield
    finally:
        _divided.pop()


@contextmanager
def fed_view() -> Iterator[FedView]:
    """A view of its own, gone at the end."""
    with TemporaryDirectory() as directory:
        place: Place = Path(directory) / "live.sqlite"
        if _servers:
            _servers[-1].empty()
            place = _servers[-1].url
        fed = FedView(place, _divided[-1] if _divided else None)
        try:
            yield fed
        finally:
            fed.close()


def messages_of(lines: Iterable[bytes], after: int = 0) -> list[Message]:
    """Imported lines as the ledger would number them."""
    return [take(Source(number, 0, IMPORT_DESK, line)) for number, line in enumerate(lines, after + 1)]


def known_at(messages: Sequence[Message], k: int) -> list[Message]:
    """Those recorded at K or before: the others do not exist yet."""
    return [message for message in messages if isinstance(message, Taken) and message.recorded <= k]
