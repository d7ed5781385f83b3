"""The tile map: one tile of equal size for every area, near where it lies (`laying_out` computes them)."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

__all__ = ["tiles"]


@cache
def tiles() -> Mapping[str, tuple[int, int]]:
    """Give the column and row of the tile of every municipality, safety region and province, by code.

    Rows are counted from the north. No two areas that exist on the same day have the same tile; a municipality that was
    made by a merger has the tile of one of those that merged.
    """
    text = files("projections.register").joinpath("tiles.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return MappingProxyType({row["code"]: (int(row["column"]), int(row["row"])) for row in rows})
