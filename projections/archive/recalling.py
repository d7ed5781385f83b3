"""The past of a municipality out of an archive, for whoever follows the live view of the same ledger."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from events import week_of_day
from projections.archive.asof import Archive
from projections.archive.manifest import ArchiveError, Manifest
from projections.fold.cube import Numbers
from projections.live.settling.weeks import PastWeeks
from projections.tables import SECTORS

__all__ = ["FromArchive"]


class FromArchive:
    """A ``projections.live.settling.Recall`` out of the archive that lies in a directory, whenever one does."""

    def __init__(self, directory: Path) -> None:
        """Nothing is read yet."""
        self._directory = directory
        self._archive: Archive | None = None

    def __call__(self, municipality: str, weeks: PastWeeks, since: int, until: int) -> Numbers | None:
        """Look at the municipality as of each past moment, in milliseconds for each."""
        try:
            archive = self._settled()
            if archive is None or not since <= archive.settled.position <= until:
                return None
            return self._look(archive, municipality, weeks)
        except (ArchiveError, OSError, pa.ArrowException):  # it is being made anew, or was taken away
            self._archive = None
            return None

    def _settled(self) -> Archive | None:
        """Give the newest generation; None where it is of no ledger, or has no log to look up one municipality in."""
        manifest = Manifest.read(self._directory)
        if manifest is None or manifest.source != "ledger":
            return None
        if self._archive is None or self._archive.settled != manifest.settled:
            self._archive = Archive(self._directory)
        return self._archive if self._archive.has_log else None

    def _look(self, archive: Archive, municipality: str, weeks: PastWeeks) -> Numbers:
        numbers = {week_of_day(monday): number for number, monday in enumerate(weeks.mondays)}
        sectors = {sector: number for number, sector in enumerate(SECTORS)}
        found = np.zeros((len(SECTORS), len(weeks.mondays), len(weeks.moments)), dtype=np.int64)
        for number, at in enumerate(weeks.moments):
            rows = archive.municipality(municipality, at)
            each = (rows[name].to_pylist() for name in ("sector", "week", "unreached"))
            for sector, week, unreached in zip(*each, strict=True):
                if week in numbers:  # the last of them may run still
                    found[sectors[sector], numbers[week], number] = unreached
        return found
