"""Looking for the old names: in every file of the data directory, every table of its databases, and in backups."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from services.erasure.contents import Unread, readings
from services.erasure.databases import opened, tables_in
from services.erasure.matching import Wanted
from services.erasure.naming import Names
from services.system import DataDir

__all__ = ["Looked", "Searched", "look", "search"]

_OF_POSTGRES: Final = "PG_VERSION"
"""A file that is in each directory in which PostgreSQL keeps tables."""


@dataclass(frozen=True)
class Searched:
    """Where the old names were looked for, and where one still stands. Nothing in it leads to a person."""

    files_searched: int = 0
    """In how many files of the data directory."""
    files_left: tuple[str, ...] = ()
    """None, unless something else was put into the data directory."""
    files_unread: tuple[str, ...] = ()
    """Which hold something packed that cannot be read (none of ours do), or into which nobody could look at all."""
    tables_searched: int = 0
    """In how many tables of PostgreSQL."""
    tables_left: tuple[str, ...] = ()


@dataclass(frozen=True)
class Looked:
    """Which files of a person's own still hold a name. Nothing in it leads to a person."""

    files_searched: int
    files_left: tuple[str, ...]
    files_unread: tuple[str, ...]
    """Of which nobody can say so, with why; a name in what bytes could be read was looked for all the same.

    Also directories that cannot be listed or are linked to, and what is no file. These are not among those searched.
    """


def search(data_dir: DataDir, databases: Sequence[str], names: Names) -> Searched:
    """Look for the old names in all of a system. Raises OSError, SystemUnavailable."""
    wanted, besides = names.wanted, names.indistinct
    there = _Below.of([data_dir.path])
    files = [path for path in there.files if data_dir.erasing not in path.parents]
    left: list[str] = []
    unread = [str(path.relative_to(data_dir.path)) for path in there.closed if data_dir.erasing not in path.parents]
    for path in files:
        try:
            if any(wanted.holds(pieces, besides) for pieces in readings(path)):
                left.append(str(path.relative_to(data_dir.path)))
        except Unread:
            unread.append(str(path.relative_to(data_dir.path)))
    tables, tables_left = 0, []
    for url in databases:
        with opened(url) as connection:
            for table, pieces in tables_in(connection):
                tables += 1
                if wanted.holds(pieces, besides):
                    tables_left.append(table)
    return Searched(len(files), tuple(left), tuple(unread), tables, tuple(tables_left))


def look(places: Iterable[Path], wanted: Wanted, besides: Collection[str] = frozenset()) -> Looked:
    """Look for names in these files, and all files below these directories, in every way in which each can be read."""
    there = _Below.of(places)
    left: list[str] = []
    unread: list[str] = []
    for path, why in there.closed.items():
        told = _told(path, wanted)
        if told != str(path):
            left.append(told)
        else:
            unread.append(f"{told} ({why})")
    for path in there.files:
        told = _told(path, wanted)
        try:
            if told != str(path) or any(wanted.holds(pieces, besides) for pieces in readings(path)):
                left.append(told)
            elif path.with_name(_OF_POSTGRES).exists():
                raise Unread("PostgreSQL's own files: make a dump, with --format=plain")
        except Unread as error:
            unread.append(f"{told} ({error})")
        except OSError as error:
            unread.append(f"{told} ({error.strerror})")
    return Looked(len(there.files), tuple(left), tuple(unread))


def _told(path: Path, wanted: Wanted) -> str:
    """Give the path, or, where a name stands in that, the nearest directory whose path has none."""
    while wanted.holds([str(path).encode("utf-8", "surrogateescape")]):
        path = path.parent
    return str(path)


@dataclass
class _Below:
    """What lies below some places, in order: the files, and with why that into which nobody can look."""

    files: dict[Path, None] = field(default_factory=dict[Path, None])
    closed: dict[Path, str] = field(default_factory=dict[Path, str])

    @classmethod
    def of(cls, places: Iterable[Path]) -> _Below:
        """Look below each place. A linked directory is looked into where it lies below one of them too."""
        found, linked, real = cls(), list[Path](), list[Path]()
        for place in places:
            real.append(place.resolve())
            if not os.path.isdir(place):  # noqa: PTH112 - raises nothing
                found._take(place)
                continue
            for directory, within, names in os.walk(place, onerror=found._fail):
                within.sort()
                linked += [path for path in (Path(directory, name) for name in within) if path.is_symlink()]
                for name in sorted(names):
                    found._take(Path(directory, name))
        for path in linked:
            target = path.resolve()
            if not any(target.is_relative_to(place) for place in real):
                found.closed[path] = "a link to a directory elsewhere: name that too"
        return found

    def _take(self, path: Path) -> None:
        try:
            if stat.S_ISREG(path.stat().st_mode):
                self.files[path] = None
            else:
                self.closed[path] = "no file"
        except OSError as error:
            self._fail(error)

    def _fail(self, error: OSError) -> None:
        self.closed[Path(error.filename)] = str(error.strerror)
