"""A map as an open page follows it: the tiles, and the table of the same numbers."""

from __future__ import annotations

from typing import Final, NamedTuple

from events.times import week_monday
from projections.register.areas import AreaKind, area_of, areas
from projections.register.divisions import into_division
from projections.register.tiles import tiles
from projections.tables import UNKNOWN
from services.web.environment import render
from services.web.frame import KEYS
from services.web.map.figures import Tile, figures_of
from services.web.map.view import MapView
from services.web.painting import LEVELS, Cell, Slots, paint
from services.web.query import Query
from services.web.rows import name_of
from services.web.texts import Language, translator
from services.web.topics import Current, PageTopic
from services.web.views import BLANK, MOST, VALUE, Column

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


def levels_of(kind: str) -> tuple[int, ...]:
    """Give the steps of the scale of a kind of areas."""
    return tuple(level if level == 1 else level * _LARGER[kind] for level in LEVELS)


class MapTopic(PageTopic):
    """The number of every area in a week. The tiles change at once, the table of them every second at most."""

    def __init__(self, view: MapView) -> None:
        super().__init__()
        self._view = view

    def areas(self, current: Current, language: Language) -> list[Drawn]:
        """Give every area of the map, those without a closed school too, and residence unknown."""
        week, found = figures_of(current.tables, current.frame, self._view)
        if week is None:
            return []
        told = {tile.code: tile for tile in found}
        codes = [*self._codes(week, told), UNKNOWN]
        column, levels = Column(week, "week"), levels_of(self._view.kind)
        return [
            Drawn(
                code,
                _name(code, language),
                _href(code, self._view.key),
                tiles().get(code),
                told[code].comparable if code in told else True,
                paint(column, told[code].numbers if code in told else _NOTHING, language, levels=levels),
            )
            for code in codes
        ]

    def _codes(self, week: str, told: dict[str, Tile]) -> list[str]:
        if self._view.kind != "municipality":
            return [area.code for area in areas(AreaKind(self._view.kind), week_monday(week))]
        return sorted({*into_division(self._view.shown_division(week)).codes, *told} - {UNKNOWN})

    def write(self, current: Current, language: Language) -> Slots:
        """Write the number on every tile."""
        return {f"t-{area.code}": (area.cell.text, area.cell.css) for area in self.areas(current, language)}

    def draw(self, current: Current, language: Language) -> dict[str, str]:
        """Draw the table, the largest number first."""
        _, found = figures_of(current.tables, current.frame, self._view)
        most = {tile.code: (tile.numbers[MOST], tile.numbers[VALUE]) for tile in found}
        listed = sorted(
            self.areas(current, language),
            key=lambda area: (*(-number for number in most.get(area.code, (BLANK, BLANK))), area.name),
        )
        return {"map-table": render("map_rows.html", t=translator(language), areas=listed, kind=self._view.kind)}


_NOTHING: Final = (BLANK, 0, 0, BLANK)
"""The numbers of an area without a closed school."""


def _name(code: str, language: Language) -> str:
    found = area_of(code)
    return name_of(code, language) if found is None or code.startswith("GM") else found.name


def _href(code: str, key: str) -> str:
    sector = "" if key == KEYS[0] else key
    if code.startswith("GM") or code == UNKNOWN:
        return Query(path=f"/gemeenten/{code}", sector=sector or KEYS[0]).href()
    return Query(path="/gemeenten", area=code, sector=sector or KEYS[0]).href()
