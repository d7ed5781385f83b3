"""The tables of the definition (COUNTS) out of an archive, as of any instant, and as of many."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from events import local_day
from events.rules import MUNICIPALITY_PATTERN
from projections.archive.cells import Cells, windows
from projections.archive.folding import Shared, add_households, fold
from projections.archive.following import Following
from projections.archive.log import LOG
from projections.archive.looking import Log
from projections.archive.manifest import ArchiveError, Manifest, Settled
from projections.archive.reports import read_reports
from projections.archive.schools import Announced, announcements, coverage
from projections.archive.zeros import registered
from projections.fold.calendar import Closure
from projections.fold.cube import Cube
from projections.fold.reports import UNKNOWN_PLACE, place_number
from projections.live.tables import Tables, tables_of
from projections.tables import KEY, MEASURES, UNKNOWN

__all__ = ["Archive", "rows_of"]

_KEYS: Final = [(name, pa.string()) for name in KEY]


class Archive:
    """What one generation of an archive knows; whatever is written to the archive meanwhile changes nothing here."""

    def __init__(self, directory: Path) -> None:
        """Open it; raises ArchiveError when there is none."""
        manifest = Manifest.read(directory)
        if manifest is None or manifest.settled is None:
            raise ArchiveError("there is no archive")
        self.directory, self.manifest = directory, manifest
        self.settled: Settled = manifest.settled

    @property
    def last_recorded(self) -> int | None:
        """The newest recorded instant (microseconds); None where there is no event."""
        return self.settled.last_recorded

    def paths(self, name: str) -> list[Path]:
        """Give the files that hold something of what stands: see ``Settled``."""
        return [self.directory / file.path for file in self.settled.files[name]]

    def table(self, name: str, as_of: int, memory: str = "1500MB", *, all_rows: bool = False) -> pa.Table:
        """Give the rows of "counts" or "coverage" as of K = ``as_of``, sorted by municipality, sector and week.

        With ``all_rows`` the counts have rows of zeros too, as ``projections.evaluation`` gives them.
        """
        if name == "counts":
            return rows_of(self.counts(as_of), self.closures(as_of) if all_rows else ())
        with TemporaryDirectory(prefix="kindinbeeld-") as temporary:
            return coverage(self.paths("schools"), as_of, Path(temporary), memory)

    def counts(self, as_of: int) -> list[Tables]:
        """Give the counts as of K: arrays for each run of weeks, in order."""
        cells = self.cells(as_of)
        with ThreadPoolExecutor(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2) as pool:
            shared = list(pool.map(lambda path: _fold(path, as_of, cells), self.paths("reports")))
        add_households(shared, cells)
        return cells.tables(self.settled.position, as_of, self.closures(as_of))

    def municipality(self, code: str, as_of: int) -> pa.Table:
        """Give the rows of "counts" of one municipality (or ``unknown``) as of K: those that ``table`` gives of it.

        Out of the log of cell changes, in milliseconds; where the archive has none, as ``table`` does. Raises
        ValueError for what is no code.
        """
        place = _place_of(code)
        if self._log is None:
            table = self.table("counts", as_of)
            return table.filter(pc.equal(table["municipality"], code))
        frames = windows(self.announced.ever, local_day(as_of - 1))
        cubes = [Cube([place], first, weeks) for first, weeks in frames]
        unripe = self._log.add(place, as_of, cubes)
        closures = self.closures(as_of)
        grids = [cube.grid(as_of, closures, unripe) for cube in cubes]
        return rows_of([tables_of(self.settled.position, as_of, [place], grid) for grid in grids])

    @property
    def has_log(self) -> bool:
        """Whether ``municipality`` takes milliseconds."""
        return all(name in self.settled.files for name in LOG)

    def many(self, as_of: Sequence[int]) -> Iterator[tuple[int, list[Tables]]]:
        """Give the counts as of each K, ascending: what is known later is added to what was known before."""
        following = Following(read_reports(self.paths("reports")), self.cells(max(as_of, default=0)), as_of)
        for at in sorted(as_of):
            following.follow(at)
            yield at, following.cells.tables(self.settled.position, at, self.closures(at))

    def cells(self, as_of: int) -> Cells:
        """Make empty cells for all K up to ``as_of``."""
        return Cells(windows(self.announced.ever, local_day(as_of - 1)), self._places)

    def closures(self, as_of: int) -> tuple[Closure, ...]:
        """Give the closures that stood as was known at K."""
        return self.announced.standing(as_of)

    @cached_property
    def announced(self) -> Announced:
        """All announcements of closures."""
        return announcements(self.paths("schools"))

    @cached_property
    def _log(self) -> Log | None:
        paths = [self.paths(name) for name in LOG if name in self.settled.files]
        return Log(*(path for [path] in paths)) if paths else None

    @cached_property
    def _places(self) -> list[int]:
        """Every place that a report names."""
        found: set[int] = set()
        for path in self.paths("reports"):
            place = pq.read_table(path, columns=["place"]).column("place")
            found.update(place.unique().drop_null().to_pylist())
        return sorted(found)


def _place_of(code: str) -> int:
    if code == UNKNOWN:
        return UNKNOWN_PLACE
    if not re.fullmatch(MUNICIPALITY_PATTERN, code):
        raise ValueError("must be GM and four digits, or unknown")
    return place_number(code)


def _fold(path: Path, as_of: int, cells: Cells) -> Shared:
    kept = read_reports([path])
    return fold(kept, kept.known(as_of), as_of, cells)


def rows_of(counts: Sequence[Tables], closures: tuple[Closure, ...] = ()) -> pa.Table:
    """Give the rows of the counts, those with a measure that is not zero; with ``closures`` those of zeros too."""
    measures = MEASURES["counts"]
    schema = pa.schema([*_KEYS, *((name, pa.int64()) for name in measures)])
    found = []
    for tables in counts:
        exists = np.any([numbers != 0 for numbers in tables.counts.values()], axis=0)
        exists = tables.open & (exists | registered(tables, closures) if closures else exists)
        place, sector, week = np.nonzero(exists)
        names = (tables.places, tables.sectors, tables.weeks)
        keys = [pa.array(name).take(pa.array(at)) for name, at in zip(names, (place, sector, week), strict=True)]
        numbers = [pa.array(tables.counts[name][place, sector, week]) for name in measures]
        found.append(pa.table([*keys, *numbers], schema=schema) if len(place) else schema.empty_table())
    return pa.concat_tables(found or [schema.empty_table()]).sort_by([(name, "ascending") for name in KEY])
