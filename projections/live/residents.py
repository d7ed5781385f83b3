"""Whom to look for in a place: packed rows of the table `resident`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

import msgspec


class Asked(Protocol):
    """A database that can be asked."""

    def execute(self, statement: str, parameters: Sequence[Any] = ..., /) -> Iterable[Any]:
        """Give rows."""


Residents = Mapping[int, Iterable[str]]
"""By place, the pupils whose history names it (``projections.fold.reports.lives_in``)."""

INSERT: Final = "INSERT INTO resident VALUES (?, ?)"
_OF: Final = "SELECT pupils FROM resident WHERE place = ?"

_encode: Final = msgspec.msgpack.Encoder().encode
_NAMES: Final = msgspec.msgpack.Decoder(list[str])


def packed(residents: Residents) -> Iterator[tuple[int, bytes]]:
    """Give the rows to insert: one for each place."""
    for place, pupils in sorted(residents.items()):
        yield place, _encode(sorted(pupils))


def of(database: Asked, place: int) -> set[str]:
    """Give all pupils whose history names a place; some may not any more."""
    return {name for (pupils,) in database.execute(_OF, (place,)) for name in _NAMES.decode(pupils)}
