"""Rows of nothing but zeros: of each municipality whose code is valid on some closed day of the week."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from events import local_day, week_monday
from projections.fold.calendar import Closure, closed_days
from projections.fold.reports import place_number
from projections.live.tables import Tables, by_sector_name
from projections.register import municipalities
from projections.tables import UNKNOWN

__all__ = ["registered"]


def registered(tables: Tables, closures: tuple[Closure, ...]) -> NDArray[np.bool_]:
    """Tell by place, sector and week of the tables whether a row exists even where all measures are zero."""
    codes = [code for code in tables.places if code != UNKNOWN]
    numbers = [place_number(code) for code in codes]
    valid = {each.code: (each.valid_from, each.valid_until or date.max) for each in municipalities()}
    never = (date.max, date.min)
    since, until = (np.array([valid.get(code, never)[end].toordinal() for code in codes]) for end in (0, 1))
    found = np.zeros(tables.open.shape, dtype=np.bool_)
    for index, week in enumerate(tables.weeks):
        monday = week_monday(week)
        days = np.arange(monday, monday + 7)
        there = (days >= since[:, None]) & (days <= until[:, None]) & (days <= local_day(tables.as_of - 1))
        closed = closed_days(closures, numbers, monday, 7) & there[:, None, :]
        found[: len(codes), :, index] = by_sector_name(np.asarray(closed.any(axis=2)))
    return found
