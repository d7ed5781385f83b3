"""The map of tiles."""

from __future__ import annotations

from datetime import date

from starlette.requests import Request

from services.web import wording
from services.web.board import Board
from services.web.environment import render
from services.web.frame import KEYS, Frame
from services.web.map import MapTopic, view_of
from services.web.map.rates import NOT_TOLD, rate_legend
from services.web.map.topic import levels_of
from services.web.map.view import divisions_for
from services.web.painting import legend
from services.web.query import KINDS, PER, Query
from services.web.rendering import common
from services.web.sight import everything_exact
from services.web.texts import Language, translator

__all__ = ["draw_map"]


def draw_map(request: Request, board: Board, frame: Frame, query: Query, language: Language) -> str | None:
    """Draw `/kaart`."""
    view = view_of(query.sector, query.by, query.week, query.division, query.per)
    topic, t = board.topic(view.name), translator(language)
    assert isinstance(topic, MapTopic)  # noqa: S101 - made so by its name
    assert board.current is not None  # noqa: S101 - a topic is given once the tables were read
    week = view.shown_week(frame)
    areas = topic.areas(board.current, language)
    drawn = [area for area in areas if area.tile is not None]
    return render(
        "map_page.html",
        common(board, query, language, topic=view.name),
        keys=KEYS,
        kinds=KINDS,
        weeks=[(each, _week(each, language)) for each in reversed(frame.weeks[view.key])],
        week=week,
        week_name=_week(week, language) if week else "",
        divisions=_divisions(week, language) if week and view.kind == KINDS[0] else [],
        areas=drawn,
        beside=[area for area in areas if area.tile is None],
        all_comparable=all(area.comparable for area in areas),
        summary=t(f"map_summary_{view.kind}", n=len(drawn)),
        legend=rate_legend(language) if view.per else legend(language, levels_of(view.kind)),
        per=PER,
        not_told=NOT_TOLD,
        others_hidden=not everything_exact(board.current.tables),
    )


def _week(week: str, language: Language) -> str:
    t = translator(language)
    return t("map_week", week=wording.week_number(week), day=wording.first_day(week, language), year=week[:4])


def _divisions(week: str, language: Language) -> list[tuple[str, str]]:
    """List the divisions in which the week can be seen: their first day, and what they are called."""
    t = translator(language)
    _, *later = divisions_for(week)
    days = [date.fromordinal(ordinal) for ordinal in later]
    return [
        ("", t("map_division_own")),
        *((day.isoformat(), t("map_division", day=wording.day(day, language))) for day in days),
    ]
