"""Looking for the old names: in every file of the data directory, every table of its databases, and in backups."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
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
    """Whose bytes were looked through, but which hold something packed that cannot be read; none of ours do."""
    tables_searched: int = 0
    """In how many tables of PostgreSQL."""
    tables_left: tuple[str, ...] = ()


@dataclass(frozen=True)
class Looked:
    """Which files of a person's own still hold a name. Nothing in it leads to a person."""

    files_searched: int
    files_left: tuple[str, ...]
    files_unread: tuple[str, ...]
    """Of which nobody can say so, with why; a name in their bytes was looked for all the same."""


def search(data_dir: DataDir, databases: Sequence[str], names: Names) -> Searched:
    """Look for the old names in all of a system. Raises OSError, SystemUnavailable."""
    wanted, besides = names.wanted, names.indistinct
    files = [path for path in _files(data_dir.path) if data_dir.erasing not in path.parents]
    left: list[str] = []
    unread: list[str] = []
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
    files = {path: None for place in places for path in _files(place)}
    left: list[str] = []
    unread: list[str] = []
    for path in files:
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
    return Looked(len(files), tuple(left), tuple(unread))


def _told(path: Path, wanted: Wanted) -> str:
    """Give the path, or, where a name stands in that, the nearest directory whose path has none."""
    while wanted.holds([str(path).encode("utf-8", "surrogateescape")]):
        path = path.parent
    return str(path)


def _files(place: Path) -> list[Path]:
    return [path for path in sorted(place.rglob("*")) if path.is_file()] if place.is_dir() else [place]
