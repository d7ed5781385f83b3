"""The layout of the tile map: everyone has a tile, nobody shares one, and neighbours lie beside each other."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from statistics import median

import numpy as np
import pytest

from projections.register import codes_on, laying_out, municipalities
from projections.register.areas import AreaKind, areas
from projections.register.divisions import divisions, into_division
from projections.register.laying_out import TILES, main, neighbours
from projections.register.tiles import tiles

DAY = date(2020, 4, 1).toordinal()


@pytest.mark.parametrize("day", divisions())
def test_of_one_day_each_municipality_has_a_tile_of_its_own(day: int) -> None:
    codes = {*codes_on(day), *into_division(day).split}
    assert len({tiles()[code] for code in codes}) == len(codes)


@pytest.mark.parametrize("kind", [AreaKind.REGION, AreaKind.PROVINCE])
def test_so_has_each_region_and_province(kind: AreaKind) -> None:
    codes = [area.code for area in areas(kind, DAY)]
    assert len({tiles()[code] for code in codes}) == len(codes)


def test_neighbours_lie_beside_each_other_and_north_is_up() -> None:
    register = {each.code: each for each in municipalities() if each.code in codes_on(DAY)}
    codes = sorted(register)
    points = np.array([(register[code].longitude * 0.61, -register[code].latitude) for code in codes])
    placed = [tiles()[code] for code in codes]
    apart = [
        max(abs(placed[one][0] - placed[other][0]), abs(placed[one][1] - placed[other][1]))
        for one, beside in enumerate(neighbours(points))
        for other in beside
    ]
    assert median(apart) == 1
    assert sum(each <= 2 for each in apart) / len(apart) > 0.95
    for axis in (0, 1):
        assert np.corrcoef(points[:, axis], [place[axis] for place in placed])[0, 1] > 0.98


def test_the_neighbours_of_points_on_a_line_are_those_beside_them() -> None:
    line = np.array([(float(at), 0.0) for at in range(5)])
    assert neighbours(line) == [[1], [0, 2], [1, 3], [2, 4], [3]]


def test_what_is_committed_is_what_the_script_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laying_out, "TILES", tmp_path / "tiles.csv")
    main()
    assert (tmp_path / "tiles.csv").read_bytes() == TILES.read_bytes()
