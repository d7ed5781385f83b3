"""The proof: the tables as of every instant that matters are the same before and after, and no old name is left."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from events.lines import read_blocks
from events.times import parse_instant
from services.erasure.destroying import destroy_tree
from services.erasure.naming import Names, key_of, lines_of
from services.system import DataDir

__all__ = ["Proof", "prove"]

_WEEK: Final = 7 * 86_400_000_000
_MANY: Final = 2_000
"""Recorded times of what is erased, beyond which the weeks alone are compared."""
_FEW: Final = 60
"""Weeks as of whose beginnings the tables are compared; of a longer history so many, evenly spread over it."""
_MEMORY: Final = "1500MB"
_BLOCK: Final = 1 << 22


@dataclass(frozen=True)
class Proof:
    """What was compared and found; nothing in it leads to a person."""

    events_rewritten: int
    households_shared: int
    """Households that others name too, and that therefore stayed."""
    instants: int
    """As of how many instants both tables were compared."""
    tables_before: str
    """SHA-256 of all those tables, and of what stands of schools and closures."""
    tables_after: str
    names_left: int
    """Old pseudonyms, households and ids that the new file still has: 0."""
    ids_indistinct: int
    """Old ids that are not looked for: something that stays, such as a longer id, has them in it."""

    @property
    def holds(self) -> bool:
        """Whether every table stayed and no old name is left."""
        return self.tables_before == self.tables_after and not self.names_left

    def described(self) -> dict[str, Any]:
        """Give it for a file."""
        return {**asdict(self), "holds": self.holds}


def prove(before: Path, after: Path, names: Names, changed: int, temporary: Path | None = None) -> Proof:
    """Compare both files: week by week, at the end, and just before and at each recorded time of what was erased.

    And what stands of schools and closures, each withdrawal with its instant: all that coverage is made of. An
    archive is made of each for a while, below `temporary` (None: where the system puts such), and overwritten.
    """
    instants = _instants(names)
    was, now = (_digest(file, instants, temporary) for file in (before, after))
    return Proof(changed, names.shared, len(instants), was, now, _left(after, names), len(names.indistinct))


def _digest(file: Path, instants: Sequence[int], temporary: Path | None) -> str:
    import pyarrow.parquet as pq

    from projections.archive import Archive, rows_of
    from services.archive.building import build

    directory = Path(tempfile.mkdtemp(dir=temporary, prefix="kindinbeeld-"))
    try:
        build(directory, DataDir(directory), str(file), anew=False, memory=_MEMORY, told=lambda _: None)
        archive, found = Archive(directory), hashlib.sha256()
        for at, tables in archive.many(instants) if instants else ():
            found.update(repr((at, rows_of(tables).to_pydict())).encode())
        # Of this, and the clock, the coverage as of every instant is made: compared itself, no instant is left out.
        for path in archive.paths("schools"):
            with pq.ParquetFile(path) as schools:
                columns = [name for name in schools.schema_arrow.names if name != "position"]
                for batch in schools.iter_batches(columns=columns):
                    for row in batch.to_pylist():
                        found.update(repr(row).encode())
        return found.hexdigest()
    finally:
        destroy_tree(directory)


def _instants(names: Names) -> Sequence[int]:
    if names.first is None or names.last is None:
        return []
    first, last = parse_instant(names.first), parse_instant(names.last)
    weeks = range(first, last + _WEEK, _WEEK)
    found = {last + 1, *weeks[:: len(weeks) // _FEW + 1]}
    # Of all pupils each event would be an instant: there the weeks stand for them.
    if len(names.recorded) <= _MANY:
        for at in map(parse_instant, names.recorded):
            found |= {at - 1, at}
    return sorted(found)


def _left(path: Path, names: Names) -> int:
    left = 0
    for _, _, event in lines_of(path):
        data = event["data"]
        retracts = data.get("retracts")
        left += key_of(event) in names.ids
        left += isinstance(retracts, dict) and key_of(retracts) in names.ids
        left += data.get("pupil") in names.pupils
        left += data.get("household") in names.households
    return left + names.wanted.holds((block for _, block in read_blocks(path, _BLOCK)), names.indistinct)
