"""Then beside now in one grid, municipality by week: as the page has it, each cell open to its causes, and as CSV."""

from __future__ import annotations

import csv
import io
from typing import Final

import numpy as np
from markupsafe import Markup, escape

from projections.tables import UNKNOWN
from services.web import wording
from services.web.query import SHOWN, Query
from services.web.texts import Language, translator
from services.web.then.gridding import Grid
from services.web.then.replays import NUMBERS
from services.web.within import name_of_area

__all__ = ["csv_of", "of_grid"]

_DIFFERENCE: Final = NUMBERS.index("difference")


def of_grid(grid: Grid, query: Query, language: Language) -> dict[str, object]:
    """Give what the template shows: rows by name, residence unknown last, all of them together on top."""
    t, at = translator(language), NUMBERS.index(query.show)
    names = [_name(code, language) for code in grid.places]
    heads = [(f"W{wording.week_number(week)}", wording.first_day(week, language)) for week in grid.weeks]
    order = sorted(range(len(names)), key=lambda each: (grid.places[each] == UNKNOWN, names[each].casefold()))
    some = np.any(grid.numbers != 0, axis=2)

    def cells(row: int) -> Markup:
        """Write the cells of a row, by hand: there are thousands."""
        written = []
        for column, week in enumerate(grid.weeks):
            text = _text(int(grid.numbers[row, column, at]), at, language)
            off = Markup(' data-is="off"') if text == "0" else Markup()
            if some[row, column]:
                told = f"{names[row]}, {heads[column][0]}: {text}"
                value = f"{grid.places[row]}.{week}"
                text = Markup('<button name="cell" value="{}" aria-label="{}">{}</button>').format(value, told, text)
            written.append(Markup("<td{}>{}</td>").format(off, text))
        return Markup().join(written)

    return {
        "heads": heads,
        "total": [_text(int(each), at, language) for each in grid.numbers[:, :, at].sum(axis=0)],
        "rows": [
            (grid.places[row], names[row], "" if grid.places[row] == UNKNOWN else grid.places[row], cells(row))
            for row in order
        ],
        "figures": SHOWN,
        "opened": _opened(grid, query, language),
        "stands": t(
            "then_stands",
            then=wording.moment(grid.then, language, seconds=False),
            now=wording.moment(grid.now, language, seconds=False),
        ),
    }


def csv_of(grid: Grid, language: Language) -> str:
    """Give a line for each municipality and week in which anything is known: then, now, the difference, its causes."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["code", "name", "week", *NUMBERS])
    for row, code in enumerate(grid.places):
        for column in np.flatnonzero(np.any(grid.numbers[row] != 0, axis=1)).tolist():
            writer.writerow([code, _name(code, language), grid.weeks[column], *grid.numbers[row, column].tolist()])
    return text.getvalue()


def _opened(grid: Grid, query: Query, language: Language) -> dict[str, object] | None:
    """Give the cell that was opened, where it is one of the grid."""
    code, _, week = query.cell.partition(".")
    if code not in grid.places or week not in grid.weeks:
        return None
    numbers = grid.numbers[grid.places.index(code), grid.weeks.index(week)].tolist()
    return {
        "code": code,
        "name": _name(code, language),
        "week": wording.week_number(week),
        "numbers": [
            (name, _text(number, at, language)) for at, (name, number) in enumerate(zip(NUMBERS, numbers, strict=True))
        ],
        "closer": "" if code == UNKNOWN else str(escape(f"/toen?{_address(query, code, week)}")),
    }


def _address(query: Query, code: str, week: str) -> str:
    return query.href(area=code, week=week, show=SHOWN[-1], cell="").partition("?")[2]


def _name(code: str, language: Language) -> str:
    return translator(language)("unknown") if code == UNKNOWN else name_of_area(code, language)


def _text(number: int, at: int, language: Language) -> str:
    return wording.signed(number, language) if at >= _DIFFERENCE else wording.number(number, language)
