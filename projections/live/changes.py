"""Adding to a cube: what commits added, and what is left out for a moment."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from projections.fold.cells import COVERAGE_BITS, DAY_BITS, FLOW_BITS, MASK_BITS, Deltas
from projections.fold.cube import Cube, Pairs
from projections.live.storing import Changes

CELLS: Final = {"flow": FLOW_BITS, "during": MASK_BITS, "schools": COVERAGE_BITS}
NO_DAY: Final = 1 << 40
"""Later than every day."""

Parts = tuple[Pairs, Pairs, Pairs]
"""Rows of (key, number) of flow, during and coverage."""


def places_of(pairs: Pairs, bits: int) -> NDArray[np.int64]:
    """The places in the keys of cells."""
    return pairs[:, 0] >> (bits + DAY_BITS + 2)


def no_parts() -> Parts:
    """Nothing to add."""
    return pairs_of(()), pairs_of(()), pairs_of(())


def parts_of(changes: Sequence[Changes]) -> Parts:
    """Put together what several commits added."""
    if not changes:
        return no_parts()
    flow, during, coverage = (pairs_of(itertools.chain.from_iterable(part)) for part in zip(*changes, strict=True))
    return flow, during, coverage


def first_day(parts: Parts) -> int:
    """The first day on which anything in the cells lies, as an ordinal; ``NO_DAY`` when there is nothing."""
    days = ((part[:, 0] >> bits) & ((1 << DAY_BITS) - 1) for part, bits in zip(parts, CELLS.values(), strict=True))
    return min((int(day.min()) for day in days if len(day)), default=NO_DAY)


def add_parts(cube: Cube, parts: Parts) -> bool:
    """Add to flow, during and coverage; False, and nothing added, when the cube does not know a place."""
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
