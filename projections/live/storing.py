"""What is written of a live view, and what the fold needs of the database that it is written to, wherever that is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from projections.fold.cells import Deltas
from projections.live.residents import Residents

LEDGER: Final = "ledger"
NOTHING_YET: Final = -(1 << 62)
"""The latest recorded time of a view that has taken nothing in: before every other."""

KEPT_CHANGES: Final = 256
"""How many commits a reader may be behind before it reads the cells anew."""


class Seen(NamedTuple):
    """The event that stands under a (source, id)."""

    kind: int
    owner: str
    recorded: int
    position: int
    content: bytes


class SetAside(NamedTuple):
    """A ledger message that is not counted, and why; ``recorded`` in microseconds."""

    position: int
    recorded: int
    field: str
    rule: str


class Commit(NamedTuple):
    """All that one transaction writes."""

    position: int
    recorded_from: int
    recorded_until: int
    seen: Mapping[bytes, Seen]
    retractions: Iterable[tuple[bytes, bytes]]
    withdrawn: Iterable[tuple[bytes, bytes]]
    states: Mapping[str, Mapping[str, bytes]]
    deltas: Deltas
    early: Mapping[str, int]
    set_aside: Sequence[SetAside]
    weeks: Mapping[int, int]
    """By the week of recording (``projections.live.recorded``), the last message taken in."""
    residents: Residents
    """Those of whom a place is named for the first time."""
    apart: Mapping[tuple[int, str], int | None]
    """Of those for whom it changed: until when they may be counted in several areas at once; None: not any more."""


class Store(Protocol):
    """What the fold needs of the database of a live view, wherever that is."""

    datastore: Any
    """The library's, to be closed at the end."""

    @property
    def position(self) -> int:
        """The sequence of the last ledger message taken in; 0 at the beginning."""

    @property
    def recorded_until(self) -> int:
        """The latest recorded time taken in, in microseconds; ``NOTHING_YET`` at the beginning."""

    @property
    def lacks(self) -> bool:
        """Whether an earlier release did not keep something that only the ledger tells: build the view anew."""

    def waits(self, beside: Path) -> bool:
        """Tell whether a view that was built anew waits to be put into the place of this one; a file lies `beside`."""

    def seen(self, keys: Iterable[bytes]) -> dict[bytes, Seen]:
        """Give what stands under those of the keys that are known."""

    def retractions(self, targets: Iterable[bytes]) -> list[tuple[bytes, bytes]]:
        """Give (target, by) of the retractions that name one of the targets."""

    def states(self, table: str, names: Iterable[str]) -> dict[str, bytes]:
        """Give the states of those names of a table that have one."""

    def expect(self, *, many: bool) -> None:
        """Be told whether many messages are to come: whatever is kept at hand for them need not be kept for few."""

    def commit(self, commit: Commit) -> None:
        """Write everything and the position, or nothing; raises the library's ``IntegrityError``."""


Changes = tuple[list[tuple[int, int]], list[tuple[int, int]], list[tuple[int, int]]]
_CHANGES: Final = msgspec.msgpack.Decoder(Changes)
_LARGE: Final = 200_000


def pack_changes(deltas: Deltas) -> bytes | None:
    """Pack what a commit adds to flow, during and coverage; None when reading anew is cheaper."""
    parts = [[pair for pair in sums.items() if pair[1]] for sums in (deltas.flow, deltas.during, deltas.coverage)]
    return None if sum(map(len, parts)) > _LARGE else msgspec.msgpack.encode(parts)


def unpack_changes(packed: bytes) -> Changes:
    """Undo ``pack_changes``."""
    changes: Changes = _CHANGES.decode(packed)
    return changes
