"""What follows where the parts know different messages under one source and id: the first recorded stands.

Each part lets its own stand; what the others said, or withdrew, is taken away.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from events import event_key
from projections.fold import household, pupil, school
from projections.fold.cells import Deltas
from projections.live.message import RETRACTION
from projections.live.states import DECODE, TABLES, encode
from projections.live.storing import Seen, SetAside
from projections.live.view import OTHER_CONTENT
from projections.parts.dividing import ALL

__all__ = ["Settled", "select", "settle"]

_END: Final = b"\xff" * 32
_CHUNK: Final = 500


@dataclass
class Settled:
    """What follows from keys under which the parts know different messages."""

    deltas: Deltas = field(default_factory=Deltas)
    states: dict[str, dict[str, bytes]] = field(
        default_factory=lambda: {table: {} for table in ("pupil", "school", "closure")}
    )
    """By table, the states that stand in place of those of the parts."""
    apart: dict[str, int | None] = field(default_factory=dict)
    """Of pupils."""
    seen: dict[bytes, Seen] = field(default_factory=dict)
    """What stands under those keys."""
    withdrawn: set[bytes] = field(default_factory=set)
    """Keys of retractions that do not stand."""
    set_aside: list[SetAside] = field(default_factory=list)
    changed: Mapping[str, Mapping[str, household.Member]] = field(default_factory=dict)
    """The pupils of each household who changed by that, as they are now."""


def settle(database: sqlite3.Connection, heads: Iterable[bytes]) -> Settled:
    """Work out what follows from the keys that begin so."""
    found = Settled()
    lost = _settle(database, heads, found)
    if lost:
        found.changed = _put_right(database, lost, found)
    return found


def _settle(database: sqlite3.Connection, heads: Iterable[bytes], found: Settled) -> dict[tuple[int, bytes], Seen]:
    """Let the first recorded stand under each disputed key; give, by part and key, what does not."""
    known: defaultdict[bytes, dict[int, Seen]] = defaultdict(dict)
    for head in heads:
        for part in ALL:
            for key, *seen in database.execute(
                f"SELECT * FROM p{part}.seen WHERE key BETWEEN ? AND ?", (head, head + _END)
            ):
                known[key][part] = Seen(*seen)
    lost: dict[tuple[int, bytes], Seen] = {}
    for key, by_part in known.items():
        first = min(by_part.values(), key=lambda seen: (seen.recorded, seen.position))
        others = {part: seen for part, seen in by_part.items() if seen.position != first.position}
        if not others:
            continue
        found.seen[key] = first
        for part, seen in others.items():
            lost[part, key] = seen
            if seen.kind == RETRACTION:
                found.withdrawn.add(key)
        aside = {seen.position: seen for seen in others.values() if seen.content != first.content}
        found.set_aside += [SetAside(seen.position, seen.recorded, "id", OTHER_CONTENT) for seen in aside.values()]
    return lost


def _put_right(
    database: sqlite3.Connection, lost: Mapping[tuple[int, bytes], Seen], found: Settled
) -> dict[str, dict[str, household.Member]]:
    """Take away what was lost; give the pupils of each household who changed by that, as they are now."""
    touched: defaultdict[tuple[int, str], set[str]] = defaultdict(set)
    targets = {bytes.fromhex(seen.owner) for seen in lost.values() if seen.kind == RETRACTION}
    for (part, _), seen in lost.items():
        if seen.kind in TABLES:
            touched[part, TABLES[seen.kind]].add(seen.owner)
    for part in ALL:
        for kind, owner in select(database, f"SELECT kind, owner FROM p{part}.seen WHERE key IN", targets):
            if kind in TABLES:
                touched[part, TABLES[kind]].add(owner)
    changed: defaultdict[str, dict[str, household.Member]] = defaultdict(dict)
    for (part, table), names in touched.items():
        for name, state in select(database, f"SELECT name, state FROM p{part}.{table} WHERE name IN", names):
            was = DECODE[table](state)
            now = list(_standing(database, part, was, lost, targets, found.withdrawn))
            found.states[table][name] = encode(now)
            if table == "school":
                school.contribute(was, found.deltas, -1)
                school.contribute(now, found.deltas, 1)
            elif table == "pupil":
                before = household.members_of(pupil.contribute(was, found.deltas, -1))
                segments = pupil.contribute(now, found.deltas, 1)
                after = household.members_of(segments)
                found.apart[name] = household.pupil_apart_until(segments)
                for shared in before.keys() | after.keys():
                    changed[shared][name] = after.get(shared, [])
    return changed


def _standing(
    database: sqlite3.Connection,
    part: int,
    entries: Iterable[Any],
    lost: Mapping[tuple[int, bytes], Seen],
    targets: Collection[bytes],
    withdrawn: Collection[bytes],
) -> Iterator[Any]:
    """Give the entries of a state that stand, each retracted only by what stands."""
    for entry in entries:
        key = event_key(entry.source, entry.id)
        if (part, key) in lost:
            continue
        if entry.retracted and key in targets:
            rows = database.execute(f"SELECT by FROM p{part}.retraction WHERE target = ?", (key,))
            yield entry._replace(retracted=any(by not in withdrawn for (by,) in rows))
        else:
            yield entry


def select(database: sqlite3.Connection, statement: str, keys: Iterable[Any]) -> Iterator[Any]:
    """Give the rows of a statement that ends with `IN`, for so many keys."""
    wanted = sorted(keys)
    for begin in range(0, len(wanted), _CHUNK):
        chunk = wanted[begin : begin + _CHUNK]
        yield from database.execute(f"{statement} ({','.join('?' * len(chunk))})", chunk)
