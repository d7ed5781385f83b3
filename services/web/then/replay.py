"""Compare or follow tables in a process of its own: ``python -m services.web.then.replay DATA_DIR WHAT …``.

``compare THEN NOW``: every cell as known then and now, with what caused the difference.
``triangle NOW SECTOR nowcast|known CODES``: the number of each week as it was known at its end, one week later and so
on, of these municipalities (separated by commas; empty: the country), with a nowcast or without. SECTOR: ``all`` or one
of them. Instants in microseconds; writes JSON.

It reads the archive that the system keeps, as of an instant up to which that holds all (`asOf`), not long ago; and else
makes one of that and the ledger, which it removes again.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from events.times import day_start
from projections.archive import Archive
from projections.comparing import compare
from projections.nowcast.mack import completeness, nowcast
from projections.nowcast.triangle import UNKNOWN_YET, triangles
from services.archive.building import build
from services.archive.fresh import begin_with, kept_archive
from services.system import DataDir, find_system
from services.system.beside import answer_once, run_beside

WEEKS: Final = 4
"""Weeks after which a number is taken as settled."""
_MEMORY: Final = "1000MB"
_OLD: Final = 3_600_000_000
"""Microseconds by the system's clock that now may lie back, where the archive that is kept current goes no further."""


@contextmanager
def _archive(data_dir: DataDir, then: int, now: int) -> Iterator[tuple[Archive, int]]:
    """Give an archive, and the instant up to `now` (microseconds) as of which it tells all that the ledger tells."""
    record = find_system(data_dir)
    kept = kept_archive(data_dir, record)
    if kept is not None and (kept.reaches is None or kept.reaches >= max(then, now - _OLD)):
        yield kept.archive, now if kept.reaches is None else min(now, kept.reaches)
        return
    with TemporaryDirectory(prefix="kindinbeeld-") as made:
        directory = Path(made)
        begin_with(data_dir, record, directory)
        build(directory, data_dir, None, anew=False, memory=_MEMORY, told=lambda _: None)
        yield Archive(directory), now


def _compared(archive: Archive, then: int, now: int) -> dict[str, Any]:
    table = compare(archive, then, now)
    return {name: table[name].to_pylist() for name in table.column_names}


def _settled(archive: Archive, now: int) -> int:
    """Give the instant (microseconds) from which on nothing in a triangle changes; no other one has to be replayed."""
    ends = [closure.until for closure in archive.announced.ever]
    known = [end.toordinal() for end in ends if end is not None]
    return day_start(max(known) + 7 * (WEEKS + 2)) if known and len(known) == len(ends) else now


def _followed(archive: Archive, now: int, sector: str, which: str, codes: str) -> dict[str, Any]:
    only = None if sector == "all" else sector
    now = min(now, _settled(archive, now))
    inside = set(codes.split(",")) if codes else None
    country = [None] if which == "nowcast" else []
    of, *rest = triangles(archive, [inside, *country], now, WEEKS, only)
    rows = [[None if number == UNKNOWN_YET else number for number in row] for row in of.unreached.known.tolist()]
    return {
        "weeks": list(of.unreached.weeks),
        "known": rows,
        "completeness": completeness(of.unreached),
        "nowcast": [asdict(each) for whole in rest for each in nowcast(of, whole)],
    }


def main() -> int:
    """Work it out, and write it."""
    path, what, *asked = sys.argv[1:]

    def find() -> dict[str, Any]:
        comparing = what == "compare"
        then, now = int(asked[0]) if comparing else 0, int(asked[1 if comparing else 0])
        with _archive(DataDir(Path(path)), then, now) as (archive, known):
            found = _compared(archive, then, known) if comparing else _followed(archive, known, *asked[1:])
            return {"asOf": known} | found

    return answer_once(find, "the ledger cannot be replayed")


if __name__ == "__main__":
    run_beside(main)
