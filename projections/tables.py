"""The two tables of the definition: their columns, their order and their CSV form.

Both programs that compute a table (the fold and the columnar query) and everything
that shows one take names and order from here.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import TextIO

SECTORS = ("po", "so", "vo", "mbo")
"""Primary, special, secondary and vocational education, in the order people name them."""

UNKNOWN = "unknown"
"""The residence of a pupil for whom no municipality was ever stated."""

KEY = ("municipality", "sector", "week")

FLOWS = ("newly_lost", "restored", "moved_in", "moved_out")
DEVICES = ("laptop", "tablet", "internet")
OUTCOMES = ("contact", "no-answer", "moved-away", "refused")

COUNT_MEASURES = (
    "unreached",
    "unreached_during",
    *FLOWS,
    "unreached_over_4_weeks",
    "households",
    *(f"devices_lent_{device}" for device in DEVICES),
    *(f"door_visits_{outcome.replace('-', '_')}" for outcome in OUTCOMES),
)
"""The columns of a row of the count, after its key."""

COVERAGE_MEASURES = ("schools_expected", "schools_reported", "schools_on_time", "claimed_unreached")
"""The columns of a row of the coverage, after its key."""

REGISTER_MEASURES = ("schools_stating_pupils", "pupils")
"""Of the schools that a row of the coverage expects: how many state their number of pupils, and how many those are."""

MEASURES = {"counts": COUNT_MEASURES, "coverage": COVERAGE_MEASURES}


def write_csv(table: str, rows: Iterable[Iterable[object]], to: TextIO, before: Iterable[str] = ()) -> None:
    """Write ``rows`` (key first, then measures) of ``table`` ("counts" or "coverage") as CSV with a header.

    ``before`` are columns that stand before the key.
    """
    writer = csv.writer(to, lineterminator="\n")
    writer.writerow((*before, *KEY, *MEASURES[table]))
    writer.writerows(rows)
