"""The events that are measured with: simulated histories of any size, made once and kept while there is a place."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import pyarrow as pa

    from services.simulate import Plan

SEED: Final = 1
_PACKED: Final = 20_000_000
"""From so many events on a file of them is compressed, and given up once an archive holds them: 400 B an event."""


class Data:
    """Files of events in a directory; one that is there already is used again."""

    def __init__(self, directory: Path) -> None:
        """Nothing is made yet."""
        self._directory = directory

    def events(self, number: int) -> Path:
        """Give an NDJSON file of about so many events (2,000 or more): the simulation's national history."""
        from services.simulate import plan_for

        suffix = ".zst" if number >= _PACKED else ""
        return self._made(f"history-{number}-seed-{SEED}.ndjson{suffix}", lambda: plan_for(number, _plan()))

    def sample(self, number: int, of: int) -> Path:
        """Give about `number` events with the mix of kinds that a history of `of` events has: a smaller country."""
        from services.simulate import plan_for

        if number >= of:
            return self.events(of)

        def smaller() -> Plan:
            plan, share = plan_for(of, _plan()), number / of
            return replace(plan, scale=plan.scale * share, schools=plan.schools * share)

        return self._made(f"history-{of}-sample-{number}-seed-{SEED}.ndjson", smaller)

    def archive(self, number: int) -> Path:
        """Give a directory with the same events as an archive holds them: its segments alone."""
        from projections.archive import Manifest, add_pieces
        from services.archive.pieces import file_pieces

        path = self._directory / f"history-{number}-seed-{SEED}.archive"
        if not path.exists():
            events, unfinished = self.events(number), path.with_suffix(".unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            with TemporaryDirectory(dir=self._directory) as pieces:
                add_pieces(unfinished, Manifest("file"), file_pieces(events, Path(pieces)))
            unfinished.replace(path)
            if number >= _PACKED:
                events.unlink()
        return path

    def parquet(self, number: int) -> Path:
        """Give the same events as columns, in the form of `kindinbeeld export --format parquet`."""
        from projections.evaluation import write_parquet
        from projections.evaluation.reading import read_events

        path = self._directory / f"history-{number}-seed-{SEED}.parquet"
        if not path.exists():
            self._directory.mkdir(parents=True, exist_ok=True)
            unfinished = path.with_suffix(".part")
            with TemporaryDirectory(dir=self._directory) as pieces:
                read = read_events(self.events(number), Path(pieces), _refuse)
                write_parquet(_batches(read.files), unfinished)
            unfinished.replace(path)
        return path

    def _made(self, name: str, plan: Callable[[], Plan]) -> Path:
        from services.simulate.output import write_history

        path = self._directory / name
        if not path.exists():
            self._directory.mkdir(parents=True, exist_ok=True)
            # Under another name until it is whole: an interrupted run leaves nothing that looks complete.
            unfinished = path.with_name(f"unfinished-{name}")
            write_history(plan(), str(unfinished))
            unfinished.replace(path)
        return path


def _plan() -> Plan:
    from services.simulate import Plan

    return Plan(seed=SEED)


def _batches(files: list[Path]) -> Iterator[pa.RecordBatch]:
    import pyarrow.parquet as pq

    for file in files:
        yield from pq.ParquetFile(file).iter_batches()


def _refuse(line: int, error: object) -> None:
    raise ValueError(f"the simulation wrote a line that is rejected: line {line}")


def lines_of(path: Path) -> list[bytes]:
    """Read a file of events that was made here."""
    return path.read_bytes().splitlines()
