"""The households that pupils of all parts share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Final

import msgspec

from projections.fold import household
from projections.fold.cells import Deltas
from projections.live.schema import HOUSEHOLD_APART
from projections.rebuild.parts import part, write_cells

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final[Callable[[bytes], household.Member]] = msgspec.msgpack.Decoder(household.Member).decode


def fold_households(parts: Sequence[Path], database: Path) -> int:
    """Fold the households that the pupils in ``parts`` named into a part of their own; give their number."""
    deltas = Deltas()
    apart: list[tuple[int, str, int]] = []
    count = 0
    with part(database, parts) as to:
        members = " UNION ALL ".join(f"SELECT * FROM part{number}.member" for number in range(len(parts)))

        def states() -> Iterator[tuple[str, bytes]]:
            nonlocal count
            for name, rows in groupby(to.execute(f"{members} ORDER BY 1, 2"), key=itemgetter(0)):
                state = {pupil: _decode(spans) for _, pupil, spans in rows}
                until = household.contribute(state.values(), deltas, 1)
                if until is not None:
                    apart.append((HOUSEHOLD_APART, name, until))
                count += 1
                yield name, _encode(state)

        to.executemany("INSERT INTO household VALUES (?, ?)", states())
        to.executemany("INSERT INTO apart VALUES (?, ?, ?)", apart)
        write_cells(to, deltas)
    return count
