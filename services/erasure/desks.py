"""A desk's store once more, with fresh names in the place of old ones; every position in its log stays."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import closing
from pathlib import Path
from typing import Any, Final, Protocol
from uuid import UUID

import msgspec

from events import content_digest
from services.desks.rules import names_in, report_id
from services.desks.store import ACCEPTED, REFUSED, DeskStore, environment_of, read_fact
from services.erasure.naming import ErasureError, Key, Names
from services.erasure.rewriting import again, stands_in, text_of, without_words
from services.system import SystemUnavailable

__all__ = ["FileStore", "Row", "Store", "keys_in", "rewrite_desk"]

Row = tuple[int, str, int, str, bytes]
"""A stored fact: its position, the id (32 hexadecimal digits) and version of its aggregate, its topic, its state."""

_EVENTS: Final = "SELECT rowid, originator_id, originator_version, topic, state FROM stored_events ORDER BY rowid"
_COPIED: Final = {"source": 2, "sent": 3}
"""Tables that hold nothing of a pupil, and how many columns they have."""
_AT_ONCE: Final = 1_000

_decode: Final = msgspec.msgpack.Decoder().decode
_encode: Final = msgspec.msgpack.Encoder().encode


class Store(Protocol):
    """Where a desk keeps its facts, and where these are written anew."""

    desk: str

    @property
    def where(self) -> Path | Mapping[str, str]:
        """The store as `Desk` opens it."""

    def ensure_closed(self) -> None:
        """Raise SystemUnavailable where another process has it open: what that accepts would be lost."""

    def facts(self) -> Iterator[Row]:
        """Give its facts in the order of their positions."""

    def write(self, rows: Iterable[Row]) -> None:
        """Write these facts into a new store, with all that holds nothing of a pupil; the old one is only read."""


class FileStore:
    """A desk's SQLite file."""

    def __init__(self, desk: str, path: Path, to: Path) -> None:
        """`to`: the file to be written, in a directory that is there."""
        self.desk, self._path, self._to = desk, path, to

    @property
    def where(self) -> Path:
        """The file."""
        return self._path

    def ensure_closed(self) -> None:
        """Raise SystemUnavailable where another process has the file open."""
        with closing(sqlite3.connect(self._path, timeout=0)) as opened:
            try:
                opened.execute("PRAGMA locking_mode = EXCLUSIVE")
                opened.execute("BEGIN EXCLUSIVE")
                opened.rollback()
            except sqlite3.OperationalError:
                raise SystemUnavailable(f"the desk {self.desk} is running: stop it first") from None

    def facts(self) -> Iterator[Row]:
        """Give its facts in order."""
        with closing(sqlite3.connect(self._path)) as old:
            yield from old.execute(_EVENTS)

    def write(self, rows: Iterable[Row]) -> None:
        """Write a new file, mode 600."""
        os.close(os.open(self._to, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        DeskStore(self.desk, environment_of(self._to)).close()
        with closing(sqlite3.connect(self._path)) as old, closing(sqlite3.connect(self._to)) as new:
            for number, row in enumerate(rows):
                new.execute(
                    "INSERT INTO stored_events (rowid, originator_id, originator_version, topic, state)"
                    " VALUES (?, ?, ?, ?, ?)",
                    row,
                )
                if number % _AT_ONCE == 0:
                    new.commit()
            for table, columns in _COPIED.items():
                marks = ",".join("?" * columns)
                new.executemany(f"INSERT INTO {table} VALUES ({marks})", old.execute(f"SELECT * FROM {table}"))
            new.executemany("INSERT INTO own VALUES (?, ?)", old.execute("SELECT * FROM own"))
            new.execute("DELETE FROM own WHERE position NOT IN (SELECT rowid FROM stored_events)")
            new.commit()
            new.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def keys_in(store: Store, told: Callable[[Key], None]) -> None:
    """Tell the source and the id of each report that a desk accepted."""
    for _, _, _, topic, state in store.facts():
        if topic == ACCEPTED:
            source, id, _ = names_in(read_fact(state).raw)
            if source is not None and id is not None:
                told((source, id))


def rewrite_desk(store: Store, names: Names, *, everyone: bool) -> int:
    """Write a desk's store once more and give how many facts changed or were left out.

    A report concerned gets its fresh names, and is filed under its fresh id; of `everyone` a report about nobody keeps
    its id and no free text. What the desk refused and kept is whatever
    somebody sent: where an old name stands in it, and of `everyone` always, it is left out. Raises ErasureError where
    an old name stands in an accepted report about something else.
    """
    left_out: set[str] = set()
    changed = 0

    def rows() -> Iterator[Row]:
        nonlocal changed
        for old, found in names.wanted.through((row, _text(row)) for row in store.facts()):
            row = _row(store.desk, names, found, left_out, everyone, old)
            changed += row is None or row[4] is not old[4]
            if row is not None:
                yield row

    store.write(rows())
    return changed


def _text(row: Row) -> bytes:
    """Give what is looked through of a stored fact."""
    _, _, _, topic, state = row
    if topic not in {ACCEPTED, REFUSED}:
        return b""
    raw: bytes = _decode(state)["raw"]
    return raw if topic == REFUSED else text_of(json.loads(raw))


def _row(desk: str, names: Names, found: Set[str], left_out: set[str], everyone: bool, row: Row) -> Row | None:
    """Give a stored fact, in which these old names were found, as it is to stand; None: not at all."""
    at, id, version, topic, state = row
    if topic not in {ACCEPTED, REFUSED}:
        return None if id in left_out else row
    fact: dict[str, Any] = _decode(state)
    raw: bytes = fact["raw"]
    source, own, _ = names_in(raw)
    concerned = source is not None and own is not None and (source, own) in names.ids
    if topic == REFUSED:
        if everyone or concerned or found:
            left_out.add(id)
            return None
        return row
    event = json.loads(raw)
    new = again(event, names) if concerned else without_words(event) if everyone else event
    if new is not event:
        text = json.dumps(new, separators=(",", ":")).encode()
        fact |= {"raw": text, "digest": content_digest(text)}
        return at, report_id(new["source"], new["id"]).hex, version, topic, _encode(fact)
    if found and stands_in(event, found, names):
        raise ErasureError(
            f"the desk {desk} has a report about something else that holds what is to be erased: {UUID(id)}"
        )
    return row
