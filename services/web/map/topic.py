"""A map as an open page follows it: the tiles, and the table of the same numbers."""

from __future__ import annotations

from fractions import Fraction
from typing import Final, NamedTuple

from events.times import week_monday
from projections.register.areas import AreaKind, area_of, areas
from projections.register.divisions import into_division
from projections.register.tiles import tiles
from projections.tables import UNKNOWN
from services.web.answers import coverage
from services.web.environment import render
from services.web.map.figures import Tile, figures_of
from services.web.map.rates import Rate, paint_rate, ratio
from services.web.map.view import MapView
from services.web.painting import LEVELS, Cell, Slots, paint
from services.web.query import Query
from services.web.rows import name_of, place_href
from services.web.texts import Language, translator
from services.web.topics import Current, PageTopic
from services.web.views import BLANK, EXPECTED, MOST, REPORTED, VALUE, Column

__all__ = ["Drawn", "MapTopic", "levels_of"]

_LARGER: Final = {"municipality": 1, "region": 10, "province": 25}
"""How many times the steps of the scale are those of municipalities, but for the first: from one pupil on."""


class Drawn(NamedTuple):
    """An area on the map: where its tile is (None: it has none), what it is called and where its link goes."""

    code: str
    name: str
    href: str
    tile: tuple[int, int] | None
    comparable: bool
    cell: Cell
    of: str
    """Beside a rate: of how many registered pupils how many are not reached."""


def levels_of(kind: str) -> tuple[int, ...]:
    """Give the steps of the scale of a kind of areas."""
    return tuple(level if level == 1 else level * _LARGER[kind] for level in LEVELS)


_NOTHING: Final = (BLANK, 0, 0, BLANK)
"""The numbers of an area without a closed school."""


class MapTopic(PageTopic):
    """The number of every area in a week. The tiles change at once, the table of them every second at most."""

    def __init__(self, view: MapView) -> None:
        super().__init__()
        self._view = view
        self._worked_out: tuple[Current, str | None, dict[str, Tile]] | None = None

    def _figures(self, current: Current) -> tuple[str | None, dict[str, Tile]]:
        """Give the week and its figures by code: worked out once for both languages, for the tiles and the table."""
        if self._worked_out is None or self._worked_out[0] is not current:
            week, found = figures_of(current.tables, current.frame, self._view)
            self._worked_out = current, week, {tile.code: tile for tile in found}
        return self._worked_out[1:]

    def areas(self, current: Current, language: Language) -> list[Drawn]:
        """Give every area of the map, those without a closed school too, and residence unknown."""
        week, told = self._figures(current)
        if week is None:
            return []
        codes = [*self._codes(week, told), UNKNOWN]
        return [self._area(code, told.get(code, Tile(code, _NOTHING, Rate())), week, language) for code in codes]

    def _area(self, code: str, tile: Tile, week: str, language: Language) -> Drawn:
        cell = paint(Column(week, "week"), tile.numbers, language, levels=levels_of(self._view.kind))
        if self._view.per:
            cell = paint_rate(cell, tile.rate, language)
        return Drawn(
            code,
            _name(code, language),
            _href(code, self._view.key),
            tiles().get(code),
            tile.comparable,
            cell,
            ratio(tile.rate, language) if self._view.per else "",
        )

    def _codes(self, week: str, told: dict[str, Tile]) -> list[str]:
        if self._view.kind != "municipality":
            return [area.code for area in areas(AreaKind(self._view.kind), week_monday(week))]
        return sorted({*into_division(self._view.shown_division(week)).codes, *told} - {UNKNOWN})

    def write(self, current: Current, language: Language) -> Slots:
        """Write the number on every tile, and how many schools answered."""
        slots = {f"t-{area.code}": (area.cell.text, area.cell.css) for area in self.areas(current, language)}
        numbers = [tile.numbers for tile in self._figures(current)[1].values()]
        reported, expected = (sum(each[part] for each in numbers) for part in (REPORTED, EXPECTED))
        return slots | {"c-map": coverage(reported, expected, language)}

    def draw(self, current: Current, language: Language) -> dict[str, str]:
        """Draw the table, the largest number first."""
        _, told = self._figures(current)

        def order(area: Drawn) -> tuple[Fraction, int, int, str]:
            tile = told.get(area.code, Tile(area.code, _NOTHING, Rate()))
            rate = tile.rate.value if self._view.per else None
            # Where a rate is asked for, those of which there is none come last, as those without a closed school do.
            first = Fraction(1) if rate is None else -rate
            return first, -tile.numbers[MOST], -tile.numbers[VALUE], area.name

        listed = sorted(self.areas(current, language), key=order)
        return {"map-table": _rows(listed, self._view, language)}


def _rows(listed: list[Drawn], view: MapView, language: Language) -> str:
    return render("map_rows.html", t=translator(language), areas=listed, kind=view.kind, per=view.per)


def _name(code: str, language: Language) -> str:
    found = area_of(code)
    return name_of(code, language) if found is None or code.startswith("GM") else found.name


def _href(code: str, key: str) -> str:
    if code.startswith("GM") or code == UNKNOWN:
        return place_href(code, Query(sector=key))
    return Query(path="/gemeenten", area=code, sector=key).href()
