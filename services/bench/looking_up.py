"""One municipality as of any instant, out of an archive that is open: many pairs, each timed by itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from services.bench.context import Bench
from services.bench.figures import Figure, NotMeasured, Target, percentile

__all__ = ["looked_up"]

_PAIRS, _QUICK_PAIRS = 1000, 100
_CHECKED: Final = 20


def looked_up(bench: Bench, directory: Path, judged: bool, beside: str) -> Iterator[Figure]:
    """The municipality is one of a report taken at random, so that each comes in its share; the instant is any.

    The first lookup opens the log, and is not timed. As of one of the instants some must equal the whole table.
    """
    import numpy as np
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from projections.archive import Archive
    from projections.fold.reports import place_code

    archive = Archive(directory)
    reports = [pq.read_table(path, columns=["place", "recorded"]) for path in archive.paths("reports")]
    places = np.concatenate([table["place"].drop_null().to_numpy() for table in reports])
    first = min(pc.min(table["recorded"]).cast("int64").as_py() for table in reports)
    random = np.random.default_rng(1)
    number = _QUICK_PAIRS if bench.asked.quick else _PAIRS
    codes = [place_code(int(place)) for place in random.choice(places, number)]
    instants = random.integers(first, archive.last_recorded or first, number, endpoint=True).tolist()
    bench.say(f"{number:,} times one municipality as of an instant")
    archive.municipality(codes[0], instants[0])
    took = []
    for code, at in zip(codes, instants, strict=True):
        begun = time.perf_counter()
        archive.municipality(code, at)
        took.append((time.perf_counter() - begun) * 1000)
    whole = archive.table("counts", instants[0])
    for code in codes[:_CHECKED]:
        if not archive.municipality(code, instants[0]).equals(whole.filter(pc.equal(whole["municipality"], code))):
            raise NotMeasured("a municipality differs from the whole table")
    label = f"one municipality as of an instant, {archive.settled.events:,} events"
    log = sum(file.bytes for name in ("changes", "chunks") for file in archive.settled.files.get(name, []))
    note = f"{number:,} pairs; the log of cell changes has {log / 1e6:,.1f} MB; {beside}"
    for share in (50, 99):
        target = Target(10.0) if judged and share == 99 else None
        key = f"archive-one-p{share}"
        yield Figure(key, f"{label}, p{share}", "ms", percentile(took, share / 100), target, note * (share == 99))
    yield Figure("archive-one-max", f"{label}, the slowest", "ms", max(took))
