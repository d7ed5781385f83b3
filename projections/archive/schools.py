"""What an archive holds of schools and closures: few events, kept as they are, with the instant of their withdrawal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from projections.fold.calendar import Announcement, Closure, standing
from projections.fold.pupil import FOREVER

__all__ = ["Announced", "announcements", "coverage"]

_COLUMNS: Final = [
    "source", "id", "kind", "recorded_at", "until_known", "closure", "sectors", "municipalities", "from_date",
    "until_date", "regime",
]  # fmt: skip


@dataclass(frozen=True)
class Announced:
    """All announcements of closures, each with the instant from which it no longer stands."""

    entries: dict[str, list[tuple[Announcement, int]]]

    def standing(self, as_of: int) -> tuple[Closure, ...]:
        """Give the closures that stood as was known at K, in the order of their first days."""
        found = (
            standing(name, [entry for entry, until in entries if entry.recorded <= as_of < until])
            for name, entries in self.entries.items()
        )
        return tuple(sorted((each for each in found if each is not None), key=lambda each: (each.starts, each.name)))

    @property
    def ever(self) -> Iterable[Closure]:
        """Each announcement as a closure of its own."""
        for name, entries in self.entries.items():
            for entry, _ in entries:
                if (closure := standing(name, [entry])) is not None:
                    yield closure


def announcements(paths: Sequence[Path]) -> Announced:
    """Read all announcements."""
    entries: defaultdict[str, list[tuple[Announcement, int]]] = defaultdict(list)
    rows = pq.read_table(list(paths), columns=_COLUMNS, filters=[("kind", "=", "closure-announced")])
    for name in ("recorded_at", "until_known"):
        rows = rows.set_column(rows.schema.get_field_index(name), name, rows[name].cast(pa.int64()))
    for row in rows.to_pylist():
        last, places, until = row["until_date"], row["municipalities"], row["until_known"]
        announcement = Announcement(
            row["recorded_at"],
            row["source"],
            row["id"],
            False,
            tuple(row["sectors"]),
            row["from_date"].toordinal(),
            None if last is None else last.toordinal(),
            None if places is None else tuple(places),
            row["regime"],
        )
        entries[row["closure"]].append((announcement, FOREVER if until is None else until))
    return Announced(dict(entries))


def coverage(paths: Sequence[Path], as_of: int, temporary: Path, memory: str) -> pa.Table:
    """Give the coverage as of K, by the columnar query, of what was not withdrawn by then."""
    # Only now: the counts do without DuckDB.
    from projections.evaluation.query import Replay

    kept = temporary / "known.parquet"
    known = pq.read_table(list(paths))
    at = pa.scalar(as_of, pa.int64()).cast(known["recorded_at"].type)
    gone = pc.fill_null(pc.less_equal(known["until_known"], at), False)
    pq.write_table(known.filter(pc.invert(gone)), kept, compression="lz4")
    with Replay([kept], temporary, memory) as replay:
        return replay.table("coverage", as_of)
