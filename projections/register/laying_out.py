"""Compute the layout of the tile map: `uv run python -m projections.register.laying_out` writes `tiles.csv` anew.

Every area gets a place on a grid of equal tiles, as near to its point as can be (an assignment of least squared
distance, by OR-Tools). Then tiles are exchanged as long as that brings neighbours nearer to each other (simulated
annealing with a fixed seed, so that the same register gives the same layout). Neighbours are the areas whose points
have no third one in the circle between them (a Gabriel graph). A code that began later takes the tile of the nearest of
those that it was made from.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from random import Random
from statistics import fmean
from typing import Final

import numpy as np
from numpy.typing import NDArray

from projections.register import Municipality, municipalities
from projections.register.areas import province_of

__all__ = ["lay_out", "main", "neighbours"]

TILES: Final = Path(__file__).with_name("tiles.csv")
_SEED: Final = 2020
_ROUNDS: Final = 400_000
_STRAY: Final = 0.35
"""What one squared tile away from an area's own point weighs, beside one squared tile between neighbours."""

Point = tuple[float, float]
"""East and north, in kilometres."""
Tile = tuple[int, int]
"""Column and row, the rows counted from the north."""


def lay_out(points: Mapping[str, Point], size: float, reach: float) -> dict[str, Tile]:
    """Place areas on tiles of `size` kilometres, each within `reach` kilometres of some area's point."""
    codes = sorted(points)
    at = np.array([points[code] for code in codes])
    at = np.column_stack((at[:, 0], at[:, 1].max() - at[:, 1]))
    at = (at - at.min(axis=0)) / size
    cells = _cells(at, reach / size)
    place = _assign(at, cells)
    place = _exchange(at, cells, place, neighbours(at))
    found = cells[place] - cells[place].min(axis=0)
    return {code: (int(column), int(row)) for code, (column, row) in zip(codes, found, strict=True)}


def neighbours(at: NDArray[np.float64]) -> list[list[int]]:
    """Give the neighbours of each point."""
    squared = ((at[:, None, :] - at[None, :, :]) ** 2).sum(axis=2)
    found: list[list[int]] = []
    for one in range(len(at)):
        # A third point in the circle over a pair is nearer to both than they are to each other (Pythagoras).
        between = (squared[one][None, :] + squared < squared[one][:, None] - 1e-9).any(axis=1)
        found.append([other for other in np.flatnonzero(~between).tolist() if other != one])
    return found


def _cells(at: NDArray[np.float64], reach: float) -> NDArray[np.int64]:
    columns, rows = (range(-2, math.ceil(most) + 3) for most in at.max(axis=0))
    every = np.array([(column, row) for row in rows for column in columns])
    near = np.sqrt(((every[:, None, :] - at[None, :, :]) ** 2).sum(axis=2)).min(axis=1) <= reach
    return np.asarray(every[near], dtype=np.int64)


def _assign(at: NDArray[np.float64], cells: NDArray[np.int64]) -> NDArray[np.int64]:
    from ortools.graph.python.linear_sum_assignment import SimpleLinearSumAssignment

    # Areas that there are not fill the cells that stay empty, at no cost.
    cost = np.zeros((len(cells), len(cells)), dtype=np.int64)
    cost[: len(at)] = 1000 * ((at[:, None, :] - cells[None, :, :]) ** 2).sum(axis=2)
    solver = SimpleLinearSumAssignment()
    left, right = np.indices(cost.shape)
    solver.add_arcs_with_cost(left.ravel(), right.ravel(), cost.ravel())
    if solver.solve() != solver.OPTIMAL:
        raise RuntimeError("there are fewer tiles than areas: take smaller ones, or let them reach further")
    return np.array([solver.right_mate(area) for area in range(len(at))])


def _exchange(
    at: NDArray[np.float64], cells: NDArray[np.int64], place: NDArray[np.int64], beside: list[list[int]]
) -> NDArray[np.int64]:
    random = Random(_SEED)  # noqa: S311 - the same at every run
    where: list[Tile] = [(int(column), int(row)) for column, row in cells[place]]
    holder: dict[Tile, int | None] = {(int(column), int(row)): None for column, row in cells}
    holder |= {tile: area for area, tile in enumerate(where)}
    own = at.tolist()

    def price(area: int | None) -> float:
        if area is None:
            return 0.0
        column, row = where[area]
        apart = sum((column - where[other][0]) ** 2 + (row - where[other][1]) ** 2 for other in beside[area])
        return float(apart + _STRAY * ((column - own[area][0]) ** 2 + (row - own[area][1]) ** 2))

    for step in range(_ROUNDS):
        one = random.randrange(len(where))
        old = where[one]
        new = old[0] + random.randint(-2, 2), old[1] + random.randint(-2, 2)
        if new == old or new not in holder:
            continue
        other = holder[new]
        before = price(one) + price(other)
        _swap(where, holder, one, other, old, new)
        heat = 4.0 * (1 - step / _ROUNDS) ** 2
        worse = price(one) + price(other) - before
        if worse > 0 and (heat < 1e-9 or random.random() >= math.exp(-worse / heat)):
            _swap(where, holder, one, other, new, old)
    index = {(int(column), int(row)): number for number, (column, row) in enumerate(cells)}
    return np.array([index[tile] for tile in where])


def _swap(where: list[Tile], holder: dict[Tile, int | None], one: int, other: int | None, old: Tile, new: Tile) -> None:
    where[one], holder[new], holder[old] = new, one, other
    if other is not None:
        where[other] = old


def _kilometres(latitude: float, longitude: float) -> Point:
    return longitude * 111.32 * math.cos(math.radians(52.2)), latitude * 111.32


def _middles(of: Iterable[tuple[str, Point]]) -> dict[str, Point]:
    held: dict[str, list[Point]] = defaultdict(list)
    for code, point in of:
        held[code].append(point)
    return {code: (fmean(x for x, _ in points), fmean(y for _, y in points)) for code, points in held.items()}


def _later(register: Iterable[Municipality], points: Mapping[str, Point], tiles: dict[str, Tile]) -> None:
    """Give codes that began later the tile of the nearest of those that they were made from."""
    known = sorted(register, key=lambda each: (each.valid_from, each.code))
    for each in known:
        if each.code not in tiles:
            of = [earlier.code for earlier in known if each.code in earlier.successors and earlier.code in tiles]
            tiles[each.code] = tiles[min(of, key=lambda code: math.dist(points[code], points[each.code]))]


def main() -> None:
    """Write the layout of municipalities, safety regions and provinces."""
    register = municipalities()
    points = {each.code: _kilometres(each.latitude, each.longitude) for each in register}
    first = min(each.valid_from for each in register)
    base = [each for each in register if each.valid_from == first]
    tiles = lay_out({each.code: points[each.code] for each in base}, 9.0, 11.0)
    _later(register, points, tiles)
    regions = _middles((each.safety_region, points[each.code]) for each in base)
    provinces = _middles((area.code, points[each.code]) for each in base if (area := province_of(each.code)))
    with TILES.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("code", "column", "row"))
        for found in (tiles, lay_out(regions, 36.0, 45.0), lay_out(provinces, 52.0, 65.0)):
            writer.writerows((code, *tile) for code, tile in sorted(found.items()))


if __name__ == "__main__":
    main()
