"""The page of now: the country, or one area."""

from __future__ import annotations

from starlette.requests import Request

from events import local_day
from services.web.board import Board
from services.web.closures import told
from services.web.environment import render
from services.web.frame import KEYS, Frame
from services.web.query import Query
from services.web.rendering import common
from services.web.sight import everything_exact
from services.web.texts import Language
from services.web.within import choices, codes_within, name_of_area

__all__ = ["draw_now"]


def draw_now(request: Request, board: Board, frame: Frame, query: Query, language: Language) -> str | None:
    """Draw `/`."""
    tables, within = board.current.tables if board.current else None, codes_within(query.area)
    exact = tables is not None and everything_exact(
        tables, [at for at, code in enumerate(tables.places) if within is None or code in within]
    )
    return render(
        "now.html",
        common(board, query, language, topic=f"now:{query.area}"),
        keys=KEYS,
        exact=exact,
        area_choices=choices(local_day(board.current.tables.as_of), language) if board.current else [],
        area_name=name_of_area(query.area, language),
        frame=frame,
        running=told(frame.running, language),
        coming=told(frame.coming, language),
        last=told(frame.last, language),
    )
