"""Having at hand, in the system's memory, what the next events ask of a large view.

Keys and names are random, so each event asks at other places; from the disk that takes longer than folding it. Who is
reported on next mostly was so lately. A view that has just been built, or a machine that has just started, has nothing
of it there.

How they are read matters as much. What is read in order is kept by newer systems in pieces of up to some megabytes, and
whoever writes one page into such a piece pays for all of it: with a hundred million events that was a fifth of the
whole time that an event took. So the system is told that what is read is read here and there.
"""

from __future__ import annotations

import os
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Final

from projections.written import reading

__all__ = ["read_tree", "warm_beside"]

TREES: Final = {"seen_key": None, "pupil_name": None, "household": None, "pupil": 65_536}
"""By index or table, how many of its pages are read at most: those at its end, which came last."""

# The form of an SQLite file (https://www.sqlite.org/fileformat2.html, 1.6): a page that is no leaf begins with the
# first of these where it is of an index, with the other where it is of a table. It has the number of its cells at 3 and
# the last page below it at 8, and from 12 on says where the cells are; each begins with the number of a page below it.
_INNER: Final = (2, 5)
_CELLS, _LAST, _HEAD = 3, 8, 12
_TOGETHER: Final = 256
"""Pages that are read at once at most."""
_DEEPEST: Final = 20
"""More pages are not above one another in SQLite."""
_PATIENCE: Final = 5.0
"""Seconds to wait for who writes."""


def warm_beside(databases: Iterable[Path]) -> None:
    """Read what is asked for most of some databases once, in a process that nobody waits for.

    The system keeps of them what it has room for. Not in this process: whoever closes a file there lets go of all locks
    that the process has on it, also those of SQLite, and the next one to look in would remove the log as nobody's.
    """
    command = [sys.executable, "-m", __name__, *map(str, databases)]
    how = partial(subprocess.run, command, stdin=subprocess.DEVNULL, check=False)
    Thread(target=how, name="warm", daemon=True).start()  # that waits for its end, and keeps no ended one


def _warm(databases: Iterable[Path]) -> None:
    for path in databases:
        for name, most in TREES.items():
            with suppress(sqlite3.Error, OSError):
                read_tree(path, name, most)


def read_tree(path: Path, name: str, most: int | None = None) -> int:
    """Read each page of an index or a table of a database once, or only about `most`, from its end; give how many.

    What is read is used for nothing but to know which pages are next. Others may write meanwhile: what they move is
    missed, or read in vain. Where nothing has that name, nothing is read. Raises ``sqlite3.Error`` or OSError where
    the database cannot be read. `path` is absolute.
    """
    with reading(path, name, _PATIENCE) as database:
        if database is None:
            return 0
        ((root,),) = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (name,)).fetchall()
        ((size,),) = database.execute("PRAGMA page_size").fetchall()
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if hasattr(os, "posix_fadvise"):  # not on every system
            os.posix_fadvise(file, 0, 0, os.POSIX_FADV_RANDOM)
        return _Pages(file, size, most).read([root])
    finally:
        os.close(file)


class _Pages:
    def __init__(self, file: int, size: int, most: int | None) -> None:
        self._file, self._size = file, size
        # More are not there: where others write, what was taken for pages below may lead around in circles.
        there = os.fstat(file).st_size // size
        self._left = there if most is None else min(there, most)

    def read(self, numbers: Sequence[int], above: int = 0) -> int:
        """Read pages and all that are below them; give how many. `above`: how many there are above them."""
        count = 0
        for first, many in reversed(list(_runs(numbers))):
            if self._left <= 0:
                break
            pages = os.pread(self._file, many * self._size, (first - 1) * self._size)
            whole = len(pages) // self._size
            self._left -= whole
            count += whole
            for at in reversed(range(0, whole * self._size, self._size)):
                if pages[at] in _INNER and above < _DEEPEST:
                    count += self.read(_below(pages[at : at + self._size]), above + 1)
        return count


def _below(page: bytes) -> list[int]:
    """Give the pages below one that is no leaf."""
    (cells,) = struct.unpack_from(">H", page, _CELLS)
    places = struct.unpack_from(f">{min(cells, (len(page) - _HEAD) // 2)}H", page, _HEAD)
    return [int.from_bytes(page[place : place + 4]) for place in (*places, _LAST)]


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Put neighbours together: the first of them, and how many."""
    first = many = 0
    for number in numbers:
        if number == first + many and 0 < many < _TOGETHER:
            many += 1
            continue
        if many:
            yield first, many
        first, many = number, int(number > 0)
    if many:
        yield first, many


if __name__ == "__main__":
    _warm(map(Path, sys.argv[1:]))
