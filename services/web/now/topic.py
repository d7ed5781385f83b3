"""The page of now as an open page follows it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from urllib.parse import urlencode

from projections.tables import DEVICES, OUTCOMES
from services.web.charts import Chart, Held
from services.web.charts.figures import charts_of_area
from services.web.details import OfArea
from services.web.environment import render
from services.web.frame import ALL
from services.web.now.attention import attention
from services.web.now.closer import draw_split, question_of, slots_of_details
from services.web.now.figures import figures_of, places_of
from services.web.now.wording import slots_of
from services.web.painting import NOT_APPLICABLE, Slots
from services.web.sight import anything_exact
from services.web.source import TablesLike
from services.web.texts import Language, translator
from services.web.topics import Current, PageTopic
from services.web.wording import number

__all__ = ["NowTopic"]


class NowTopic(PageTopic):
    """The numbers of an area, and what needs attention in it."""

    def __init__(self, area: str = "", within: frozenset[str] | None = None) -> None:
        """`area` is its code in links, and `within` its municipalities; an empty one and None for the whole country."""
        super().__init__()
        self._area, self._within = area, within
        self._charts = Held(lambda current: charts_of_area(current, area, within))
        self._told: OfArea | None = None

    @property
    def charts(self) -> Mapping[str, Chart]:
        """The charts as the page shows them, by name."""
        return self._charts.charts

    def _told_any(self, current: Current) -> bool:
        rows = self._rows(current.tables)
        return anything_exact(current.tables, slice(None) if rows is None else rows)

    def _rows(self, tables: TablesLike) -> list[int] | None:
        if self._within is None:
            return None
        return [at for at, code in enumerate(tables.places) if code in self._within]

    def look(self, current: Current) -> object:
        """Look up what is not in the tables."""
        question = question_of(current.tables, current.frame, self._rows(current.tables))
        self._told = None if question is None else current.details(question)
        return self._told

    def write(self, current: Current, language: Language) -> Slots:
        """Write the numbers and the sentences about them."""
        figures = figures_of(current.tables, current.frame, self._rows(current.tables))
        slots = slots_of(current.frame, figures, language) | slots_of_details(self._told, figures, language)
        whole = figures[ALL]
        for part, names, counts in (("v", OUTCOMES, whole.visits), ("e", DEVICES, whole.devices)):
            for name, count in zip(names, counts or (None,) * len(names), strict=True):
                slots[f"{part}-{name}"] = (NOT_APPLICABLE if count is None else number(count, language), "")
        slots["trend"] = (_trend(whole.reported_before, whole.expected_before, language), "")
        return slots

    def draw(self, current: Current, language: Language) -> dict[str, str]:
        """Draw the list of what needs attention, and the charts."""
        places = places_of(current.tables, current.frame, self._rows(current.tables))
        groups = attention(places, current.fresh, partial(_table, self._area), language)
        return {
            "attention": render("attention.html", t=translator(language), groups=groups, told=self._told_any(current)),
            "split": draw_split(self._told, language),
            **self._charts.html(current, language),
        }


def _trend(reported: int, expected: int, language: Language) -> str:
    if expected == 0:
        return ""
    return translator(language)("coverage_before", share=100 * reported // expected)


def _table(area: str, sort: str) -> str:
    given = {"area": area} if area else {}
    return f"/gemeenten?{urlencode(given | {'sort': sort})}"
