"""Where the numbers of a page are found for programs: the address under `/v1` with the same area, sector and week."""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import urlencode

from services.web.api.asking import MOST_SIZE
from services.web.frame import ALL, Frame
from services.web.query import Query

__all__ = ["Behind", "behind"]

_MAP: Final = "/kaart"
_NOW: Final = "/"
_OF_ONE: Final = "/gemeenten/"


class Behind(NamedTuple):
    """A link: the key of what it gives (`counts`, `coverage`, `rates`), the form, and the address."""

    table: str
    form: str
    href: str


def behind(query: Query, frame: Frame | None, *, exact: bool = True) -> list[Behind]:
    """Give the addresses of what a page shows; of now and the map the week shown, of others all weeks shown.

    `exact`: whether the viewer sees figures of any municipality exactly.
    """
    if frame is None:
        return []
    weeks = frame.weeks[query.sector if query.sector in frame.weeks else ALL]
    given = {
        "municipality": query.path.removeprefix(_OF_ONE) if query.path.startswith(_OF_ONE) else "",
        "area": query.area if query.path != _MAP else "",
        "sector": "" if query.sector == ALL else query.sector,
    }
    if weeks and query.path in (_NOW, _MAP):
        given["week"] = query.week if query.path == _MAP and query.week in weeks else weeks[-1]
    elif weeks:
        given |= {"fromWeek": weeks[0], "untilWeek": weeks[-1]}
    asked = {name: value for name, value in given.items() if value} | {"pageSize": str(MOST_SIZE)}
    return [
        Behind(table, form, f"/v1/{table}?{urlencode(asked | {'format': form.lower()})}")
        for table in ("counts", "coverage", *(["rates"] if exact and query.per and query.path == _MAP else []))
        for form in ("CSV", "JSON")
    ]
