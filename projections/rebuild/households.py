"""The households that pupils of all parts share."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Final

import msgspec

from projections.fold import household
from projections.fold.cells import Deltas
from projections.live.schema import HOUSEHOLD_APART
from projections.live.states import encode
from projections.rebuild.parts import part, write_cells

_decode: Final[Callable[[bytes], household.Member]] = msgspec.msgpack.Decoder(household.Member).decode


def middle_household(parts: Sequence[Path]) -> str:
    """Give a name with about as many of the households that the pupils in ``parts`` named before it as after it."""
    # Which pupils are in a part says nothing about their households' names.
    with closing(sqlite3.connect(parts[0])) as one:
        middle = one.execute(
            "SELECT household FROM member ORDER BY 1 LIMIT 1 OFFSET (SELECT count(*) / 2 FROM member)"
        ).fetchone()
    return str(middle[0]) if middle else ""


def fold_households(parts: Sequence[Path], database: Path, since: str | None, until: str | None) -> int:
    """Fold the households that the pupils in ``parts`` named into a part of their own; give their number.

    Those from ``since`` up to the one before ``until``, by name; None: from the first on, or to the last.
    """
    deltas = Deltas()
    apart: list[tuple[int, str, int]] = []
    count = 0
    with part(database, parts) as to:
        between = "WHERE household >= coalesce(:since, '') AND (:until IS NULL OR household < :until)"
        members = " UNION ALL ".join(f"SELECT * FROM part{number}.member {between}" for number in range(len(parts)))

        named = {"since": since, "until": until}

        def states() -> Iterator[tuple[str, bytes]]:
            nonlocal count
            for name, rows in groupby(to.execute(f"{members} ORDER BY 1, 2", named), key=itemgetter(0)):
                state = {pupil: _decode(spans) for _, pupil, spans in rows}
                latest = household.contribute(state.values(), deltas, 1)
                if latest is not None:
                    apart.append((HOUSEHOLD_APART, name, latest))
                count += 1
                yield name, encode(state)

        to.executemany("INSERT INTO household VALUES (?, ?)", states())
        to.executemany("INSERT INTO apart VALUES (?, ?, ?)", apart)
        write_cells(to, deltas)
    return count
