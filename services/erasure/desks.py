"""A desk's store once more, with fresh names in the place of old ones; every position in its log stays."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec

from events import content_digest
from services.desks.rules import names_in, report_id
from services.desks.store import ACCEPTED, REFUSED, DeskStore, environment_of, read_fact
from services.erasure.naming import ErasureError, Key, Names
from services.erasure.rewriting import again, watched
from services.system import SystemUnavailable

__all__ = ["ensure_closed", "keys_in", "rewrite_desk"]

_EVENTS: Final = "SELECT rowid, originator_id, originator_version, topic, state FROM stored_events ORDER BY rowid"
_COPIED: Final = {"source": 2, "sent": 3}
"""Tables that hold nothing of a pupil, and how many columns they have."""
_AT_ONCE: Final = 1_000

_decode: Final = msgspec.msgpack.Decoder().decode
_encode: Final = msgspec.msgpack.Encoder().encode


def ensure_closed(desk: str, store: Path) -> None:
    """Raise SystemUnavailable where another process has a desk's store open: what it accepts would be lost."""
    with closing(sqlite3.connect(store, timeout=0)) as opened:
        try:
            opened.execute("PRAGMA locking_mode = EXCLUSIVE")
            opened.execute("BEGIN EXCLUSIVE")
            opened.rollback()
        except sqlite3.OperationalError:
            raise SystemUnavailable(f"the desk {desk} is running: stop it first") from None


def keys_in(store: Path, told: Callable[[Key], None]) -> None:
    """Tell the source and the id of each report that a desk accepted."""
    with closing(sqlite3.connect(store)) as old:
        for _, _, _, topic, state in old.execute(_EVENTS):
            if topic == ACCEPTED:
                source, id, _ = names_in(read_fact(state).raw)
                if source is not None and id is not None:
                    told((source, id))


def rewrite_desk(desk: str, store: Path, to: Path, names: Names, *, everyone: bool) -> int:
    """Write a desk's store once more and give how many facts changed or were left out. `to` is new, mode 600.

    A report concerned gets its fresh names, and is filed under its fresh id. What the desk refused and kept is whatever
    somebody sent: where an old name stands in it, or cannot be looked for (`everyone`), it is left out. Raises
    ErasureError where an old name stands in an accepted report about something else.
    """
    os.close(os.open(to, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    DeskStore(desk, environment_of(to)).close()
    few = watched(names)
    with closing(sqlite3.connect(store)) as old, closing(sqlite3.connect(to)) as new:
        left_out: set[str] = set()
        changed = 0
        for number, (at, id, version, topic, state) in enumerate(old.execute(_EVENTS)):
            row = _row(desk, names, few, left_out, everyone, (at, id, version, topic, state))
            changed += row is None or row[4] is not state
            if row is not None:
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
    return changed


def _row(
    desk: str, names: Names, few: list[str] | None, left_out: set[str], everyone: bool, row: tuple[Any, ...]
) -> tuple[Any, ...] | None:
    """Give a stored fact as it is to stand; None: not at all."""
    at, id, version, topic, state = row
    if topic not in {ACCEPTED, REFUSED}:
        return None if id in left_out else row
    fact = _decode(state)
    raw: bytes = fact["raw"]
    source, own, _ = names_in(raw)
    concerned = source is not None and own is not None and (source, own) in names.ids
    if topic == REFUSED:
        if everyone or few is None or concerned or any(old in raw.decode("utf-8", "replace") for old in few):
            left_out.add(id)
            return None
        return row
    if concerned:
        event = again(json.loads(raw), names)
        text = json.dumps(event, separators=(",", ":")).encode()
        fact |= {"raw": text, "digest": content_digest(text)}
        return at, report_id(event["source"], event["id"]).hex, version, topic, _encode(fact)
    if few and any(old in json.dumps(json.loads(raw), ensure_ascii=False) for old in few):
        raise ErasureError(
            f"the desk {desk} has a report about something else that holds what is to be erased: {UUID(id)}"
        )
    return row
