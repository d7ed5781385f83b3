"""Looking for the old names afterwards: in every file of the data directory, in every table of its databases."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.erasure.databases import opened, tables_in
from services.erasure.naming import Names
from services.erasure.rewriting import watched
from services.system import DataDir

__all__ = ["Searched", "search"]

_PIECE: Final = 1 << 24


@dataclass(frozen=True)
class Searched:
    """Where the old names were looked for, and where one still stands. Nothing in it leads to a person."""

    files_searched: int | None = None
    """In how many files of the data directory; None: nowhere, as they are too many for that."""
    files_left: tuple[str, ...] = ()
    """None, unless something else was put into the data directory."""
    tables_searched: int | None = None
    """In how many tables of PostgreSQL."""
    tables_left: tuple[str, ...] = ()


def search(data_dir: DataDir, databases: Sequence[str], names: Names) -> Searched:
    """Look for the old names. Raises OSError, SystemUnavailable."""
    few = watched(names)
    if few is None:
        return Searched()
    wanted = [name.encode() for name in few]
    files = [
        path for path in sorted(data_dir.path.rglob("*")) if path.is_file() and data_dir.erasing not in path.parents
    ]
    left = [str(path.relative_to(data_dir.path)) for path in files if _holds(_pieces(path), wanted)]
    tables, tables_left = 0, []
    for url in databases:
        with opened(url) as connection:
            for table, pieces in tables_in(connection):
                tables += 1
                if _holds(pieces, wanted):
                    tables_left.append(table)
    return Searched(len(files), tuple(left), tables, tuple(tables_left))


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _holds(pieces: Iterable[bytes], wanted: list[bytes]) -> bool:
    """Tell whether a name stands in them; all of them are taken."""
    longest = max(map(len, wanted), default=1)
    found, end = False, b""
    for piece in pieces:
        text = end + piece
        found = found or any(name in text for name in wanted)
        end = text[-longest:]
    return found
