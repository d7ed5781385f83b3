"""What several parts know something of: found among what their commits touched, which is read once."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from projections.parts.dividing import ALL
from projections.parts.runs import Run, Runs
from projections.parts.store import HEAD

__all__ = ["Overlaps"]

_NAMES: Final = msgspec.msgpack.Decoder(list[str])


class Overlaps:
    """Households in several parts, and keys under which parts may know different events. Grows as the parts do.

    Of households it keeps no name but of those that are shared: the others are told apart by a hash of this process.
    """

    def __init__(self) -> None:
        """Begin with nothing read."""
        self._read = dict.fromkeys(ALL, 0)
        self._keys, self._named = Runs(), Runs()
        self.households: set[str] = set()
        """Those whose pupils are, or were, in several parts; seldom a few more."""
        self.touched: set[str] = set()
        """Of these, the ones that were touched since what was read before."""
        self.heads: set[bytes] = set()
        """The beginnings of keys under which different messages came to different parts; seldom a few more."""

    def read(self, database: sqlite3.Connection) -> None:
        """Take in what the parts, attached as `p0` and on, have touched since."""
        heads: list[NDArray[np.uint64]] = []
        positions: list[NDArray[np.int64]] = []
        of_heads: list[int] = []
        names: list[str] = []
        of_names: list[int] = []
        for part in ALL:
            rows = database.execute(f"SELECT * FROM p{part}.touched WHERE number > ?", (self._read[part],)).fetchall()
            for number, keys, places, households in rows:
                self._read[part] = number
                heads.append(np.frombuffer(keys, dtype=">u8").astype(np.uint64))
                positions.append(np.frombuffer(places, dtype="<i8").astype(np.int64))
                named = _NAMES.decode(households)
                of_heads += [part] * len(heads[-1])
                names += named
                of_names += [part] * len(named)
        self._meet_keys(_joined(heads, positions, of_heads))
        self._meet_households(names, of_names)

    def _meet_keys(self, rows: Run) -> None:
        self._keys.add(rows)
        for new, known in self._keys.meeting(rows.keys):
            differ = (known.positions != rows.positions[new]) & (known.parts != rows.parts[new])
            self.heads |= {int(head).to_bytes(HEAD, "big") for head in known.keys[differ]}

    def _meet_households(self, names: Sequence[str], parts: Sequence[int]) -> None:
        hashes = np.fromiter(map(hash, names), dtype=np.int64, count=len(names)).view(np.uint64)
        rows = Run(hashes, np.zeros(len(names), dtype=np.int64), np.array(parts, dtype=np.uint8))
        self._named.add(rows)
        for new, known in self._named.meeting(rows.keys):
            self.households |= {names[at] for at in new[known.parts != rows.parts[new]].tolist()}
        self.touched = self.households.intersection(names)


def _joined(heads: Sequence[NDArray[np.uint64]], positions: Sequence[NDArray[np.int64]], parts: Sequence[int]) -> Run:
    keys = np.concatenate([np.zeros(0, dtype=np.uint64), *heads])
    return Run(keys, np.concatenate([np.zeros(0, dtype=np.int64), *positions]), np.array(parts, dtype=np.uint8))
