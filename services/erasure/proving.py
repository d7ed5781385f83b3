"""The proof: both tables as of every instant that matters are the same before and after, and no old name is left."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from events.times import parse_instant
from projections.tables import MEASURES
from services.erasure.naming import Names, key_of, lines_of

__all__ = ["Proof", "prove"]

_WEEK: Final = 7 * 86_400_000_000


@dataclass(frozen=True)
class Proof:
    """What was compared and found; nothing in it leads to a person."""

    events_rewritten: int
    households_shared: int
    """Households that others name too, and that therefore stayed."""
    instants: int
    """As of how many instants both tables were compared."""
    tables_before: str
    """SHA-256 of all those tables."""
    tables_after: str
    names_left: int
    """Old pseudonyms, households and ids that the new file still has: 0."""

    @property
    def holds(self) -> bool:
        """Whether every table stayed and no old name is left."""
        return self.tables_before == self.tables_after and not self.names_left

    def described(self) -> dict[str, Any]:
        """Give it for a file."""
        return {**asdict(self), "holds": self.holds}


def prove(before: Path, after: Path, names: Names, changed: int) -> Proof:
    """Compare both files: a week apart, at the end, and just before and at each recorded time of what was erased."""
    from projections.evaluation import replaying_file

    instants = _instants(names)

    def digest(path: Path) -> str:
        found = hashlib.sha256()
        with replaying_file(path) as (replay, _):
            for at in instants:
                for table in MEASURES:
                    found.update(repr((at, table, replay.table(table, at, False).to_pydict())).encode())
        return found.hexdigest()

    return Proof(changed, names.shared, len(instants), digest(before), digest(after), _left(after, names))


def _instants(names: Names) -> Sequence[int]:
    if names.first is None or names.last is None:
        return []
    first, last = parse_instant(names.first), parse_instant(names.last)
    found = {last + 1, *range(first, last + _WEEK, _WEEK)}
    # Of all pupils each event would be an instant: there the weeks stand for them.
    if len(names.recorded) <= 2_000:
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
    return left
