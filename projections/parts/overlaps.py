"""What several parts know something of: found among what their commits touched, which is read once."""

from __future__ import annotations

import sqlite3
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from projections.parts.dividing import ALL
from projections.parts.store import HEAD

__all__ = ["Overlaps"]

_NAMES: Final = msgspec.msgpack.Decoder(list[str])


class Overlaps:
    """Households in several parts, and keys under which parts may know different events. Grows as the parts do."""

    def __init__(self) -> None:
        """Begin with nothing read."""
        self._read = dict.fromkeys(ALL, 0)
        self._households: dict[int, set[str]] = {part: set() for part in ALL}
        self.households: set[str] = set()
        """Those whose pupils are, or were, in several parts."""
        self._heads = np.zeros(0, dtype=np.uint64)
        self._positions = np.zeros(0, dtype=np.int64)
        self._parts = np.zeros(0, dtype=np.uint8)

    def read(self, database: sqlite3.Connection) -> None:
        """Take in what the parts, attached as `p0` and on, have touched since."""
        heads, positions, parts = [self._heads], [self._positions], [self._parts]
        for part in ALL:
            rows = database.execute(f"SELECT * FROM p{part}.touched WHERE number > ?", (self._read[part],)).fetchall()
            for number, keys, places, households in rows:
                self._read[part] = number
                heads.append(np.frombuffer(keys, dtype=">u8").astype(np.uint64))
                positions.append(np.frombuffer(places, dtype="<i8").astype(np.int64))
                parts.append(np.full(len(positions[-1]), part, dtype=np.uint8))
                self._meet(part, set(_NAMES.decode(households)))
        self._heads, self._positions = np.concatenate(heads), np.concatenate(positions)
        self._parts = np.concatenate(parts)

    def _meet(self, part: int, names: set[str]) -> None:
        fresh = names - self._households[part]
        self._households[part] |= fresh
        for other, known in self._households.items():
            if other != part:
                self.households |= fresh & known

    def heads(self) -> list[bytes]:
        """Give the beginnings of keys under which different messages came to different parts; a few more, too."""
        if not len(self._heads):
            return []
        order = np.argsort(self._heads, kind="stable")
        heads, positions, parts = self._heads[order], self._positions[order], self._parts[order]
        begins = np.flatnonzero(np.concatenate(([True], heads[1:] != heads[:-1])))
        several = _spread(positions, begins) & _spread(parts, begins)
        return [int(head).to_bytes(HEAD, "big") for head in heads[begins[several]]]


def _spread(values: NDArray[np.int64] | NDArray[np.uint8], begins: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell of each group whether its values differ."""
    spread: NDArray[np.bool_] = np.minimum.reduceat(values, begins) != np.maximum.reduceat(values, begins)
    return spread
