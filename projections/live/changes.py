"""Adding to a cube: what commits added, and what is left out for a moment."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from projections.fold.cells import COVERAGE_BITS, DAY_BITS, FLOW_BITS, MASK_BITS, Deltas
from projections.fold.cube import Cube, Pairs
from projections.live.store import Changes

CELLS: Final = {"flow": FLOW_BITS, "during": MASK_BITS, "coverage": COVERAGE_BITS}


def places_of(pairs: Pairs, bits: int) -> NDArray[np.int64]:
    """The places in the keys of cells."""
    return pairs[:, 0] >> (bits + DAY_BITS + 2)


def add_changes(cube: Cube, changes: list[Changes] | None) -> bool:
    """Add what commits added; False when the cube has no room for them or some are missing."""
    if changes is None:
        return False
    parts = [pairs_of(itertools.chain.from_iterable(part)) for part in zip(*changes, strict=True)]
    if not all(cube.knows(places_of(part, bits)) for part, bits in zip(parts, CELLS.values(), strict=True)):
        return False
    cube.add_flow(parts[0])
    cube.add_during(parts[1])
    cube.add_coverage(parts[2])
    return True


def pairs_of(items: Iterable[tuple[int, int]]) -> Pairs:
    """Make rows of (key, number)."""
    return np.array(list(items), dtype=np.int64).reshape(-1, 2)


def add_deltas(cube: Cube, deltas: Deltas, sign: int) -> None:
    """Add (``sign`` 1) or take away (-1) what pupils contribute."""
    scale = np.array([1, sign])
    cube.add_flow(pairs_of(deltas.flow.items()) * scale)
    cube.add_during(pairs_of(deltas.during.items()) * scale)
