"""What a page is asked to show, by its address: `/gemeenten?sector=po&sort=2020-W14&dir=asc&q=gron&lang=en`.

Whatever does not exist is read as the default: an old link shows a page, not an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, Final
from urllib.parse import urlencode

from projections.register.areas import COUNTRY, area_of
from projections.register.divisions import divisions
from services.web.frame import KEYS
from services.web.texts import Language

__all__ = ["DEFAULT_SORT", "KINDS", "PER", "SHOWN", "Query", "division_days", "read_query"]

DEFAULT_SORT: Final = "now"
"""By the last week, most first: where most pupils are not reached stands at the top."""

KINDS: Final = ("municipality", "region", "province")
"""The kinds of areas that a map can show."""

PER: Final = "1000"
"""For how many registered pupils a map can tell how many are not reached."""

_SORTS: Final = re.compile(r"name|change|over|households|now|\d{4}-W\d{2}")
_WEEK: Final = re.compile(r"\d{4}-W\d{2}")
_THEN: Final = "/toen"
"""The address of the pages that look back at a moment begins so."""
_MOMENT: Final = re.compile(r"(?:19|20|21)\d{2}-\d{2}-\d{2}T\d{2}:\d{2}")
SHOWN: Final = ("then", "now", "difference")
"""Which of the two figures the grid of then and now shows, or by how much they differ: the last, if not asked for."""
_CELL: Final = re.compile(r"(?:GM\d{4}|unknown)\.\d{4}-W\d{2}")
_LONGEST_SEARCH: Final = 60
_LONGEST_NUMBER: Final = 6


@dataclass(frozen=True, slots=True)
class Query:
    """What to show: an area, a view, its order, a part of a name to look for; whether to reload without JavaScript."""

    path: str = "/"
    """The page itself: its address without a query."""
    area: str = ""
    """The code of an area (`VR01`); empty for the whole country."""
    sector: str = "all"
    sort: str = DEFAULT_SORT
    descending: bool = True
    search: str = ""
    least: int = 0
    """Only municipalities with so many pupils or more."""
    refresh: bool = True
    week: str = ""
    """The week of a map (`2020-W14`); empty for the last one."""
    by: str = KINDS[0]
    """The kind of areas on a map."""
    division: str = ""
    """The first day (`2021-01-01`) of the municipal division of a map; empty for that of its week."""
    per: str = ""
    """What a map tells: for every so many registered pupils (`1000`); empty for numbers."""

    at: str = ""
    """The moment that is looked back at, in Amsterdam's time (`2020-04-10T12:00`); empty for the usual one."""
    show: str = SHOWN[-1]
    """Which figure the grid of then and now shows."""
    cell: str = ""
    """Which of its cells is open: municipality and week (`GM0014.2020-W14`)."""

    @property
    def table(self) -> str:
        """The name of the topic of the table that is asked for."""
        return f"table:{self.sector}" + (f":{self.area}" if self.area else "")

    def parameters(self, **changes: Any) -> dict[str, str]:
        """Give the query of this page with `changes`, leaving out what is the default."""
        new = replace(self, **changes)
        given = {
            "area": new.area,
            "sector": "" if new.sector == KEYS[0] else new.sector,
            "sort": "" if new.sort == DEFAULT_SORT else new.sort,
            "dir": "" if new.descending == usually_descending(new.sort) else "desc" if new.descending else "asc",
            "q": new.search,
            "min": str(new.least or ""),
            "refresh": "" if new.refresh else "off",
            "week": new.week,
            "by": "" if new.by == KINDS[0] else new.by,
            "division": new.division,
            "per": new.per,
            "at": new.at,
            "show": "" if new.show == SHOWN[-1] else new.show,
            "cell": new.cell,
        }
        return {name: value for name, value in given.items() if value}

    def href(self, lang: Language | None = None, **changes: Any) -> str:
        """Give the address of this page with `changes`, in `lang` if given."""
        parameters = self.parameters(**changes) | ({"lang": lang} if lang else {})
        return f"{self.path}?{urlencode(parameters)}" if parameters else self.path

    def sorted_by(self, name: str) -> str:
        """Give the address that sorts by `name`; a second time, the other way round."""
        descending = not self.descending if name == self.sort else usually_descending(name)
        return self.href(sort=name, descending=descending)


@cache
def division_days() -> frozenset[str]:
    """Give the first day of every municipal division, as addresses have it."""
    return frozenset(date.fromordinal(day).isoformat() for day in divisions())


def usually_descending(sort: str) -> bool:
    """Tell whether a first click sorts from most to least: numbers do, names do not."""
    return sort != "name"


def read_query(given: Mapping[str, str], path: str = "/") -> Query:
    """Read the query of the page at `path`."""
    sort = given.get("sort", DEFAULT_SORT)
    sort = sort if _SORTS.fullmatch(sort) else DEFAULT_SORT
    sector = given.get("sector", KEYS[0])
    direction = given.get("dir")
    area = given.get("area", "")
    return Query(
        path=path,
        area=area if area_of(area) and area != COUNTRY.code else "",
        sector=sector if sector in KEYS else KEYS[0],
        sort=sort,
        descending=direction == "desc" if direction in ("asc", "desc") else usually_descending(sort),
        search=given.get("q", "").strip()[:_LONGEST_SEARCH],
        least=int(least) if (least := given.get("min", "")).isdecimal() and len(least) <= _LONGEST_NUMBER else 0,
        refresh=given.get("refresh") != "off",
        week=week if _WEEK.fullmatch(week := given.get("week", "")) else "",
        by=by if (by := given.get("by", KINDS[0])) in KINDS else KINDS[0],
        division=day if (day := given.get("division", "")) in division_days() else "",
        per=per if (per := given.get("per", "")) == PER else "",
        at=_moment(given) if path.startswith(_THEN) else "",
        show=show if (show := given.get("show", "")) in SHOWN else SHOWN[-1],
        cell=cell if _CELL.fullmatch(cell := given.get("cell", "")) else "",
    )


def _moment(given: Mapping[str, str]) -> str:
    """Read a moment: `at`, or a `date` (or the `day`-th one after the `first`) and a `time`; empty: there is none."""
    text = given.get("at") or f"{given.get('date') or given.get('first', '')}T{given.get('time') or '12:00'}"
    day = given.get("day", "")
    if _MOMENT.fullmatch(text) is None:
        return ""
    try:
        moment = datetime.fromisoformat(text)  # of a clock on a wall: no zone
    except ValueError:
        return ""
    if "first" in given and day.isdecimal() and len(day) <= _LONGEST_NUMBER - 2:
        moment += timedelta(days=int(day))
    return f"{moment:%Y-%m-%dT%H:%M}"
