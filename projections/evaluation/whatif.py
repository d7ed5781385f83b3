"""What would be counted by another definition, beside what is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pyarrow as pa

from projections.evaluation.definition import Definition
from projections.tables import COUNT_MEASURES, KEY

if TYPE_CHECKING:
    from projections.evaluation.query import Replay

__all__ = ["COLUMNS", "what_if"]

COLUMNS: Final = ("definition", *KEY, "official", "variant", "difference")


def what_if(replay: Replay, as_of: int, definition: Definition, measure: str = "unreached") -> pa.Table:
    """Give a measure as of K = `as_of` (micros) by the official definition and by a variant, which every row names.

    Of every cell where either is not zero, sorted by municipality, sector and week.
    """
    cells: dict[tuple[str, ...], list[int]] = {}
    at = len(KEY) + COUNT_MEASURES.index(measure)
    for side, table in enumerate((replay.table("counts", as_of), replay.table("counts", as_of, definition=definition))):
        columns = [table.column(index).to_pylist() for index in (*range(len(KEY)), at)]
        for *key, number in zip(*columns, strict=True):
            cells.setdefault(tuple(key), [0, 0])[side] = number
    found = sorted((key, official, variant) for key, (official, variant) in cells.items() if official or variant)
    rows = [(definition.mark, *key, official, variant, variant - official) for key, official, variant in found]
    kinds = [pa.string()] * (1 + len(KEY)) + [pa.int64()] * 3
    taken = zip(*rows, strict=True) if rows else [()] * len(COLUMNS)
    return pa.table([pa.array(column, kind) for column, kind in zip(taken, kinds, strict=True)], list(COLUMNS))
